// What makes an object a layer, and how its variables are found and named: by walking its own fields. No base class, no registration.
import { aBoolean, anInteger, anObjectWith, isFunction, must } from "../check.ts";
import { ArgumentError, SimdgradError } from "../errors.ts";
import { foldIn, randomKey } from "../ops/random.ts";
import { aTensor, Tensor } from "../tensor.ts";
import { type Assignment, type RandomKey, Variable } from "../variable.ts";

/** What a layer may need besides its input. */
export interface Context {
  /** False when evaluating or predicting: dropout and the like do nothing. */
  readonly training: boolean;
  /** A fresh random key at each call: inside a `scan`, whose step is built once, one for all its steps. */
  key(): RandomKey;
  /** A new value for a variable that is no parameter (running statistics), applied after the step. */
  assign(variable: Variable, value: Tensor): void;
  /** What the variable will be after the step, as far as it has been assigned: for a layer that is used twice. */
  current(variable: Variable): Tensor;
  /** Told of every function that `forward` runs as a layer, its name where it stands, and its result. */
  observe?(layer: unknown, name: string, x: unknown, result: unknown): void;
}

/** A layer with fields of its own: from a tensor to a tensor, or from and to lists or records of several. */
export interface Module<Input = Tensor, Output = Tensor> {
  forward(x: Input, context: Context): Output;
  /** Names and values of its parts, where they differ from its own fields. */
  children?(): Iterable<readonly [name: string, part: unknown]>;
}

/** A layer: an object with `forward`, or a function of a tensor. */
export type Layer<Input = Tensor, Output = Tensor> = Module<Input, Output> | ((x: Input) => Output);

/**
 * Runs a layer, of one input and output or of several. Errors from inside say its name.
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { evaluationContext, forward, relu } from "simdgrad/nn";
 * await evaluate(forward(relu, constant([-1, 2]), evaluationContext())); // => [0, 2]
 */
export function forward<Input = Tensor, Output = Tensor>(
  layer: Layer<Input, Output>,
  x: Input,
  context: Context,
  name = "",
): Output {
  aLayer(layer, "forward: layer");
  try {
    if (typeof layer !== "function") return layer.forward(x, context);
    const result = layer(x);
    context?.observe?.(layer, name, x, result);
    return result;
  } catch (error) {
    if (name !== "" && error instanceof SimdgradError) error.inside(name);
    throw error;
  }
}

/** Throws an ArgumentError unless a value is a layer; `what` says where it was given. */
export function aLayer(value: unknown, what: string): void {
  const { forward } = (value ?? {}) as { readonly forward?: unknown };
  const holds = isFunction(value) || typeof forward === "function";
  must(holds, value, what, "a layer, such as relu, new Linear(2, 1) or new Sequential(a, b)");
}

/** @throws ArgumentError unless `forward` of a layer that needs one was given a tensor and a context */
export function checkForward(x: unknown, context: unknown, name: string): void {
  aTensor(x, `${name}: x`);
  aContext(context, `${name}: context`);
}

/** @throws ArgumentError unless `forward` of a layer that needs no context was given a tensor, and a context if anything beside it */
export function checkAlone(x: unknown, context: unknown, name: string): void {
  aTensor(x, `${name}: x`);
  if (context !== undefined) aContext(context, `${name}: context`);
}

/** Throws an ArgumentError unless a value is a context; `what` says where it was given. */
export function aContext(value: unknown, what: string): void {
  const expected = "that of your forward(x, context), handed on, or one by trainingContext() or evaluationContext()";
  anObjectWith(expected, "key", "assign", "current")(value, what);
}

/**
 * A context for running layers by hand, without training: no random keys, no assignments.
 *
 * @example
 * import { evaluationContext, Linear } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Linear(3, 2).forward(input([5, 3]), evaluationContext()).shape; // => [5, 2]
 */
export function evaluationContext(): Context {
  return {
    training: false,
    key: () => {
      throw new ArgumentError("key(): random numbers are for training");
    },
    assign: () => undefined,
    current: (variable) => variable,
  };
}

