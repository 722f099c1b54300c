// What the network writes while it learns: the latest lines, and those before it.
import { byId, make, say } from "../shared/dom.ts";

export interface Sample {
  readonly step: number;
  readonly loss: number;
  readonly text: string;
}

const MOST = 30;

/** A text with its line ends shown, on one line. */
export function inOneLine(text: string): string {
  return text.trim().replaceAll(/\n+/g, " ¶ ");
}

export class Samples {
  readonly #list = byId("samples");
  #latest: Sample | undefined;

  constructor() {
    this.#list.tabIndex = 0; // it scrolls, by keys, too
  }

  add(sample: Sample): void {
    const before = this.#latest;
    if (before !== undefined)
      this.#list.prepend(make("li", {}, make("small", {}, note(before)), make("p", {}, inOneLine(before.text))));
    if (this.#list.childElementCount > MOST) this.#list.lastElementChild?.remove();
    this.#latest = sample;
    say(byId("now"), inOneLine(sample.text));
    say(byId("now-note"), `Written after ${note(sample)}.`);
  }

  clear(): void {
    this.#latest = undefined;
    this.#list.replaceChildren();
    say(byId("now"), "");
    say(byId("now-note"), "Nothing yet. First it will write noise, then words, then almost sentences.");
  }
}

function note({ step, loss }: Sample): string {
  return `${step.toLocaleString("en")} step${step === 1 ? "" : "s"}, at loss ${loss.toFixed(2)}`;
}
