// What a page of teaching has in its address, and the form in which the visitor changes it.
import { type Field, list, number, seed, whole } from "../shared/address.ts";
import { byId } from "../shared/dom.ts";
import { asName, LEAST, MOST } from "./classes.ts";
import type { TeachSettings } from "./lesson.ts";

const MOST_STEPS = 100_000;

/** A name of a class. */
const name: Field<string> = { fallback: "", parse: (text) => asName(text) || undefined, write: asName };

function names(fallback: readonly string[]): Field<readonly string[]> {
  const some = list(fallback, name, MOST);
  return {
    ...some,
    parse: (text) => {
      const found = some.parse(text);
      return found !== undefined && found.length >= LEAST ? found : undefined;
    },
  };
}

/** The fields of a page with these first names of classes and these settings. */
export function fields(first: readonly string[], { rate, steps }: Pick<TeachSettings, "rate" | "steps">) {
  return { seed, rate: number(rate, 1e-6, 1), steps: whole(steps, 0, MOST_STEPS), names: names(first) };
}

/** The form beside. */
export class TeachForm {
  readonly #rate = byId("rate", HTMLInputElement);
  readonly #steps = byId("steps", HTMLInputElement);
  readonly #seed = byId("seed", HTMLInputElement);

  constructor({ rate, steps, seed }: TeachSettings, onChange: () => void) {
    this.#rate.value = String(rate);
    this.#steps.value = String(steps);
    this.#seed.value = String(seed);
    byId("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    byId("settings").addEventListener("change", onChange);
  }

  /** What is nonsense is what it was by default. */
  read({ rate, steps, seed }: { readonly [Name in keyof TeachSettings]: Field<number> }): TeachSettings {
    return {
      rate: rate.parse(this.#rate.value) ?? rate.fallback,
      steps: steps.parse(this.#steps.value) ?? steps.fallback,
      seed: seed.parse(this.#seed.value) ?? seed.fallback,
    };
  }
}
