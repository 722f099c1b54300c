// Optimizers as torch.optim saved them: with their options, and with what they keep of each parameter.
import { aListOf, aText, aWholeNumber, type Check, checkNeeds, checkOptions, oneOf } from "../check.ts";
import { ArgumentError, DataError, ShapeError } from "../errors.ts";
import { variables } from "../nn/module.ts";
import { parameterGroups } from "../optim/groups.ts";
import * as optimizers from "../optim/optimizers.ts";
import { aSchedule, type Schedule } from "../optim/schedules.ts";
import type { Optimizer } from "../optim/transform.ts";
import { sameShape, showShape } from "../shape.ts";
import { Variable } from "../variable.ts";
import { listed, partOf, type TorchPart, valueIn } from "./state-dict.ts";
import { isMap, isTensor, kindOf, shortened, type TorchList, type TorchMap, type TorchValue } from "./values.ts";

/** Optimizers that can go on here. */
export type TorchOptimizerName = Exclude<keyof typeof optimizers, "lamb" | "lars" | "lion" | "muon"> &
  keyof typeof kinds;

/** How a saved optimizer is taken over. */
export interface FromTorchOptimizerOptions extends TorchPart {
  /** In the place of the saved one: a schedule, which is asked at `step`. For optimizers of one group. */
  readonly learningRate?: Schedule;
  /** Steps that were made. Default: what is saved; of `sgd`, which counts none, 1 if it has momenta, else 0. */
  readonly step?: number;
  /** What is trained. Wanted beside `names`. */
  readonly model?: unknown;
  /** Names of the parameters in `model`, in the order in which torch's optimizer got them. Default: the model's own order. */
  readonly names?: readonly string[];
}

/** A number of a group, or one of its numbers. */
type Numbers = (option: string, at?: number) => number | undefined;

interface Kind {
  readonly make: (rate: Schedule, number: Numbers, flag: (option: string) => boolean | undefined) => Optimizer;
  /** Options that all of its groups have: others have them of another optimizer. */
  readonly options: readonly string[];
  /** What is kept by the names of variables here: by its name there. */
  readonly kept: Readonly<Record<string, string>>;
  /** Whether it counts steps, and then keeps something of each parameter. */
  readonly counts: boolean;
}

const moments = (number: Numbers) => ({ beta1: number("betas", 0), beta2: number("betas", 1), eps: number("eps") });

const decay = (number: Numbers) => ({ weightDecay: number("weight_decay") });

