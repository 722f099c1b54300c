// What the network says about the pad, live: at once when the pad changes, and again and again while it trains.
import { byId, make, say } from "../shared/dom.ts";
import { CLASSES } from "./model.ts";
import type { Pad } from "./pad.ts";
import { argmaxRows } from "./probabilities.ts";
import type { Said, Session } from "./session.ts";
import { Maps } from "./tiles.ts";

const CERTAIN = 0.8;

export class Answer {
  readonly #bars: { readonly bar: HTMLElement; readonly text: HTMLElement }[] = [];
  readonly #maps = new Maps();
  #asking = false;
  #again = false;

  constructor() {
    const list = byId("bars");
    for (let digit = 0; digit < CLASSES; digit++) {
      const bar = make("i");
      const text = make("span", { className: "percent" }, "–");
      this.#bars.push({ bar, text });
      list.append(
        make(
          "li",
          {},
          make("b", {}, String(digit)),
          make("span", { className: "track", ariaHidden: "true" }, bar),
          text,
        ),
      );
    }
  }

  /** Asks a session about the pad; while it is being asked, once more afterwards. Errors are those of whoever trains. */
  async ask(session: Session | undefined, pad: Pad): Promise<void> {
    const { image } = pad;
    if (image === undefined || session === undefined) {
      this.#show(undefined, image === undefined ? "Nothing drawn yet" : "Start training, and the network will answer.");
      return;
    }
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      do {
        this.#again = false;
        const said = await session.said(pad.image ?? image);
        if (pad.image !== undefined) this.#show(said, verdict(said.probabilities));
      } while (this.#again && pad.image !== undefined);
    } catch {
      // A worker died or the session is over: asked again with the next report.
    } finally {
      this.#asking = false;
    }
    if (pad.image === undefined) this.#show(undefined, "Nothing drawn yet");
  }

  #show(said: Said | undefined, text: string): void {
    const probabilities = said?.probabilities;
    this.#maps.show(said?.maps);
    say(byId("answer"), text);
    const best = probabilities === undefined ? -1 : argmaxRows(probabilities, CLASSES)[0];
    this.#bars.forEach(({ bar, text: percent }, digit) => {
      const share = probabilities?.[digit] ?? 0;
      bar.style.transform = `scaleX(${share.toFixed(3)})`;
      bar.classList.toggle("best", digit === best);
      say(percent, probabilities === undefined ? "–" : `${(100 * share).toFixed(0)} %`);
    });
  }
}

function verdict(probabilities: Float32Array): string {
  const [best] = argmaxRows(probabilities, CLASSES);
  return probabilities[best] >= CERTAIN ? `This is a ${best}.` : `Perhaps a ${best}.`;
}
