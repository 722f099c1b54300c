// The form of the settings: what it says, what it is set to, what was changed.
import type { Address } from "../shared/address.ts";
import { byId, fillSelect, make, say } from "../shared/dom.ts";
import { type Place, places } from "../shared/places.ts";
import type { Amount } from "./data.ts";
import {
  type Activation,
  type Architecture,
  activations,
  architectureOf,
  type OptimizerName,
  optimizers,
  parameterCount,
  showShape,
} from "./model.ts";
import { type fields, offers, type Settings } from "./settings.ts";

const widthOptions = offers.width.map((width) => [width, width === "0" ? "none" : `${width} units`] as const);
const plain = (values: readonly string[]) => values.map((value) => [value, value] as const);
const orNone = (values: readonly string[], text: (value: string) => string) =>
  values.map((value) => [value, value === "0" ? "none" : text(value)] as const);
const percent = (share: string) => `${Math.round(100 * Number(share))} %`;

export class SettingsForm {
  readonly #form = byId("settings", HTMLFormElement);
  readonly #rate = byId("rate", HTMLInputElement);
  readonly #rateValue = byId("rate-value", HTMLOutputElement);
  readonly #address: Address<typeof fields>;
  /** Whether the visitor chose the learning rate: then no optimizer brings its own. */
  #ownRate = false;