const kinds = {
  sgd: {
    make: (rate, number, flag) => {
      const momentum = number("momentum");
      const nesterov = flag("nesterov");
      const own = momentum ? { momentum, dampening: number("dampening"), nesterov } : {};
      return optimizers.sgd(rate, { ...own, ...decay(number), maximize: flag("maximize") });
    },
    options: ["momentum", "dampening", "nesterov"],
    kept: { momentum: "momentum_buffer" },
    counts: false,
  },
  adam: {
    make: (rate, number, flag) => {
      const make = flag("decoupled_weight_decay") ? optimizers.adamW : optimizers.adam;
      const [amsgrad, maximize] = [flag("amsgrad"), flag("maximize")];
      return make(rate, { ...moments(number), ...decay(number), amsgrad, maximize });
    },
    options: ["betas", "amsgrad"],
    kept: { "adam.m": "exp_avg", "adam.v": "exp_avg_sq", "adam.largest": "max_exp_avg_sq" },
    counts: true,
  },
  adamW: {
    make: (rate, number, flag) => {
      const [amsgrad, maximize] = [flag("amsgrad"), flag("maximize")];
      return optimizers.adamW(rate, { ...moments(number), ...decay(number), amsgrad, maximize });
    },
    options: ["betas", "amsgrad"],
    kept: { "adam.m": "exp_avg", "adam.v": "exp_avg_sq", "adam.largest": "max_exp_avg_sq" },
    counts: true,
  },
  rmsprop: {
    make: (rate, number, flag) =>
      optimizers.rmsprop(rate, {
        alpha: number("alpha"),
        eps: number("eps"),
        momentum: number("momentum"),
        ...decay(number),
        centered: flag("centered"),
        maximize: flag("maximize"),
      }),
    options: ["alpha", "centered"],
    kept: { "rmsprop.squares": "square_avg", "rmsprop.means": "grad_avg", momentum: "momentum_buffer" },
    counts: true,
  },
  adagrad: {
    make: (rate, number, flag) =>
      optimizers.adagrad(rate, {
        lrDecay: number("lr_decay"),
        eps: number("eps"),
        ...decay(number),
        initialAccumulatorValue: number("initial_accumulator_value"),
        maximize: flag("maximize"),
      }),
    options: ["lr_decay"],
    kept: { "adagrad.sum": "sum" },
    counts: true,
  },
  adadelta: {
    make: (rate, number, flag) =>
      optimizers.adadelta(rate, {
        rho: number("rho"),
        eps: number("eps"),
        ...decay(number),
        maximize: flag("maximize"),
      }),
    options: ["rho"],
    kept: { "adadelta.squares": "square_avg", "adadelta.deltas": "acc_delta" },
    counts: true,
  },
  adamax: {
    make: (rate, number, flag) =>
      optimizers.adamax(rate, { ...moments(number), ...decay(number), maximize: flag("maximize") }),
    options: ["betas"],
    kept: { "adamax.m": "exp_avg", "adamax.u": "exp_inf" },
    counts: true,
  },
  nadam: {
    make: (rate, number, flag) =>
      optimizers.nadam(rate, {
        ...moments(number),
        ...decay(number),
        decoupledWeightDecay: flag("decoupled_weight_decay"),
        momentumDecay: number("momentum_decay"),
        maximize: flag("maximize"),
      }),
    options: ["betas", "momentum_decay"],
    kept: { "nadam.m": "exp_avg", "nadam.v": "exp_avg_sq", "nadam.product": "mu_product" },
    counts: true,
  },
  radam: {
    make: (rate, number, flag) =>
      optimizers.radam(rate, {
        ...moments(number),
        ...decay(number),
        decoupledWeightDecay: flag("decoupled_weight_decay"),
        maximize: flag("maximize"),
      }),
    options: ["betas"],
    kept: { "radam.m": "exp_avg", "radam.v": "exp_avg_sq" },
    counts: true,
  },
  asgd: {
    make: (rate, number, flag) =>
      optimizers.asgd(rate, {
        lambd: number("lambd"),
        alpha: number("alpha"),
        t0: number("t0"),
        ...decay(number),
        maximize: flag("maximize"),
      }),
    options: ["lambd", "t0"],
    kept: { "asgd.mean": "ax", "asgd.count": "step" },
    counts: true,
  },
  rprop: {
    make: (rate, number, flag) =>
      optimizers.rprop(Number(rate), {
        etaMinus: number("etas", 0),
        etaPlus: number("etas", 1),
        stepSizeMin: number("step_sizes", 0),
        stepSizeMax: number("step_sizes", 1),
        maximize: flag("maximize"),
      }),
    options: ["etas", "step_sizes"],
    kept: { "rprop.direction": "prev", "rprop.stepSize": "step_size" },
    counts: true,
  },
} satisfies Readonly<Record<string, Kind>>;

/** Options that change no step here: how torch computes, what its schedulers keep, and names. */
const IDLE = `params param_names name foreach fused capturable differentiable decoupled_weight_decay weight_decay eps
  initial_lr swa_lr max_lr min_lr base_momentum max_momentum`.split(/\s+/);

const aName: Check = oneOf(...Object.keys(kinds));

/** Groups and parameters of an optimizer: a file may name one list again and again. */
const MOST = 2 ** 20;

/** What optimizers are usually called in a checkpoint. */
const USUAL = ["optimizer_state_dict", "optimizer", "optim", "optimizer_states"];

