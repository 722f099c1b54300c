// A model of Keras as one here: its layers by their names, each called as its configuration says.
import { isRecord, must } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { ArgumentError, ShapeError, SimdgradError } from "../errors.ts";
import { aContext, type Context, type Module, variables } from "../nn/module.ts";
import { sameShape, showShape } from "../shape.ts";
import { aTensor, scalar, Tensor } from "../tensor.ts";
import { elsewhereOf, warnOfOthers } from "../train/hold.ts";
import type { Variable } from "../variable.ts";
import type { ModelInput, ModelPlan, Ref } from "./config.ts";
import { isRef, refsIn, refsOfCall, takes, valuesBy } from "./config.ts";
import { fault, Unsupported } from "./fault.ts";
import { beginningOf, type Link, type Made } from "./layer-file.ts";
import type { Dialect } from "./settings.ts";
import { asLast, Value } from "./value.ts";

/** Tensors of a model: one, several in order, or by their names. */
export type Tensors = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** Values of variables by their paths, as `loadStateDict` takes them. */
export type KerasState = Record<string, NumericArray>;

/** What a file keeps of the training. */
export interface KerasOptimizer {
  /** Keras' name, such as "Adam". */
  readonly name: string;
  /** Its settings, in Keras' words. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Steps that were taken. */
  readonly step: number;
  /** The rate that is stored beside them. */
  readonly learningRate: number | undefined;
  /** What it keeps of each parameter, by Keras' names (`momentum`, `velocity`), in the layout of the parameters here and by their paths. */
  readonly slots: Readonly<Record<string, KerasState>>;
}

/** A call of a layer whose inputs are there. */
interface Step {
  readonly layer: string;
  readonly call: number;
}

/** Everything that is known of a model that was read. */
export interface Reading {
  readonly plan: ModelPlan;
  readonly made: ReadonlyMap<string, Made>;
  readonly links: readonly Link[];
  readonly dialect: Dialect;
}

/**
 * A model of Keras or TensorFlow.js, made of layers of simdgrad: `fromKeras` and `fromTensorFlowJs` read it. Data have Keras' layout, channels
 * last; weights have the names, shapes and layouts of the layers here, below Keras' names of layers: `conv2d.weight`. All are trained but for
 * those of layers that the file says are not.
 */
