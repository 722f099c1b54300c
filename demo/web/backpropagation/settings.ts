// The form in which a visitor makes a network of their own.
import { byId, fillSelect, onPress, say } from "../shared/dom.ts";
import { fields, type State, setupOf } from "./fields.ts";
import { activations, exercise, hiddenLayer, MOST_UNITS, type Setup, weightCount } from "./network.ts";
import { hasDecimalComma, numbersOf } from "./numbers.ts";

const presets: Readonly<Record<string, { readonly name: string; readonly setup: Setup }>> = {
  exercise: { name: "The worked exercise", setup: exercise },
  hidden: { name: "The exercise with a hidden layer", setup: hiddenLayer },
  two: {
    name: "Two hidden layers and biases",
    setup: setupOf({
      ...stateOf(exercise),
      layers: [2, 3, 2, 1],
      activation: "tanh",
      bias: true,
      weights: [],
      seed: 1,
    }),
  },
};

const most = 100;

const typedFields = ["inputs", "targets", "rate", "weights"] as const;
type TypedField = (typeof typedFields)[number];

/** What is wrong with a field, in words. */
interface Wrong {
  readonly field: TypedField;
  readonly text: string;
}

/** A setup as the address says it. */
function stateOf({ sizes, activation, last, bias, inputs, targets, rate, weights }: Setup): State {
  return { ...defaults(), layers: sizes, activation, output: last, bias, inputs, targets, rate, weights };
}

function defaults(): State {
  return Object.fromEntries(Object.entries(fields).map(([name, { fallback }]) => [name, fallback])) as State;
}

export class SettingsForm {
  readonly #form = byId("settings", HTMLFormElement);
  #state: State;