  /** @param onChange told after every change, and whether the learning rate alone changed */
  constructor(address: Address<typeof fields>, onChange: (rateAlone: boolean) => void) {
    this.#address = address;
    const said = address.read();
    fillSelect(
      this.#select("kind"),
      [
        ["convolutional", "filters (convolutional)"],
        ["dense", "fully connected (dense)"],
      ],
      said.layers,
    );
    fillSelect(this.#select("hidden1"), widthOptions, said.hidden1);
    fillSelect(this.#select("hidden2"), widthOptions, said.hidden2);
    fillSelect(this.#select("activation"), plain(Object.keys(activations)), said.activation);
    const names = Object.entries(optimizers).map(([key, { name }]) => [key, name] as const);
    fillSelect(this.#select("optimizer"), names, said.optimizer);
    fillSelect(this.#select("batch"), plain(offers.batch), said.batch);
    fillSelect(
      this.#select("rows"),
      [
        ["10000", "10,000 of them"],
        ["60000", "all 60,000 (fetches 12 MB)"],
      ],
      said.digits,
    );
    fillSelect(this.#select("weightDecay"), orNone(offers.weightDecay, String), said.decay);
    fillSelect(this.#select("dropout"), orNone(offers.dropout, percent), said.dropout);
    const pixels = (value: string) => `up to ${value} pixel${value === "1" ? "" : "s"}`;
    fillSelect(this.#select("shift"), orNone(offers.shift, pixels), said.shift);
    fillSelect(
      this.#select("build"),
      [
        ["fastest", "the fastest here"],
        ["portable", "the same bits on every machine"],
      ],
      said.build,
    );
    this.#input("epochs").value = String(said.epochs);
    this.#input("seed").value = String(said.seed);
    byId("places").replaceChildren(...places.map((each) => choice(each, said.place)));
    this.#ownRate = said.rate !== optimizers[said.optimizer].rate;
    this.#showRate(said.rate);
    this.#describe();
    const rate = this.#learningRate();
    if (rate !== said.rate)
      say(
        byId("rate-note"),
        `The link asks for a learning rate of ${said.rate}; rates have two digits here: ${showRate(rate)}.`,
      );
    if (location.hash.includes("=")) this.write(said.steps); // what is used in place of what is not offered

    this.#form.addEventListener("change", () => {
      const { seed, epochs } = this.read();
      this.#input("seed").value = String(seed);
      this.#input("epochs").value = String(epochs);
    });
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("input", ({ target }) => {
      say(byId("rate-note"), "");
      if (target === this.#rate) this.#ownRate = true;
      if (target === this.#select("optimizer")) this.#suitRate();
      this.#describe();
      this.write();
      onChange(target === this.#rate);
    });
  }

  /** All of it, of another network if one is given; numbers outside of their bounds become the nearest ones inside. */
  read(architecture = this.#architecture()): Settings {
    const value = (name: string) => this.#select(name).value;
    return {
      ...architectureOf(architecture),
      seed: this.#number("seed", 0, 2 ** 32 - 1),
      optimizer: this.#optimizer(),
      learningRate: this.#learningRate(),
      batch: Number(value("batch")),
      epochs: this.#number("epochs", 1, 1000),
      amount: value("rows") as Amount,
      shift: Number(value("shift")),
      weightDecay: Number(value("weightDecay")),
      place: new FormData(this.#form).get("place") as Place,
      build: value("build") as Settings["build"],
    };
  }

  /** Makes the address say it, and where the training ends. */
  write(steps = 0): void {
    const value = (name: string) => this.#select(name).value;
    const { seed, learningRate, epochs, optimizer, place, build, amount } = this.read();
    const among = <T extends string>(of: readonly T[], name: string) =>
      of.find((each) => each === value(name)) ?? of[0];
    this.#address.write({
      seed,
      steps,
      layers: among(offers.kind, "kind"),
      hidden1: among(offers.width, "hidden1"),
      hidden2: among(offers.width, "hidden2"),
      activation: value("activation") as Activation,
      dropout: among(offers.dropout, "dropout"),
      optimizer,
      rate: learningRate,
      batch: among(offers.batch, "batch"),
      epochs,
      digits: amount,
      shift: among(offers.shift, "shift"),
      decay: among(offers.weightDecay, "weightDecay"),
      place,
      build,
    });
  }

  #architecture(): Architecture {
    const value = (name: string) => this.#select(name).value;
    const dropout = Number(value("dropout"));
    if (value("kind") === "convolutional") return { kind: "convolutional", dropout };
    return {
      kind: "dense",
      hidden: [value("hidden1"), value("hidden2")].map(Number).filter((width) => width > 0),
      activation: value("activation") as Activation,
      dropout,
    };
  }

  /** Sets what a loaded model is made of. */
  showArchitecture(architecture: Architecture): void {
    const { kind, dropout } = architecture;
    this.#select("kind").value = kind;
    this.#set("dropout", String(dropout), percent(String(dropout)));
    if (architecture.kind === "dense") {
      const [first = 0, second = 0] = architecture.hidden;
      this.#set("hidden1", String(first), `${first} units`);
      this.#set("hidden2", String(second), `${second} units`);
      this.#set("activation", architecture.activation, architecture.activation);
    }
    this.#describe();
    this.write();
  }

  setRate(rate: number): void {
    this.#showRate(rate);
    this.#ownRate = true;
    this.#describe();
    this.write();
  }

  setSeed(seed: number): void {
    this.#input("seed").value = String(seed);
    this.write();
  }

  #set(name: string, value: string, text: string): void {
    const select = this.#select(name);
    if (![...select.options].some((option) => option.value === value)) select.append(new Option(text, value));
    select.value = value;
  }

  /** Another optimizer brings its usual learning rate, unless the visitor chose one. */
  #suitRate(): void {
    const { name, rate } = optimizers[this.#optimizer()];
    if (this.#ownRate) {
      const kept = `The learning rate stays as you set it; ${showRate(rate)} is usual for ${name}.`;
      say(byId("rate-note"), this.#learningRate() === rate ? "" : kept);
      return;
    }
    if (rate === this.#learningRate()) return;
    this.#showRate(rate);
    say(byId("rate-note"), `The learning rate is now ${showRate(rate)}, which is usual for ${name}.`);
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

  /** A whole number, moved into its bounds. */
  #number(name: string, least: number, most: number): number {
    const value = Math.round(Number(this.#input(name).value));
    return Math.min(most, Math.max(least, Number.isFinite(value) ? value : least));
  }
}

function choice({ place, name, note }: (typeof places)[number], chosen: Place): HTMLElement {
  const input = make("input", { type: "radio", name: "place", value: place, checked: place === chosen });
  return make("label", { className: "choice" }, input, make("span", {}, name, make("small", {}, note)));
}

export function showRate(rate: number): string {
  return rate >= 0.001 ? String(rate) : rate.toExponential().replace("e-", " × 10⁻").replace(/\d$/, superscript);
}

function superscript(digit: string): string {
  return "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)];
}
