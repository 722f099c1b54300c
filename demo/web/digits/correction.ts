// "No, it is a 7": ten small buttons beside an answer, and in words what came of the last one, or why there is nothing to press.
import { byId, enable, make, onPress, say } from "../shared/dom.ts";
import { aDigit, CLASSES } from "./model.ts";

const HINT = "It learns your drawing within a second or two.";

export class Correction {
  readonly #buttons: readonly HTMLButtonElement[];
  #network: "none" | "busy" | "ready" = "none";
  #best: number | undefined;
  #isPast = false;
  #outcome = "";

  constructor(onCorrect: (digit: number) => void) {
    this.#buttons = Array.from({ length: CLASSES }, (_, digit) => {
      const button = make("button", { type: "button", ariaLabel: `No, it is ${aDigit(digit)}` }, String(digit));
      onPress(button, () => onCorrect(digit));
      return button;
    });
    byId("corrections").replaceChildren(...this.#buttons);
    this.#show();
  }

  /** The network says this digit of the drawing, or none; or it said so in the past. */
  answered(best: number | undefined, isPast: boolean): void {
    this.#best = best;
    this.#isPast = isPast;
    this.#show();
  }

  /** Whether there is a network that can learn, now or in a moment. */
  is(network: "none" | "busy" | "ready"): void {
    this.#network = network;
    this.#show();
  }

  /** What came of a correction; "" where there is none. */
  say(text: string): void {
    this.#outcome = text;
    this.#show();
  }

  #show(): void {
    const possible = this.#network === "ready" && this.#best !== undefined && !this.#isPast;
    this.#buttons.forEach((button, digit) => {
      enable(button, possible && digit !== this.#best);
    });
    say(byId("correction-note"), this.#outcome || this.#hint());
  }

  #hint(): string {
    if (this.#network === "none") return "There is no network yet that could learn it: draw a digit, and it begins.";
    if (this.#best === undefined) return "First draw a digit, or take one: then it says what it reads.";
    return this.#isPast ? "That is what it said earlier. It learns now: move the line to its end." : HINT;
  }
}