export class KerasModel<Input extends Tensors = Tensor, Output extends Tensors = Tensor>
  implements Module<Input, Output>
{
  readonly name: string;
  /** What it takes, in this order; null stands for a size that is known when it runs, the batch above all. */
  readonly inputs: readonly ModelInput[];
  /** What the file keeps of its training; undefined where it keeps nothing. */
  readonly optimizer: KerasOptimizer | undefined;
  readonly #reading: Reading;
  readonly #steps: readonly Step[];
  /** Paths of the variables that were read. */
  readonly #paths: ReadonlyMap<Variable, string>;

  /** Made by `fromKeras` and `fromTensorFlowJs`. */
  constructor(reading: Reading, optimizer?: (model: unknown) => KerasOptimizer | undefined) {
    this.name = reading.plan.name;
    this.inputs = reading.plan.inputShapes;
    this.#reading = reading;
    this.#steps = stepsOf(reading.plan);
    this.#paths = new Map([...variables(this)].map(([path, variable]) => [variable, path]));
    this.optimizer = optimizer?.(this);
  }

  /** Its layers that have variables, by Keras' names. */
  *children(): Iterable<readonly [string, unknown]> {
    for (const [name, { part }] of this.#reading.made) if (part !== undefined) yield [name, part];
  }

  /**
   * A tensor for a model of one input, else a list in the order of `inputs` or an object by their names; results likewise.
   * @throws ShapeError where an input has another shape, ArgumentError for others than there are
   */
  forward(x: Input, context: Context): Output {
    aContext(context, `${this.name}: context`);
    const { plan } = this.#reading;
    const given = this.#given(x).map((each) => asLast(each));
    const values = this.#run(given, context);
    const results = valuesBy(plan.outputs, (ref) => this.#result(values, ref).last);
    // A list of one is what Keras writes for one.
    return (Array.isArray(results) && results.length === 1 ? results[0] : results) as unknown as Output;
  }

  /** What it makes of values, in the order of its results: for models that hold it. */
  call(inputs: readonly Value[], context: Context): readonly Value[] {
    const values = this.#run(inputs, context);
    return refsIn(this.#reading.plan.outputs).map((ref) => this.#result(values, ref));
  }

  /**
   * The values of the file by path, as `loadStateDict` takes them: those that the model begins with. What was trained since is told by the
   * trainer's `stateDict`; this warns of such.
   */
  stateDict(): KerasState {
    warnOfOthers(`${this.name}.stateDict`, elsewhereOf(variables(this)));
    return Object.fromEntries(
      [...variables(this)].flatMap(([path, variable]) =>
        this.#paths.has(variable) ? [[path, { data: firstOf(variable), shape: [...variable.shape] }]] : [],
      ),
    );
  }

  /** What was read, for those who write it again. */
  get reading(): Reading {
    return this.#reading;
  }

  /**
   * What stands now for variables that were read: others, where layers were replaced by such of the same shapes.
   * @throws ArgumentError where there are others than the file has
   */
  standing(): ReadonlyMap<Variable, Variable> {
    const now = variables(this);
    const same = [...this.#paths].map(([variable, path]) => [variable, now.get(path) ?? variable] as const);
    const known = new Set<string>(this.#paths.values());
    const changed = [...now.keys()].filter((path) => !known.has(path));
    for (const [variable, { shape }] of same)
      if (!sameShape(shape, variable.shape)) changed.push(`${this.#paths.get(variable)}`);
    const missing = [...known].filter((path) => !now.has(path));
    if (changed.length + missing.length > 0)
      throw new ArgumentError(
        `${this.name} has other layers than the file that it was read from: ${[...changed, ...missing].slice(0, 4).join(", ")}`,
      );
    return new Map(same);
  }

  #run(inputs: readonly Value[], context: Context): ReadonlyMap<string, readonly Value[]> {
    const { plan, made } = this.#reading;
    if (inputs.length !== plan.inputs.length) throw fault(`takes ${plan.inputs.length} inputs, got ${inputs.length}`);
    const values = new Map<string, readonly Value[]>();
    for (const [i, ref] of plan.inputs.entries()) values.set(keyOf(ref), [inputs[i]]);
    const calls = new Map(plan.layers.map((layer) => [layer.name, layer.calls]));
    const value = (each: Ref | number) =>
      typeof each === "number" ? asLast(scalar(each)) : this.#result(values, each);
    for (const step of this.#steps) {
      const { inputs: refs, named } = calls.get(step.layer)?.[step.call] ?? { inputs: [], named: {} };
      const known = Object.entries(named).map(([key, each]) => [
        key,
        Array.isArray(each) ? each.map((one) => (isRef(one) ? value(one) : one)) : each,
      ]);
      const layer = made.get(step.layer) as Made;
      values.set(
        keyOf(step),
        called(step.layer, () => layer.call(refs.map(value), context, Object.fromEntries(known))),
      );
    }
    return values;
  }

  #result(values: ReadonlyMap<string, readonly Value[]>, ref: Ref): Value {
    const found = values.get(keyOf(ref))?.[ref.output];
    if (found === undefined) throw fault(`${this.name}: ${ref.layer} gives no result ${ref.output}`);
    return found;
  }

  /** Inputs in their order, with the shapes that they are to have. */
  #given(x: Tensors): readonly Tensor[] {
    const { inputs, name } = this;
    const list = this.#listed(x);
    must(list.length === inputs.length, x, `${name}: x`, inputs.length === 1 ? "a tensor" : `${inputs.length} tensors`);
    for (const [i, each] of list.entries()) {
      aTensor(each, `${name}: ${inputs[i].name}`);
      if (!takes(inputs[i], each.shape))
        throw new ShapeError(
          `${name}: ${inputs[i].name} is [${inputs[i].shape.map((size) => size ?? "any").join(", ")}], channels last; got ${showShape(each.shape)}`,
        );
    }
    return list;
  }

  #listed(x: Tensors): readonly Tensor[] {
    if (x instanceof Tensor) return [x];
    if (Array.isArray(x)) return x;
    must(
      isRecord(x),
      x,
      `${this.name}: x`,
      "a tensor, a list of tensors, or an object of tensors by the names of inputs",
    );
    const names = this.#reading.plan.inputNames;
    const record = x as Readonly<Record<string, Tensor>>;
    const list = this.inputs.map(({ name }, i) => (names === undefined ? name : names[i]));
    for (const key of Object.keys(record))
      if (!list.includes(key))
        throw new ArgumentError(`${this.name}: there is no input ${key}; it takes ${list.join(", ")}`);
    return list.map((name) => record[name]);
  }
}

function keyOf({ layer, call }: Step): string {
  return `${call} ${layer}`;
}

/** Results of a layer as a list; what goes wrong inside says its name. */
function called(name: string, call: () => Value | readonly Value[]): readonly Value[] {
  try {
    const result = call();
    return result instanceof Value ? [result] : result;
  } catch (error) {
    if (error instanceof Unsupported) throw new ArgumentError(`${name} means what is not there: ${error.message}`);
    throw error instanceof SimdgradError ? error.inside(name) : error;
  }
}

function firstOf(variable: Variable): Float32Array | Int32Array {
  const known = beginningOf(variable);
  if (known !== undefined) return known.slice();
  return variable.dtype === "i32" ? new Int32Array(1) : new Float32Array(1);
}

/** Calls in an order in which each comes after those whose results it reads, as far as results of the model need them. */
function stepsOf({ layers, inputs, outputs, name }: ModelPlan): Step[] {
  const calls = new Map(layers.map((layer) => [layer.name, layer.calls]));
  const done = new Set(inputs.map(keyOf));
  const begun = new Set<string>();
  const steps: Step[] = [];
  const open = refsIn(outputs).map((ref): Step => ({ layer: ref.layer, call: ref.call }));
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    const key = keyOf(step);
    if (done.has(key)) continue;
    const call = calls.get(step.layer)?.[step.call];
    if (call === undefined) throw fault(`${name}: there is no call ${step.call} of a layer ${step.layer}`);
    const missing = refsOfCall(call).filter((ref) => !done.has(keyOf(ref)));
    if (missing.length === 0) {
      done.add(key);
      steps.push(step);
      continue;
    }
    // What it reads comes first; who is begun already and read again reads itself.
    if (begun.has(key)) throw fault(`${name}: ${step.layer} reads its own result`);
    begun.add(key);
    open.push(step, ...missing.map((ref): Step => ({ layer: ref.layer, call: ref.call })));
  }
  return steps;
}