/**
 * A context that trains: each `key()` is a stream of its own, another at every step (i32 scalar); assignments are collected.
 *
 * @example
 * import { constant, evaluate, scalar } from "simdgrad";
 * import { Dropout, trainingContext } from "simdgrad/nn";
 * const context = trainingContext(0, scalar(0, "i32"));
 * const y = await evaluate(new Dropout(0.5).forward(constant([1, 1, 1, 1]), context));
 * y.every((value) => value === 0 || value === 2); // => true
 */
export function trainingContext(seed: number, step: Tensor, assignments: Assignment[] = []): Context {
  anInteger(seed, "trainingContext: seed");
  aTensor(step, "trainingContext: step");
  must(Array.isArray(assignments), assignments, "trainingContext: assignments", "an array to add to");
  let calls = 0;
  return {
    training: true,
    key: () => foldIn(randomKey(seed, `key ${calls++}`), step),
    assign: (variable, value) => {
      const before = assignments.findIndex(([each]) => each === variable);
      assignments.splice(before < 0 ? assignments.length : before, 1, [variable, value]);
    },
    current: (variable) => assignments.find(([each]) => each === variable)?.[1] ?? variable,
  };
}

/** A part lies so deep at the most: where it lies deeper, `children()` makes new parts at each call, and comes to no end. */
const DEEPEST = 50_000;

/**
 * All parts of a model, itself first, a shared one once, with their paths: what holds others before what it holds.
 * @throws ArgumentError where they come to no end
 */
export function partsOf(model: unknown): Map<object, string> {
  const found = new Map<object, string>();
  const open: [part: unknown, path: string, depth: number][] = [[model, "", 0]]; // the next one last, however deep they lie
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [part, path, depth] = next;
    if (typeof part !== "object" || part === null || found.has(part)) continue;
    found.set(part, path);
    if (part instanceof Tensor || ArrayBuffer.isView(part)) continue;
    if (depth > DEEPEST) throw new ArgumentError("the model's children() come to no end");
    const children = [...childrenOf(part)].reverse();
    for (const [name, child] of children) open.push([child, path === "" ? name : `${path}.${name}`, depth + 1]);
  }
  return found;
}

/**
 * Every variable of a model by its path, in the order of the fields: `0.weight`, `encoder.bias`. A shared one has its first path.
 *
 * @example
 * import { Linear, relu, Sequential, variables } from "simdgrad/nn";
 * [...variables(new Sequential(new Linear(4, 3), relu, new Linear(3, 2))).keys()]; // => ["0.weight", "0.bias", "2.weight", "2.bias"]
 */
export function variables(model: unknown): Map<string, Variable> {
  const holds = typeof model === "function" || (typeof model === "object" && model !== null);
  must(holds, model, "variables: model", "a layer, or an object or array of layers");
  return new Map([...partsOf(model)].flatMap(([part, path]) => (part instanceof Variable ? [[path, part]] : [])));
}

function childrenOf(part: object): Iterable<readonly [string, unknown]> {
  const { children } = part as Partial<Module>;
  return typeof children === "function" ? children.call(part) : Object.entries(part);
}

/**
 * The variables of a model that optimizers train, by path.
 *
 * @example
 * import { Linear, parameters } from "simdgrad/nn";
 * parameters(new Linear(3, 2)).size; // => 2
 */
export function parameters(model: unknown): Map<string, Variable> {
  return new Map([...variables(model)].filter(([, variable]) => variable.trainable));
}

/**
 * Freezes the parameters of a model or of a part of it, or thaws them: `parameters` leaves out frozen ones, so a Trainer made after that
 * does not change them; one made before refuses to fit while what is trained is something else. Gradients still pass through. What never was a
 * parameter (running statistics, counters) stays as it is.
 *
 * @example
 * import { Linear, parameters, relu, Sequential, setTrainable } from "simdgrad/nn";
 * const encoder = new Linear(8, 4);
 * const model = new Sequential(encoder, relu, new Linear(4, 2));
 * setTrainable(encoder, false);
 * [...parameters(model).keys()]; // => ["2.weight", "2.bias"]
 */
export function setTrainable(part: unknown, trainable: boolean, ...others: readonly never[]): void {
  aBoolean(trainable, "setTrainable: trainable");
  must(others[0] === undefined, others[0], "setTrainable: a third argument", "left out; a part may be one variable");
  for (const variable of variables(part).values()) variable.trainable = trainable && variable.isParameter;
}
