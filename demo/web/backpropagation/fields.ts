// What the address says of this page, and the setup that follows from it.
import { choice, type Field, flag, list, number, seed, whole } from "../shared/address.ts";
import {
  type Activation,
  drawnWeights,
  exercise,
  MOST_HIDDEN_LAYERS,
  MOST_UNITS,
  type Setup,
  weightCount,
} from "./network.ts";
import { MOST_UPDATES } from "./session.ts";
import { type Speed, speeds } from "./speeds.ts";

/** What may be open below the network. */
const chapters = ["exercise", "rate", "xor", "vanishing", "momentum", "overfitting", "quiz"] as const;
export type ChapterName = (typeof chapters)[number];

const functions: readonly Activation[] = ["linear", "sigmoid", "tanh", "relu"];
const values: Field<readonly number[]> = list<number>([], number(0, -100, 100), 100);

export const fields = {
  seed,
  layers: list<number>(exercise.sizes, whole(1, 1, MOST_UNITS), MOST_HIDDEN_LAYERS + 2),
  activation: choice<Activation>(exercise.activation, functions),
  output: choice<Activation>(exercise.last, functions),
  bias: flag(exercise.bias),
  inputs: { ...values, fallback: exercise.inputs },
  targets: { ...values, fallback: exercise.targets },
  rate: number(exercise.rate, 0.0001, 100),
  /** First weights; none: drawn from the seed. */
  weights: values,
  speed: choice<Speed>("phase", Object.keys(speeds) as Speed[]),
  steps: whole(0, 0, MOST_UPDATES),
  chapter: choice("exercise", chapters),
};

export type State = { readonly [Name in keyof typeof fields]: (typeof fields)[Name]["fallback"] };

/** What is shown; what does not fit together gives way to what does. */
export function setupOf(state: State): Setup {
  const { layers, activation, output, bias, rate } = state;
  const sizes = layers.length < 2 ? exercise.sizes : layers;
  const fitting = (given: readonly number[], size: number, fallback: number) =>
    Array.from({ length: size }, (_, i) => given[i] ?? fallback);
  const shape = { sizes, bias };
  const isExercise = state.weights.length === 0 && !bias && sizes.join() === exercise.sizes.join() && state.seed === 0;
  const drawn = isExercise ? exercise.weights : drawnWeights(shape, state.seed);
  return {
    ...shape,
    activation,
    last: output,
    inputs: fitting(state.inputs, sizes[0], 0.5),
    targets: fitting(state.targets, sizes[sizes.length - 1], 0.6),
    rate,
    weights: state.weights.length === weightCount(shape) ? state.weights : drawn,
  };
}