/**
 * An optimizer of torch.optim as it was saved, by the name that it has here: its options, and what it keeps of each parameter, so that a
 * training goes on where it was. `given` is a file, or what `readTorch` gave: `optimizer.state_dict()`, or a checkpoint that holds it as
 * `optimizer_state_dict`, `optimizer` or `optim`. The parameters are those of torch, in its order, unless `names` says another one; where fewer are
 * trained here, those of which the file keeps something.
 * @throws DataError for what was saved by another optimizer, or with steps that are not the same for all parameters; ArgumentError and, where
 * the trainer is made, ShapeError for parameters that are not those that were trained
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { fromTorchOptimizer } from "simdgrad/torch";
 * const group = new Map<string, unknown>([["lr", 0.1], ["momentum", 0.9], ["dampening", 0], ["nesterov", false], ["params", [0, 1]]]);
 * const saved = new Map<string, unknown>([["state", new Map()], ["param_groups", [group]]]);
 * const optimizer = fromTorchOptimizer("sgd", saved as never, { learningRate: 0.05 });
 * const trainer = new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer });
 * Object.keys(await trainer.snapshot()).includes("optimizer.links.0.0"); // => true
 */
export function fromTorchOptimizer(
  name: TorchOptimizerName,
  given: Uint8Array | ArrayBuffer | TorchValue,
  options: FromTorchOptimizerOptions = {},
): Optimizer {
  aName(name, "fromTorchOptimizer: name");
  const aModel: Check = (model) => void variables(model);
  checkOptions(options, "fromTorchOptimizer", {
    key: aText,
    learningRate: aSchedule,
    step: aWholeNumber(0),
    model: aModel,
    names: aListOf(aText),
  });
  checkNeeds(options, "fromTorchOptimizer", { names: "model" });
  return optimizerOf(name, savedOf(given, options.key), options);
}

/** What was saved of an optimizer. */
interface Saved {
  readonly groups: readonly TorchMap[];
  /** By the numbers of parameters. */
  readonly state: TorchMap;
  /** Of all parameters, in the order in which torch's optimizer got them. */
  readonly places: readonly Place[];
}

/** Where a parameter stands in what was saved. */
interface Place {
  readonly group: number;
  readonly id: TorchValue;
}

function savedOf(given: Uint8Array | ArrayBuffer | TorchValue, key: string | undefined): Saved {
  const name = "fromTorchOptimizer";
  const value = valueIn(given, name);
  const found = partOf(value, key, USUAL, (part) => isOptimizer(firstOf(part)), name);
  if (found === undefined) throw fault(`no state of an optimizer in ${listed(value)}: say where it is, by key`);
  const saved = firstOf(found) as TorchMap;
  const groups = saved.get("param_groups") as readonly TorchMap[];
  const count = groups.reduce((sum, each) => sum + 1 + (each.get("params") as TorchList).length, 0);
  if (count > MOST) throw fault(`${count} groups and parameters are more than ${MOST}`);
  const places = groups.flatMap((each, group) => (each.get("params") as TorchList).map((id) => ({ group, id })));
  return { groups, state: saved.get("state") as TorchMap, places };
}

/** Lightning keeps a list of optimizers. */
function firstOf(value: TorchValue): TorchValue {
  return Array.isArray(value) && value.length === 1 ? value[0] : value;
}

function isOptimizer(value: TorchValue): boolean {
  if (!isMap(value) || !isMap(value.get("state"))) return false;
  const groups = value.get("param_groups");
  return (
    Array.isArray(groups) &&
    groups.length > 0 &&
    Array.from<TorchValue>(groups).every((each) => isMap(each) && Array.isArray(each.get("params")))
  );
}

function fault(message: string, options?: ErrorOptions): DataError {
  return new DataError(`fromTorchOptimizer: ${message}`, options);
}

