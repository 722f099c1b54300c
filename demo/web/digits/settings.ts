// What a visitor chooses, and the form it is chosen in.
import { byId, fillSelect, make, say } from "../shared/dom.ts";
import { type Place, places } from "../shared/places.ts";
import type { Amount } from "./data.ts";
import {
  type Activation,
  type Architecture,
  activations,
  architectureOf,
  type Dense,
  type OptimizerName,
  optimizers,
  parameterCount,
  showShape,
} from "./model.ts";

export type Settings = Architecture & Training;

interface Training {
  readonly optimizer: OptimizerName;
  readonly learningRate: number;
  readonly batch: number;
  readonly epochs: number;
  readonly amount: Amount;
  readonly weightDecay: number;
  readonly place: Place;
}

const widths = ["0", "16", "32", "64", "128", "256", "512"];
const widthOptions = widths.map((width) => [width, width === "0" ? "none" : `${width} units`] as const);
const plain = (values: readonly string[]) => values.map((value) => [value, value] as const);
const percents = (values: readonly string[]) =>
  values.map((value) => [value, value === "0" ? "none" : `${Math.round(100 * Number(value))} %`] as const);

/** The form of the page: what it says, what it is set to, what was changed. */
export class SettingsForm {
  readonly #form = byId("settings", HTMLFormElement);
  readonly #rate = byId("rate", HTMLInputElement);
  readonly #rateValue = byId("rate-value", HTMLOutputElement);

  /** @param onChange told after every change, and whether the learning rate alone changed */
  constructor(onChange: (rateAlone: boolean) => void) {
    fillSelect(this.#select("kind"), plain(["dense", "convolutional"]), "dense");
    fillSelect(this.#select("hidden1"), widthOptions, "128");
    fillSelect(this.#select("hidden2"), widthOptions, "0");
    fillSelect(this.#select("activation"), plain(Object.keys(activations)), "relu");
    const names = Object.entries(optimizers).map(([key, { name }]) => [key, name] as const);
    fillSelect(this.#select("optimizer"), names, "adam");
    fillSelect(this.#select("batch"), plain(["32", "64", "128", "256", "512", "1000"]), "64");
    fillSelect(
      this.#select("rows"),
      [
        ["10000", "10,000 of them"],
        ["60000", "all 60,000 (fetches 12 MB)"],
      ],
      "10000",
    );
    const decays = ["0", "0.00001", "0.0001", "0.001", "0.01", "0.1"];
    fillSelect(
      this.#select("weightDecay"),
      decays.map((value) => [value, value === "0" ? "none" : value] as const),
      "0",
    );
    fillSelect(this.#select("dropout"), percents(["0", "0.1", "0.2", "0.3", "0.5"]), "0");
    this.#input("epochs").value = "50";
    byId("places").replaceChildren(...places.map(({ place, name, note }) => choice(place, name, note)));
    // On a phone the charts come first.
    byId("settings-box", HTMLDetailsElement).open = !matchMedia("(max-width: 52rem)").matches;
    this.#showRate(optimizers.adam.rate);
    this.#describe();

    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", ({ target }) => {
      if (target === this.#select("optimizer")) this.#showRate(optimizers[this.#optimizer()].rate);
      this.#describe();
      onChange(target === this.#rate);
    });
  }

  /** All of it; numbers outside of their bounds become the nearest ones inside. */
  read(): Settings {
    const value = (name: string) => this.#select(name).value;
    const epochs = Math.round(Number(this.#input("epochs").value));
    return {
      ...this.#architecture(),
      optimizer: this.#optimizer(),
      learningRate: this.#learningRate(),
      batch: Number(value("batch")),
      epochs: Math.min(1000, Math.max(1, Number.isFinite(epochs) ? epochs : 1)),
      amount: value("rows") as Amount,
      weightDecay: Number(value("weightDecay")),
      place: new FormData(this.#form).get("place") as Place,
    };
  }

  #architecture(): Architecture {
    const value = (name: string) => this.#select(name).value;
    if (value("kind") === "convolutional") return { kind: "convolutional" };
    return {
      kind: "dense",
      hidden: [value("hidden1"), value("hidden2")].map(Number).filter((width) => width > 0),
      activation: value("activation") as Activation,
      dropout: Number(value("dropout")),
    };
  }

  /** Sets what a loaded model is made of. */
  showArchitecture(architecture: Architecture): void {
    this.#select("kind").value = architecture.kind;
    if (architecture.kind === "dense") this.#showDense(architecture);
    this.#describe();
  }

  #showDense({ hidden, activation, dropout }: Dense): void {
    const [first = 0, second = 0] = hidden;
    this.#set("hidden1", String(first), `${first} units`);
    this.#set("hidden2", String(second), `${second} units`);
    this.#set("activation", activation, activation);
    this.#set("dropout", String(dropout), `${Math.round(100 * dropout)} %`);
  }

  #set(name: string, value: string, text: string): void {
    const select = this.#select(name);
    if (![...select.options].some((option) => option.value === value)) select.append(new Option(text, value));
    select.value = value;
  }

  #describe(): void {
    const architecture = this.#architecture();
    for (const part of this.#form.querySelectorAll<HTMLElement>(".dense-only"))
      part.hidden = architecture.kind !== "dense";
    const count = parameterCount(architecture).toLocaleString("en");
    say(byId("size"), `${showShape(architecture)}: ${count} parameters`);
    const rate = showRate(this.#learningRate());
    say(this.#rateValue, rate);
    this.#rate.ariaValueText = rate;
  }

  #learningRate(): number {
    return Number((10 ** Number(this.#rate.value)).toPrecision(2));
  }

  #showRate(rate: number): void {
    this.#rate.value = String(Math.log10(rate));
  }

  #optimizer(): OptimizerName {
    return this.#select("optimizer").value as OptimizerName;
  }

  #select(name: string): HTMLSelectElement {
    return this.#form.elements.namedItem(name) as HTMLSelectElement;
  }

  #input(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }
}

function choice(place: Place, name: string, note: string): HTMLElement {
  const input = make("input", { type: "radio", name: "place", value: place, checked: place === "threads" });
  return make("label", { className: "choice" }, input, make("span", {}, name, make("small", {}, note)));
}

function showRate(rate: number): string {
  return rate >= 0.001 ? String(rate) : rate.toExponential().replace("e-", " × 10⁻").replace(/\d$/, superscript);
}

function superscript(digit: string): string {
  return "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)];
}

/** Whether two settings describe the same network. */
export function sameNetwork(a: Architecture, b: Architecture): boolean {
  const text = (architecture: Architecture) => JSON.stringify(architectureOf(architecture));
  return text(a) === text(b);
}
