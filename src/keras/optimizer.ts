// What a file keeps of its optimizer: numbers for each parameter, in the layout that the parameters have here.
import { isRecord } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { variables } from "../nn/module.ts";
import { sameShape } from "../shape.ts";
import type { Hdf5 } from "./hdf5.ts";
import type { Link } from "./layer-file.ts";
import { asWeight } from "./layouts.ts";
import type { KerasOptimizer, KerasState } from "./model.ts";

/** What optimizers of Keras keep of each parameter, in their order. */
const SLOTS: Readonly<Record<string, readonly string[]>> = {
  SGD: ["momentum"],
  Adam: ["momentum", "velocity"],
  AdamW: ["momentum", "velocity"],
  Adamax: ["momentum", "norm"],
  RMSprop: ["velocity"],
  Adagrad: ["accumulator"],
  Adadelta: ["accumulated_grad", "accumulated_delta_var"],
  Lion: ["momentum"],
};

/** Names of TensorFlow.js for the same. */
const ENDINGS: Readonly<Record<string, string>> = {
  m: "momentum",
  v: "velocity",
  momentum: "momentum",
  accumulator: "accumulator",
  rms: "velocity",
  accum_grad: "accumulated_grad",
  accum_var: "accumulated_delta_var",
};

/** Arrays of which each belongs to a link, as the parameters here have them. */
function slotOf(pairs: readonly (readonly [Link, NumericArray])[], model: unknown): KerasState {
  const paths = new Map([...variables(model)].map(([path, variable]) => [variable, path]));
  const entries = pairs.flatMap(([link, array]) => {
    const values = link.layout.turn(asWeight(array));
    return link.variables.flatMap((variable, i) => {
      const path = paths.get(variable);
      return path === undefined || !variable.isParameter
        ? []
        : [[path, { data: values[i], shape: [...variable.shape] }] as const];
    });
  });
  return Object.fromEntries(entries);
}

/** Links of what is trained, in Keras' order. */
function trainedOf(links: readonly Link[]): Link[] {
  return links.filter(({ variables: own }) => own.some((variable) => variable.trainable));
}

/** What model.weights.h5 keeps; undefined where it keeps nothing that is known here. */
export function storedOptimizer(
  file: Hdf5,
  config: unknown,
  links: readonly Link[],
  model: unknown,
): KerasOptimizer | undefined {
  const count = file.names("optimizer/vars")?.length ?? 0;
  const given = isRecord(config) && isRecord(config.optimizer) ? config.optimizer : undefined;
  if (count === 0 || given === undefined || typeof given.class_name !== "string") return undefined;
  const [name, settings] = [given.class_name, isRecord(given.config) ? given.config : {}];
  const read = (i: number) => file.array(`optimizer/vars/${i}`);
  const trained = trainedOf(links);
  const names = Object.hasOwn(SLOTS, name) ? SLOTS[name] : [];
  // The step, then the rate where that is a number, then all that is kept of one parameter after the other.
  const first = count - names.length * trained.length;
  const [step, rate] = [0, 1].map((i) => (i < Math.min(first, 2) ? read(i) : undefined));
  const isWhole = first === 1 || first === 2;
  const slots = Object.fromEntries(
    (isWhole ? names : []).flatMap((slot, at) => {
      const pairs = trained.map((link, i) => [link, read(first + i * names.length + at)] as const);
      return pairs.every(([link, { shape }]) => sameShape(link.shape, shape)) ? [[slot, slotOf(pairs, model)]] : [];
    }),
  );
  return {
    name,
    config: settings,
    step: step?.data[0] ?? 0,
    learningRate: rate?.shape.length === 0 ? rate.data[0] : undefined,
    slots,
  };
}

/** What a file of TensorFlow.js keeps beside the weights: arrays with the names of weights and of what they are. */
export function namedOptimizer(
  arrays: ReadonlyMap<string, NumericArray>,
  config: unknown,
  links: readonly Link[],
  model: unknown,
): KerasOptimizer | undefined {
  const given = isRecord(config) && isRecord(config.optimizer_config) ? config.optimizer_config : undefined;
  if (arrays.size === 0 || given === undefined || typeof given.class_name !== "string") return undefined;
  const byName = new Map(links.map((link) => [link.name, link]));
  const slots = new Map<string, [Link, NumericArray][]>();
  for (const [name, array] of arrays) {
    const cut = name.lastIndexOf("/");
    const [link, ending] = [byName.get(name.slice(0, cut)), name.slice(cut + 1)];
    if (link === undefined || !sameShape(link.shape, array.shape)) continue;
    const slot = Object.hasOwn(ENDINGS, ending) ? ENDINGS[ending] : ending;
    slots.set(slot, [...(slots.get(slot) ?? []), [link, array]]);
  }
  const settings = isRecord(given.config) ? given.config : {};
  const rate = settings.learning_rate;
  return {
    name: given.class_name,
    config: settings,
    step: arrays.get("iter")?.data[0] ?? 0,
    learningRate: typeof rate === "number" ? rate : undefined,
    slots: Object.fromEntries([...slots].map(([slot, pairs]) => [slot, slotOf(pairs, model)])),
  };
}