function optimizerOf(name: TorchOptimizerName, saved: Saved, options: FromTorchOptimizerOptions): Optimizer {
  const kind: Kind = kinds[name];
  const { learningRate } = options;
  if (learningRate !== undefined && saved.groups.length > 1)
    throw new ArgumentError(
      `fromTorchOptimizer: learningRate is for one group of parameters, and there are ${saved.groups.length}`,
    );
  const steps = options.step ?? stepsOf(saved, kind);
  const order = orderOf(saved, options);
  const places = new WeakMap<Variable, Place>();
  const each = saved.groups.map((group) => {
    checkGroup(group, kind, name);
    const own = optimizerOfGroup(group, kind, name, learningRate);
    return filling(own, (variable, parameter) => savedValue(variable, kind, idOf(places, parameter), saved, steps));
  });
  const all = each.map((optimizer, i) => ({
    optimizer,
    parameters: (parameter: Variable) => places.get(parameter)?.group === i,
  }));
  const inner = all.length === 1 ? each[0] : parameterGroups(all);
  return {
    ...inner,
    init(parameters, step = new Variable([], steps, { dtype: "i32", label: "optimizer.step" })) {
      const given = order ?? parameters;
      const own = placesOf(saved, given);
      for (const [i, variable] of given.entries()) places.set(variable, own[i]);
      const lost = parameters.find((parameter) => !places.has(parameter));
      if (lost !== undefined)
        throw new ArgumentError(
          `fromTorchOptimizer: ${lost.label || "a parameter"} is not among those that were trained`,
        );
      return inner.init(parameters, step);
    },
  };
}

function idOf(places: WeakMap<Variable, Place>, parameter: Variable): TorchValue {
  return places.get(parameter)?.id ?? null;
}

/** @throws DataError where options that a kind has are not there */
function checkGroup(group: TorchMap, { options }: Kind, name: string): void {
  const missing = ["lr", ...options].find((option) => !group.has(option));
  if (missing !== undefined)
    throw fault(`${missing}, which ${name} has, is not in ${listed(group)}: another optimizer's?`);
  if (name === "adamW" && group.get("decoupled_weight_decay") === false)
    throw fault("what was saved is adam's, not adamW's: its decay is not decoupled");
}

/** @throws DataError for options that no such optimizer has, and for values that it does not take */
function optimizerOfGroup(group: TorchMap, kind: Kind, name: string, learningRate?: Schedule): Optimizer {
  const known = new Set<TorchValue>(["lr", ...kind.options, ...IDLE]);
  const rate = learningRate ?? numberIn(group, "lr");
  if (rate === undefined) throw fault("lr is None, no number");
  const number: Numbers = (option, at) => {
    known.add(option);
    return numberIn(group, option, at);
  };
  const flag = (option: string) => {
    known.add(option);
    return flagIn(group, option);
  };
  try {
    const optimizer = kind.make(rate, number, flag);
    const other = [...group.keys()].find((option) => !known.has(option));
    if (other !== undefined)
      throw fault(
        `${typeof other === "string" ? shortened(other) : kindOf(other)} is no option that ${name} has: another optimizer's?`,
      );
    return optimizer;
  } catch (cause) {
    // What no optimizer here takes is a fault of the file.
    if (cause instanceof ArgumentError) throw fault(`in ${listed(group)}: ${cause.message}`, { cause });
    throw cause;
  }
}

/** Numbers that an option has if it has several. */
const PAIR = 2;

/** A number, which may be a tensor of one, or the one at a place of a pair. */
function numberIn(group: TorchMap, option: string, at?: number): number | undefined {
  const given = group.get(option);
  if (at !== undefined && !(Array.isArray(given) && given.length === PAIR))
    throw fault(
      `${option} is ${Array.isArray(given) ? `a list of ${given.length}` : kindOf(given ?? null)}, not of two numbers`,
    );
  const value = at !== undefined && Array.isArray(given) ? given[at] : given;
  if (at !== undefined && (value ?? null) === null) throw fault(`${option}.${at} is None, no number`);
  if (value === undefined || value === null) return undefined;
  const number = isTensor(value) && value.data.length === 1 ? value.data[0] : value;
  if (typeof number !== "number") throw fault(`${option} is ${kindOf(value)}, no number`);
  return number;
}

function flagIn(group: TorchMap, option: string): boolean | undefined {
  const value = group.get(option) ?? undefined;
  if (value !== undefined && typeof value !== "boolean")
    throw fault(`${option} is ${kindOf(value)}, not True or False`);
  return value;
}

/** How many steps were made: the same of all parameters. */
function stepsOf({ state }: Saved, { counts }: Kind): number {
  const all = [...state.values()].filter(isMap);
  if (!counts) return all.some((own) => isTensor(own.get("momentum_buffer"))) ? 1 : 0;
  const steps = new Set(all.map((own) => numberIn(own, "step")));
  const [count = 0] = steps;
  if (steps.size > 1 || !Number.isInteger(count) || count < 0 || count >= 2 ** 31)
    throw fault(`the parameters made [${[...steps].slice(0, 8).join(", ")}] steps: only those of one number go on`);
  return count;
}

