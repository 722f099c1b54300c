// What the network says about the pad, live: at once when the pad changes, and again and again while it trains.
import { byId, make, say } from "../shared/dom.ts";
import { aDigit, CLASSES } from "./model.ts";
import type { Pad } from "./pad.ts";
import { argmaxRows } from "./probabilities.ts";
import { nameOf, type Replay } from "./replay.ts";
import type { Said, Session } from "./session.ts";
import { Maps } from "./tiles.ts";

const CERTAIN = 0.8;
const NOTHING = "Draw a digit.";

export class Answer {
  readonly #bars: { readonly bar: HTMLElement; readonly text: HTMLElement }[] = [];
  readonly #maps = new Maps();
  readonly #replay: Replay;
  readonly #onAnswer: (best: number | undefined, isPast: boolean) => void;
  #asking = false;
  #again = false;

  /** @param onAnswer told of the digit that it says, undefined where it says none, and whether it says it now or said it in the past */
  constructor(replay: Replay, onAnswer: (best: number | undefined, isPast: boolean) => void) {
    this.#replay = replay;
    this.#onAnswer = onAnswer;
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
      this.#show(undefined, image === undefined ? NOTHING : "The network answers once it trains.");
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
        await this.#askOnce(session, pad, image);
      } while (this.#again && pad.image !== undefined);
    } catch {
      // A worker died or the session is over: asked again with the next report.
    } finally {
      this.#asking = false;
    }
    if (pad.image === undefined) this.#show(undefined, NOTHING);
  }

  async #askOnce(session: Session, pad: Pad, drawn: Uint8Array): Promise<void> {
    const image = pad.image ?? drawn;
    const moment = this.#replay.moment;
    if (moment === undefined) {
      const said = await session.said(image);
      if (pad.image !== undefined) this.#show(said, verdict(said.probabilities));
    } else {
      const probabilities = await session.wouldHaveSaid(image, moment.weights);
      if (pad.image !== undefined)
        this.#show({ probabilities, maps: undefined }, verdict(probabilities), nameOf(moment));
    }
  }

  /** @param past the moment that it is of; undefined: now */
  #show(said: Said | undefined, text: string, past?: string): void {
    const probabilities = said?.probabilities;
    if (past === undefined) this.#maps.show(said?.maps);
    const line = past === undefined ? text : `${past}: ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
    say(byId("answer"), line.charAt(0).toUpperCase() + line.slice(1));
    const best = probabilities === undefined ? undefined : argmaxRows(probabilities, CLASSES)[0];
    this.#bars.forEach(({ bar, text: percent }, digit) => {
      const share = probabilities?.[digit] ?? 0;
      bar.style.transform = `scaleX(${share.toFixed(3)})`;
      bar.classList.toggle("best", digit === best);
      say(percent, probabilities === undefined ? "–" : `${(100 * share).toFixed(0)} %`);
    });
    this.#onAnswer(best, past !== undefined);
  }
}

function verdict(probabilities: Float32Array): string {
  const [best] = argmaxRows(probabilities, CLASSES);
  return probabilities[best] >= CERTAIN ? `This is ${aDigit(best)}.` : `Perhaps ${aDigit(best)}.`;
}
