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

type SettingsFields = { readonly [Name in keyof TeachSettings]: Field<number> };

/** The form beside. */
export class TeachForm {
  readonly #fields: SettingsFields;
  readonly #boxes = {
    rate: byId("rate", HTMLInputElement),
    steps: byId("steps", HTMLInputElement),
    seed: byId("seed", HTMLInputElement),
  };

  constructor(fields: SettingsFields, settings: TeachSettings, onChange: () => void) {
    this.#fields = fields;
    this.#show(settings);
    byId("settings", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    byId("settings").addEventListener("change", () => {
      this.#show(this.read());
      onChange();
    });
  }

  /** What is nonsense is what it was by default. */
  read(): TeachSettings {
    const { rate, steps, seed } = this.#fields;
    return {
      rate: rate.parse(this.#boxes.rate.value) ?? rate.fallback,
      steps: steps.parse(this.#boxes.steps.value) ?? steps.fallback,
      seed: seed.parse(this.#boxes.seed.value) ?? seed.fallback,
    };
  }

  /** Writes what is used into the boxes. */
  #show({ rate, steps, seed }: TeachSettings): void {
    this.#boxes.rate.value = String(rate);
    this.#boxes.steps.value = String(steps);
    this.#boxes.seed.value = String(seed);
  }
}