/** The parameters of a model, in the order in which torch's optimizer got them. @throws ArgumentError */
function orderOf(saved: Saved, { model, names }: FromTorchOptimizerOptions): readonly Variable[] | undefined {
  if (model === undefined) return undefined;
  const known = variables(model);
  const order =
    names === undefined ? [...known.values()].filter(({ isParameter }) => isParameter) : namedBy(names, known);
  placesOf(saved, order);
  return order;
}

/** Where so many parameters stand: all that torch's optimizer got, or those that were trained there. @throws ArgumentError for others */
function placesOf({ places, state }: Saved, { length }: readonly Variable[]): readonly Place[] {
  if (length === places.length) return places;
  const isKept = (value: TorchValue) => value !== null && value !== undefined;
  const trained = places.filter(({ id }) => {
    const own = state.get(id);
    return isMap(own) && [...own.values()].some(isKept);
  });
  if (length === trained.length) return trained;
  const all = trained.length === 0 || trained.length === places.length;
  throw new ArgumentError(
    `fromTorchOptimizer: ${all ? places.length : `${trained.length} of ${places.length}`} parameters were trained, and here are ${length}: say which they are, by model and names`,
  );
}

function namedBy(names: readonly string[], known: ReadonlyMap<string, Variable>): Variable[] {
  return names.map((name, i) => {
    const variable = known.get(name);
    if (variable === undefined) throw new ArgumentError(`fromTorchOptimizer: names.${i}: the model has no ${name}`);
    return variable;
  });
}

/** The optimizer, whose state begins with saved values: undefined stands for its own. */
function filling(
  optimizer: Optimizer,
  valueFor: (variable: Variable, parameter: Variable) => Variable | undefined,
): Optimizer {
  return {
    ...optimizer,
    init(parameters, step) {
      const state = optimizer.init(parameters, step);
      const filled = (part: unknown): unknown => {
        if (part === state.step || typeof part !== "object" || part === null) return part;
        if (part instanceof Variable) return parameters.length > 0 ? (valueFor(part, parameters[0]) ?? part) : part;
        if (!Array.isArray(part))
          return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, filled(each)]));
        const isOfEach = part.length === parameters.length && part.every((each) => each instanceof Variable);
        return isOfEach ? part.map((each, i) => valueFor(each, parameters[i]) ?? each) : part.map(filled);
      };
      return { step: state.step, links: state.links.map(filled) };
    },
  };
}

/** A variable of an optimizer's state that begins with what was saved. */
function savedValue(
  variable: Variable,
  { kept, counts }: Kind,
  id: TorchValue,
  { state }: Saved,
  steps: number,
): Variable | undefined {
  const [, name] = Object.entries(kept).find(([own]) => `.${variable.label}`.endsWith(`.${own}`)) ?? [];
  const own = state.get(id);
  if (name === undefined) return undefined;
  const what = `${name} of parameter ${typeof id === "number" ? id : kindOf(id)}`;
  const value = isMap(own) ? own.get(name) : undefined;
  if (value === undefined || value === null) {
    if (!counts || steps === 0 || name === "momentum_buffer") return undefined;
    throw fault(`${what} was not saved: what was never trained is to be frozen, by setTrainable()`);
  }
  const { data, shape } = isTensor(value) ? value : { data: [value], shape: [] };
  if (!sameShape(shape, variable.shape) && !(data.length === 1 && variable.shape.length === 0))
    throw new ShapeError(
      `fromTorchOptimizer: ${what} is ${showShape(shape)}, and the parameter here ${showShape(variable.shape)}: say which they are, by model and names`,
    );
  if (!Array.from(data).every((each) => typeof each === "number"))
    throw fault(`${what} is ${kindOf(value)}, no tensor`);
  const numbers = Array.from(data as ArrayLike<number>, name === "prev" ? Math.sign : Number);
  const { label, dtype, trainable } = variable;
  return new Variable(variable.shape, Float32Array.from(numbers), { label, dtype, trainable });
}