  /** @param onChange told of every setup that a visitor makes */
  constructor(state: State, onChange: (state: State) => void) {
    this.#state = state;
    const units = ["0", ...Array.from({ length: MOST_UNITS }, (_, i) => String(i + 1))];
    const options = units.map(
      (text) => [text, text === "0" ? "none" : text === "1" ? "1 unit" : `${text} units`] as const,
    );
    fillSelect(this.#field("hidden1"), options, "0");
    fillSelect(this.#field("hidden2"), options, "0");
    for (const name of ["activation", "output"]) fillSelect(this.#field(name), Object.entries(activations), "linear");
    const names = Object.entries(presets).map(([key, { name }]) => [key, name] as const);
    fillSelect(this.#field("preset"), [...names, ["own", "Your own"]], "own");
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    this.#form.addEventListener("change", ({ target }) => {
      const { name, value } = target as HTMLInputElement;
      if (name === "preset") this.#take(presets[value], onChange);
      else this.#read(name, onChange);
    });
    onPress(byId("draw-weights"), () => {
      this.show({ ...this.#state, seed: (this.#state.seed + 1) % 2 ** 32, weights: [] });
      onChange(this.#state);
    });
    this.show(state);
  }

  /** Shows a state, and the preset that it is. */
  show(state: State): void {
    this.#state = state;
    const setup = setupOf(state);
    const [first = 0, second = 0] = setup.sizes.slice(1, -1);
    const texts: Readonly<Record<string, string | number>> = {
      hidden1: first,
      hidden2: second,
      activation: setup.activation,
      output: setup.last,
      inputs: setup.inputs.join("; "),
      targets: setup.targets.join("; "),
      rate: setup.rate,
      weights: setup.weights.join("; "),
      preset: Object.entries(presets).find(([, preset]) => same(preset.setup, setup))?.[0] ?? "own",
    };
    for (const [name, text] of Object.entries(texts)) this.#field(name).value = String(text);
    this.#box("bias").checked = setup.bias;
    this.#complain(undefined);
    say(byId("settings-note"), "");
  }

  /** Says what is wrong, under the form and of the field; undefined: nothing is. */
  #complain(wrong: Wrong | undefined): void {
    const place = byId("settings-problem");
    say(place, wrong?.text ?? "");
    place.hidden = wrong === undefined;
    for (const name of typedFields) {
      const field = this.#field(name);
      field.ariaInvalid = String(name === wrong?.field);
      if (name === wrong?.field) field.setAttribute("aria-describedby", place.id);
      else field.removeAttribute("aria-describedby");
    }
  }

  #take(preset: { readonly setup: Setup } | undefined, onChange: (state: State) => void): void {
    if (preset === undefined) return;
    const { seed, speed, steps } = this.#state;
    this.show({ ...stateOf(preset.setup), seed, speed, steps });
    onChange(this.#state);
  }

  /** Takes what was typed, or says what is wrong with it. */
  #read(changed: string, onChange: (state: State) => void): void {
    const typed = this.#field(changed).value;
    const state = this.#typed(changed);
    if ("field" in state) {
      this.#complain(state);
      return;
    }
    const words = wordsOf(typed, changed, this.#state, state);
    this.show(state);
    say(byId("settings-note"), words);
    onChange(this.#state);
  }

  /** The state that the fields make, or what is wrong with one of them. */
  #typed(changed: string): State | Wrong {
    const text = (name: string) => this.#field(name).value;
    const inputs = numbersOf(text("inputs"));
    const targets = numbersOf(text("targets"));
    const given = numbersOf(text("weights"));
    const [rate, ...more] = numbersOf(text("rate")) ?? [];
    const several = `one to ${MOST_UNITS} numbers from −${most} to ${most}`;
    const wrong = (field: TypedField, what: string): Wrong => ({
      field,
      text: `${what} What was there before still holds.`,
    });
    if (!fits(inputs)) return wrong("inputs", `Inputs are ${several}, such as 1; 0.8.`);
    if (!fits(targets)) return wrong("targets", `Targets are ${several}, such as 0.6.`);
    if (!(rate >= 0.0001 && rate <= 100) || more.length > 0)
      return wrong("rate", "The learning rate is a number from 0.0001 to 100, such as 0.1.");
    const hidden = [Number(text("hidden1")), Number(text("hidden2"))].filter((units) => units > 0);
    const layers = [inputs.length, ...hidden, targets.length];
    const bias = this.#box("bias").checked;
    const count = weightCount({ sizes: layers, bias });
    if (changed === "weights" && (given?.length !== count || given.some((each) => Math.abs(each) > most)))
      return wrong("weights", `This network has ${count} weights, each a number from −${most} to ${most}.`);
    const { sizes, bias: had } = setupOf(this.#state);
    const keeps = changed === "weights" || (sizes.join() === layers.join() && had === bias);
    return {
      ...this.#state,
      layers,
      activation: text("activation") as State["activation"],
      output: text("output") as State["output"],
      bias,
      inputs,
      targets,
      rate,
      weights: keeps ? (given ?? []) : [],
    };
  }

  #field(name: string): HTMLSelectElement {
    return this.#form.elements.namedItem(name) as HTMLSelectElement;
  }

  #box(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }
}

function same(a: Setup, b: Setup): boolean {
  const text = ({ sizes, activation, last, bias, inputs, targets, rate, weights }: Setup) =>
    JSON.stringify([sizes, sizes.length > 2 && activation, last, bias, inputs, targets, rate, weights]);
  return text(a) === text(b);
}

/** What a visitor may not have meant: a comma that was read as a point, a network of another shape. */
function wordsOf(typed: string, changed: string, before: State, after: State): string {
  const words: string[] = [];
  const numbers = numbersOf(typed) ?? [];
  const isTyped = (typedFields as readonly string[]).includes(changed);
  if (isTyped && hasDecimalComma(typed))
    words.push(
      `The comma was read as a decimal point: ${numbers.join("; ")}. Several numbers stand with spaces or ; between them.`,
    );
  const [was, is] = [before, after].map((state) => setupOf(state).sizes);
  const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  if (was[0] !== is[0]) words.push(`The network has ${counted(is[0], "input")} now.`);
  if (was.at(-1) !== is.at(-1))
    words.push(`The network has ${counted(is.at(-1) ?? 1, "output")} now, one for each target.`);
  return words.join(" ");
}

function fits(numbers: readonly number[] | undefined): numbers is readonly number[] {
  return (
    numbers !== undefined &&
    numbers.length >= 1 &&
    numbers.length <= MOST_UNITS &&
    numbers.every((each) => Math.abs(each) <= most)
  );
}
