// One layer of a file: its settings, its weights, and what becomes of both.

import { constant } from "../create.ts";
import type { NumericArray } from "../data/array.ts";
import type { Context } from "../nn/module.ts";
import { type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Variable } from "../variable.ts";
import { fault } from "./fault.ts";
import { asWeight, type Layout, same, type Weight } from "./layouts.ts";
import type { Settings } from "./settings.ts";
import type { Value } from "./value.ts";

/** The arrays of one layer, wherever they are kept. */
export interface Weights {
  /** Those with Keras' names, in its order: all that the layer has of its own. @throws DataError where there are others */
  read(names: readonly string[]): readonly NumericArray[];
  /** Those of a layer inside: `attribute` is where Keras 3 keeps it, `name` what it is called; undefined for a cell, which has no name. */
  inside(attribute: string, name?: string): Weights;
  /** Layers of a model in this place. */
  model(): ModelWeights;
  /** How files of TensorFlow.js call an array. */
  nameOf(name: string): string;
}

/** The arrays of a model's layers. */
export interface ModelWeights {
  /** Of a layer by its name; `index` counts those of its class before it. */
  layer(name: string, className: string, index: number): Weights;
}

/** One array of a file, and what it became. */
export interface Link {
  /** As files of TensorFlow.js call it. */
  readonly name: string;
  readonly shape: Shape;
  readonly variables: readonly Variable[];
  readonly layout: Layout;
  /** The array's numbers, in Keras' layout. */
  readonly given: Weight;
}

/** What a layer is called with besides tensors: Keras' keywords. */
export type Named = Readonly<Record<string, readonly Value[] | unknown>>;

/** A layer that was made. */
export interface Made {
  /** What has variables: a layer, or several by their names. */
  readonly part?: unknown;
  readonly call: (inputs: readonly Value[], context: Context, named: Named) => Value | readonly Value[];
}

/** A layer of a file. */
export class LayerFile {
  readonly className: string;
  readonly name: string;
  readonly settings: Settings;
  readonly weights: Weights;
  /** A layer from a configuration inside this one's; `weights` are its own. */
  readonly inner: (config: unknown, weights: (name: string) => Weights) => LayerFile;
  /** What becomes of a layer. */
  readonly make: (file: LayerFile) => Made;
  readonly #links: Link[];

  constructor(
    className: string,
    name: string,
    settings: Settings,
    weights: Weights,
    links: Link[],
    { inner, make }: Pick<LayerFile, "inner" | "make">,
  ) {
    this.className = className;
    this.name = name;
    this.settings = settings;
    this.weights = weights;
    this.inner = inner;
    this.make = make;
    this.#links = links;
  }

  /** The layer's arrays by Keras' names, as f32. `isThere` leaves some out. @throws DataError where the file has others */
  read<Name extends string>(
    ranks: Readonly<Record<Name, number | undefined>>,
    weights: Weights = this.weights,
  ): Record<Name, Weight> {
    const names = (Object.keys(ranks) as Name[]).filter((name) => ranks[name] !== undefined);
    const arrays = names.length === 0 ? [] : weights.read(names);
    const entries = names.map((name, i) => {
      const weight = asWeight(arrays[i]);
      const rank = ranks[name] as number;
      if (rank >= 0 && weight.shape.length !== rank)
        throw fault(`${this.settings.where}: ${name} has ${weight.shape.length} axes, not ${rank}`);
      if (sizeOf(weight.shape) === 0)
        throw fault(`${this.settings.where}: ${name} ${showShape(weight.shape)} is empty`);
      return [name, weight] as const;
    });
    return Object.fromEntries(entries) as Record<Name, Weight>;
  }

  /** @throws DataError unless an array has a shape */
  shaped(name: string, weight: Weight | undefined, shape: Shape): void {
    if (weight !== undefined && !sameShape(weight.shape, shape))
      throw fault(`${this.settings.where}: ${name} is ${showShape(weight.shape)}, not ${showShape(shape)}`);
  }

  /** Gives variables the numbers of an array for their first values. */
  link(
    name: string,
    given: Weight | undefined,
    variables: Variable | undefined | readonly Variable[],
    layout: Layout = same,
    weights: Weights = this.weights,
  ): void {
    if (given === undefined || variables === undefined) return;
    const list = [variables].flat() as Variable[];
    const values = layout.turn(given);
    for (const [i, variable] of list.entries()) {
      if (sizeOf(variable.shape) !== values[i].length)
        throw fault(
          `${this.settings.where}: ${name} ${showShape(given.shape)} does not fit ${showShape(variable.shape)}`,
        );
      begin(variable, values[i]);
    }
    this.#links.push({ name: weights.nameOf(name), shape: given.shape, variables: list, layout, given });
  }
}

/** Numbers that variables begin with. */
const beginnings = new WeakMap<Variable, Float32Array>();

/** What a variable was told to begin with. */
export function beginningOf(variable: Variable): Float32Array | undefined {
  return beginnings.get(variable);
}

/** Gives a variable that nobody has used yet its first value. */
function begin(variable: Variable, data: Float32Array): void {
  const { shape } = variable;
  beginnings.set(variable, data);
  Object.assign(variable, { initial: () => constant({ data, shape }) });
}

/** A variable that is what it is, the same number everywhere, and that no optimizer changes. */
export function hold(variable: Variable | undefined, value: number): void {
  if (variable === undefined) return;
  Object.assign(variable, { trainable: false, isParameter: false });
  begin(variable, new Float32Array(sizeOf(variable.shape)).fill(value));
}

/** A layer of one input. */
export function single(call: (x: Value, context: Context) => Value, part?: unknown): Made {
  return { part, call: (inputs, context) => call(one(inputs), context) };
}

/** The one input that a layer takes. @throws DataError for none or several */
function one(inputs: readonly Value[]): Value {
  if (inputs.length !== 1) throw fault(`takes one input, got ${inputs.length}`);
  return inputs[0];
}
