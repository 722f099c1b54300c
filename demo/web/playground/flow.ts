// Gradient flow: how long the gradient of each layer's weights is beside the weights, as bars of powers of ten.
import { byId, make, say } from "../shared/dom.ts";

const LEAST = -5;
const MOST = 1;

export class Flow {
  #rows: { readonly bar: HTMLElement; readonly text: HTMLElement }[] = [];

  show(flow: ArrayLike<number>): void {
    if (this.#rows.length !== flow.length) this.#build(flow.length);
    for (const [i, { bar, text }] of this.#rows.entries()) {
      const share = (Math.log10(Math.max(flow[i], 1e-30)) - LEAST) / (MOST - LEAST);
      bar.style.transform = `scaleX(${Math.min(1, Math.max(0, share)).toFixed(3)})`;
      say(text, flow[i] === 0 ? "0" : flow[i].toPrecision(2));
    }
  }

  #build(count: number): void {
    this.#rows = Array.from({ length: count }, () => ({ bar: make("i"), text: make("span", { className: "number" }) }));
    const items = this.#rows.map(({ bar, text }, i) => {
      const name = i === count - 1 ? "Output" : `Layer ${i + 1}`;
      return make("li", {}, name, make("span", { className: "track", ariaHidden: "true" }, bar), text);
    });
    byId("flow").replaceChildren(...items);
  }
}
