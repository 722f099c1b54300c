// The form: what a visitor chooses of data, network and training.
import { byId, fillSelect, make, say } from "../shared/dom.ts";
import { activations, type FeatureName, features, optimizers, penalties } from "./network.ts";
import { kinds } from "./samples.ts";
import { batches, type Settings, strengths } from "./settings.ts";

const named = (table: Readonly<Record<string, { readonly name: string }>>) =>
  Object.entries(table).map(([key, { name }]) => [key, name] as const);
const plain = (values: readonly number[]) => values.map((value) => [String(value), String(value)] as const);

/** Rates that usually work. */
const usual: Readonly<Record<Settings["optimizer"], number>> = {
  adam: 0.001,
  sgd: 0.03,
  momentum: 0.01,
  rmsprop: 0.001,
};

export class Form {
  readonly #forms = [byId("data-form", HTMLFormElement), byId("training-form", HTMLFormElement)];
  #settings: Settings;

  /** @param onChange told of every change, with all settings */
  constructor(settings: Settings, onChange: (settings: Settings) => void) {
    this.#settings = settings;
    fillSelect(this.#select("data"), named(kinds), settings.data);
    fillSelect(this.#select("activation"), named(activations), settings.activation);
    fillSelect(this.#select("optimizer"), named(optimizers), settings.optimizer);
    fillSelect(this.#select("penalty"), named(penalties), settings.penalty);
    fillSelect(this.#select("strength"), plain(strengths), String(settings.strength));
    fillSelect(this.#select("batch"), plain(batches), String(settings.batch));
    byId("features").replaceChildren(...Object.entries(features).map(([value, { name }]) => tick(value, name)));
    this.show(settings);
    for (const form of this.#forms) {
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("input", ({ target }) => {
        const before = this.#settings;
        this.#settings = this.#read();
        const { optimizer } = this.#settings;
        if (optimizer !== before.optimizer) this.#settings = { ...this.#settings, rate: usual[optimizer] };
        // The last one stays: a network that sees nothing learns nothing.
        const seen = target instanceof HTMLInputElement && target.name === "feature";
        if (seen && this.#settings.features.length === 0)
          this.#settings = { ...this.#settings, features: before.features };
        this.show(this.#settings);
        onChange(this.#settings);
      });
    }
  }

  show(settings: Settings): void {
    this.#settings = settings;
    for (const name of ["data", "activation", "optimizer", "penalty", "strength", "batch"] as const)
      this.#select(name).value = String(settings[name]);
    for (const name of ["noise", "share", "seed"] as const) {
      const input = this.#input(name);
      if (document.activeElement !== input || Number(input.value) !== settings[name])
        input.value = String(settings[name]);
    }
    // A slider between two of its places stays where it was put.
    const rate = this.#input("rate");
    if (rateOf(rate.value) !== settings.rate) rate.value = String(Math.log10(settings.rate));
    rate.ariaValueText = String(settings.rate);
    say(byId("rate-value"), String(settings.rate));
    say(byId("noise-value"), `${settings.noise} %`);
    say(byId("share-value"), `${settings.share} %`);
    this.#input("noise").disabled = settings.data === "own";
    this.#select("strength").disabled = settings.penalty === "none";
    for (const box of byId("features").querySelectorAll("input"))
      box.checked = settings.features.includes(box.value as FeatureName);
  }

  #read(): Settings {
    const value = (name: string) => this.#select(name).value;
    const whole = (name: "noise" | "share" | "seed") => {
      const input = this.#input(name);
      const number = Math.round(input.valueAsNumber);
      const fits = number >= Number(input.min) && number <= Number(input.max);
      return fits ? number : this.#settings[name];
    };
    const seen = [...byId("features").querySelectorAll("input")].filter(({ checked }) => checked);
    // A rate that came with the address need not be one of the slider's.
    const moved = this.#input("rate").value;
    const rate =
      Math.abs(Number(moved) - Math.log10(this.#settings.rate)) < 0.026 ? this.#settings.rate : rateOf(moved);
    return {
      ...this.#settings,
      data: value("data") as Settings["data"],
      activation: value("activation") as Settings["activation"],
      optimizer: value("optimizer") as Settings["optimizer"],
      penalty: value("penalty") as Settings["penalty"],
      strength: Number(value("strength")),
      batch: Number(value("batch")),
      noise: whole("noise"),
      share: whole("share"),
      seed: whole("seed"),
      rate,
      features: seen.map((box) => box.value as FeatureName),
    };
  }

  #element(name: string): Element | RadioNodeList | null {
    return this.#forms.map((form) => form.elements.namedItem(name)).find((found) => found !== null) ?? null;
  }

  #select(name: string): HTMLSelectElement {
    return this.#element(name) as HTMLSelectElement;
  }

  #input(name: "rate" | "noise" | "share" | "seed"): HTMLInputElement {
    return this.#element(name) as HTMLInputElement;
  }
}

function rateOf(exponent: string): number {
  return Number((10 ** Number(exponent)).toPrecision(2));
}

function tick(value: string, name: string): HTMLElement {
  return make("label", { className: "tick" }, make("input", { type: "checkbox", name: "feature", value }), name);
}
