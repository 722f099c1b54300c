// "No, it is a 7": ten small buttons beside an answer, and what came of the last one in words.
import { byId, enable, make, onPress, say } from "../shared/dom.ts";
import { CLASSES } from "./model.ts";

export class Correction {
  readonly #buttons: readonly HTMLButtonElement[];
  #possible = false;
  #best: number | undefined;

  constructor(onCorrect: (digit: number) => void) {
    this.#buttons = Array.from({ length: CLASSES }, (_, digit) => {
      const button = make("button", { type: "button", ariaLabel: `No, it is a ${digit}` }, String(digit));
      onPress(button, () => onCorrect(digit));
      return button;
    });
    byId("corrections").replaceChildren(...this.#buttons);
    this.#show();
  }

  /** The network says this digit of the drawing, or none. */
  answered(best: number | undefined): void {
    this.#best = best;
    this.#show();
  }

  /** Whether there is a network that can learn. */
  enable(possible: boolean): void {
    this.#possible = possible;
    this.#show();
  }

  say(text: string): void {
    say(byId("correction-note"), text);
  }

  #show(): void {
    this.#buttons.forEach((button, digit) => {
      enable(button, this.#possible && this.#best !== undefined && digit !== this.#best);
    });
  }
}
