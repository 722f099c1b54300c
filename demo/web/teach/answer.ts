// What the network says of the picture or sound that is there, as bars: at most one question is under way.
import { byId, make, say } from "../shared/dom.ts";
import type { Sample } from "./lesson.ts";
import type { Teacher } from "./teacher.ts";

const CERTAIN = 0.8;
const SAY_EVERY = 3000; // ms from one answer that is read aloud to the next

export class Answer {
  readonly #list = byId("bars");
  readonly #line = byId("answer");
  readonly #quiet: string;
  readonly #unsure: string;
  #bars: { readonly item: HTMLElement; readonly bar: HTMLElement; readonly text: HTMLElement }[] = [];
  #names: readonly string[] = [];
  #asking = false;
  /** Times that it was cleared: what was asked before is no longer answered. */
  #cleared = 0;
  #said = 0;

  /** @param quiet what stands there before anything is known, `unsure` where no class is likely */
  constructor(quiet: string, unsure: string) {
    this.#quiet = quiet;
    this.#unsure = unsure;
    say(this.#line, quiet);
  }

  /** Bars without numbers, for these classes. */
  clear(names: readonly string[], text = this.#quiet): void {
    this.#cleared++;
    this.#said = 0;
    this.#lay(names);
    say(this.#line, text);
    say(byId("answer-spoken"), "");
    for (const { item, bar, text } of this.#bars) {
      bar.style.transform = "scaleX(0)";
      item.classList.remove("best");
      say(text, "–");
    }
  }

  /** Asks, unless another question is under way; gives the probabilities. */
  async ask(teacher: Teacher, sample: Sample): Promise<Float32Array | undefined> {
    if (this.#asking) return undefined;
    this.#asking = true;
    const cleared = this.#cleared;
    try {
      const probabilities = await teacher.answer(sample);
      if (cleared !== this.#cleared) return undefined;
      this.#show(teacher.names, probabilities);
      return probabilities;
    } catch {
      return undefined; // the worker died or the training is over: its run tells of it
    } finally {
      this.#asking = false;
    }
  }

  #lay(names: readonly string[]): void {
    if (names.length === this.#names.length && names.every((name, i) => name === this.#names[i])) return;
    this.#names = [...names];
    this.#bars = names.map((name) => {
      const bar = make("i");
      const text = make("span", { className: "percent" }, "–");
      const track = make("span", { className: "track", ariaHidden: "true" }, bar);
      return { item: make("li", {}, make("b", {}, name), text, track), bar, text };
    });
    this.#list.replaceChildren(...this.#bars.map(({ item }) => item));
  }

  #show(names: readonly string[], probabilities: Float32Array): void {
    this.#lay(names);
    const best = probabilities.indexOf(Math.max(...probabilities));
    const [name, share] = [names[best], probabilities[best]];
    const text = share >= CERTAIN ? name : share >= 0.5 ? `Perhaps ${name}` : this.#unsure;
    say(this.#line, text);
    const now = performance.now();
    if (now - this.#said > SAY_EVERY) {
      this.#said = now;
      say(byId("answer-spoken"), text);
    }
    this.#bars.forEach(({ item, bar, text }, i) => {
      item.classList.toggle("best", i === best);
      bar.style.transform = `scaleX(${probabilities[i].toFixed(3)})`;
      say(text, `${(100 * probabilities[i]).toFixed(0)} %`);
    });
  }
}
