// Gradient flow: how long the gradient of each layer's weights is beside the weights, as bars of powers of ten, and in words where it vanishes.
import { byId, make, say } from "../shared/dom.ts";
import { tenTo } from "../shared/powers.ts";

/** The ends of the bars, as powers of ten. */
const LEAST = -8;
const MOST = 1;
/** The bar of what is below the scale, to be seen at least. */
const STUB = 0.01;
/** Where it is below, a layer learns next to nothing. */
const HARDLY = 1e-5;
/** From the last layer to the first: many times less, or more. */
const MANY = 1000;

export class Flow {
  readonly #list = byId("flow");
  readonly #note = byId("flow-note");
  #rows: { readonly bar: HTMLElement; readonly text: HTMLElement }[] = [];

  show(flow: ArrayLike<number>): void {
    if (this.#rows.length !== flow.length) this.#build(flow.length);
    for (const [i, { bar, text }] of this.#rows.entries()) {
      const share = (Math.log10(flow[i]) - LEAST) / (MOST - LEAST);
      bar.style.transform = `scaleX(${Math.min(1, Math.max(STUB, share)).toFixed(3)})`;
      bar.classList.toggle("hardly", flow[i] < HARDLY);
      say(text, numberOf(flow[i]));
    }
    say(this.#note, verdictOf(Array.from(flow)));
  }

  /** Where there is nothing to train. */
  clear(): void {
    this.#rows = [];
    this.#list.replaceChildren();
    say(this.#note, "");
  }

  #build(count: number): void {
    this.#rows = Array.from({ length: count }, () => ({ bar: make("i"), text: make("span", { className: "number" }) }));
    const items = this.#rows.map(({ bar, text }, i) => {
      const name = i === count - 1 ? "Output" : `Layer ${i + 1}`;
      return make("li", {}, name, make("span", { className: "track", ariaHidden: "true" }, bar), text);
    });
    const ends = [LEAST, -5, -2, MOST].map((exponent) => make("span", {}, exponent === 1 ? "10" : tenTo(exponent)));
    this.#list.replaceChildren(...items, make("li", { className: "scale", ariaHidden: "true" }, ...ends));
  }
}

function numberOf(value: number): string {
  if (value === 0 || value >= 0.001) return value === 0 ? "0" : value.toPrecision(2);
  const [digits, exponent] = value.toExponential(1).split("e");
  return `${digits} × ${tenTo(Number(exponent))}`;
}

/** What is to be seen in the numbers of all layers, the first one first. */
export function verdictOf(flow: readonly number[]): string {
  const [first, last] = [flow[0], flow[flow.length - 1]];
  const times = (ratio: number) => Number(ratio.toPrecision(2)).toLocaleString("en");
  if (first === 0 && last > 0) return "It vanishes on its way back: nothing of it comes to layer 1.";
  if (MANY * first < last)
    return `It vanishes on its way back: layer 1 is pulled ${times(last / first)} times less than the output.`;
  if (MANY * last < first && last > 0)
    return `It grows on its way back: layer 1 is pulled ${times(first / last)} times more than the output.`;
  if (flow.every((each) => each < HARDLY))
    return "All layers are hardly pulled: there is little left to learn, or nothing comes through.";
  return "";
}
