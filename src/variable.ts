// Variable: the leaf of a graph that outlives a run. Its memory belongs to the executor; its first value is a graph, too.
import { aBoolean, aText, checkOptions, isFunction, must } from "./check.ts";
import { constant, type Nested } from "./create.ts";
import type { Op } from "./op.ts";
import * as leaf from "./ops/leaf.ts";
import { type Aval, checkKnown, checkShape, type DType, type Shape } from "./shape.ts";
import { scalar, Tensor } from "./tensor.ts";

/** How a Variable's first value is made: a graph of the shape, from a random key of its own. */
export type Initializer = (shape: Shape, key: RandomKey) => Tensor;

/** Two i32 scalars that name a stream of random numbers. */
export type RandomKey = readonly [Tensor, Tensor];

/** Names identities apart, also those of another process: a program that was saved there would share memory with one of here. */
let created = 0;
let origin = "";

/** What members of a run, who train one model together, make of a variable that no optimizer trains. */
export type Sharing = "mean" | "first" | "own";

/** New values of variables. */
export type Assignment = readonly [variable: Variable, value: Tensor];

/** State that programs share and update: a parameter, a moment, a counter. Its memory belongs to the executor. */
export class Variable extends Tensor {
  /** Names this variable's memory on every executor, and no other's anywhere. */
  readonly key: string;
  readonly initial: Initializer;
  /** Whether optimizers change it. */
  trainable: boolean;
  /** Whether it was made for optimizers to change. */
  readonly isParameter: boolean;
  /**
   * What members of a run make of it while no optimizer trains it: their mean, as of running statistics (default); the value of the first of them,
   * whole, where a mean would be none, as of unit vectors and codebooks; or each keeps its own, as states of sequences.
   */
  declare sharing?: Sharing;

  /**
   * @param initial data, or a function of shape and random key that gives a tensor
   * @example
   * import { evaluate, Variable } from "simdgrad";
   * await evaluate(new Variable([2], [1, 2]).mul(3)); // => [3, 6]
   */
  constructor(
    shape: Shape,
    initial: Initializer | Nested | ArrayLike<number>,
    options: { readonly dtype?: DType; readonly label?: string; readonly trainable?: boolean } = {},
  ) {
    checkOptions(options, "Variable", { dtype: checkKnown, label: aText, trainable: aBoolean });
    const dtype = options.dtype ?? "f32";
    const aval = { shape: checkShape(shape, "Variable"), dtype };
    super(leaf.variable as Op, [], aval, aval, options.label ?? "");
    origin ||= Math.random().toString(36).slice(2, 10);
    this.key = `v${created++}.${origin}`;
    this.isParameter = options.trainable ?? dtype === "f32";
    this.trainable = this.isParameter;
    this.initial = isInitializer(initial) ? initial : initially(initial, aval);
  }
}

/** Throws an ArgumentError unless a value is a Variable; `what` says where it was given. */
export function aVariable(value: unknown, what: string): void {
  must(value instanceof Variable, value, what, "a Variable");
}

function isInitializer(initial: Initializer | Nested | ArrayLike<number>): initial is Initializer {
  return isFunction(initial);
}

/** Data as it is now: a number for all elements, or all of them. */
function initially(data: Nested | ArrayLike<number>, { shape, dtype }: Aval): Initializer {
  const value = typeof data === "number" ? scalar(data, dtype) : constant(data, { shape, dtype });
  return () => value.broadcastTo(shape);
}
