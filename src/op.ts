// Op: everything the library knows about an operation, as data. Shared code reads these properties and never the name.

import { ShapeError } from "./errors.ts";
import type { Buffer, Emitter, View } from "./program/lir.ts";
import type { Aval } from "./shape.ts";
import type { Tensor } from "./tensor.ts";

/** What a gradient rule is given. */
export interface VjpContext<A> {
  readonly inputs: readonly Tensor[];
  readonly output: Tensor;
  /** Gradient of the final scalar with respect to the output: the output's shape. */
  readonly cotangent: Tensor;
  /** For an op of several outputs: one cotangent an output, undefined where nothing depends on it. */
  readonly cotangents: readonly (Tensor | undefined)[];
  readonly attrs: A;
  /** Which inputs' cotangents anybody wants; the others may be left undefined. */
  readonly needs: readonly boolean[];
  /** Reverse mode itself, for ops that hold a graph. */
  readonly pullback: Pullback;
  /** Makes a node: for gradients that are ops of their own. */
  readonly apply: Apply;
}

/** An op with its inputs, and with its attributes if it has any, as a node of the graph. */
export type Apply = <A>(
  op: Op<A>,
  inputs: readonly Tensor[],
  ...attrs: [A] extends [undefined] ? [] : [attrs: A]
) => Tensor;

/** Gradients of sum(outputs * cotangents) with respect to `wrt`; undefined for zero. */
export type Pullback = (
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
  wrt: readonly Tensor[],
) => readonly (Tensor | undefined)[];

/** The graph of one step of a loop. The op's inputs are initial carries, then sequences, then what the body captures. */
export interface LoopBody {
  readonly length: number;
  /** From the last element to the first. */
  readonly reverse: boolean;
  /** Placeholders in the order of the op's inputs; a sequence's has the shape of one element. */
  readonly parameters: readonly Tensor[];
  readonly carries: number;
  readonly sequences: number;
  /** New carries, then what each step gives out. */
  readonly results: readonly Tensor[];
  /** How many of the step outputs, the first ones, the way back reads instead of computing them again. Default 0. */
  readonly kept?: number;
}

/** A node that is computed again for backward. */
export interface Recomputed {
  readonly copy: Tensor;
  /** What the copy was made for. */
  readonly of: object;
}

/** Cotangents of the inputs, undefined for zero. */
export type Vjp<A> = (context: VjpContext<A>) => readonly (Tensor | undefined)[];

/** Said in place of a gradient rule by ops whose result is no continuous function of any input: gradients stop there. */
export const nondifferentiable = "nondifferentiable";

/** What the compiler knows when an op of its own kernel is lowered. */
export interface EmitContext<A> {
  readonly inputs: readonly Buffer[];
  /** How the inputs lie in their buffers: each all of it, in order, unless `strided` allows for another way. */
  readonly views: readonly View[];
  readonly avals: readonly Aval[];
  readonly outputs: readonly Buffer[];
  readonly outputViews: readonly View[];
  readonly aval: Aval;
  readonly attrs: A;
  readonly emit: Emitter;
}

/** How a tensor's elements lie in memory: the first `start` elements in, neighbours along each axis its stride apart. */
export interface Walk {
  readonly start: number;
  readonly strides: readonly number[];
}

/** How the inputs of an op and its results lie: strides in elements, one an axis of each shape. */
export interface Strides {
  readonly inputs: readonly Walk["strides"][];
  readonly outputs: readonly Walk["strides"][];
}

/** What the compiler turns an op into. */
export type Lowering<A> =
  /** Has a place before the program runs. */
  | { readonly kind: "leaf"; readonly place: "input" | "variable" | "constant" | "captured" }
  /** One step of the block machine; `indexed` steps depend on the element's index and stay out of epilogues. */
  | { readonly kind: "map"; readonly indexed?: boolean; code(inputs: readonly Aval[], output: Aval): number }
  /** The first input's elements in the same order: no instruction at all. */
  | { readonly kind: "view" }
  /** Elements of the first input, in memory where these strides lead: no instruction for who can walk there, a copy for the others. */
  | { readonly kind: "window"; window(attrs: A, strides: readonly number[]): Walk }
  /** The same with strides of 0; maps never need the copy. */
  | { readonly kind: "broadcast" }
  /** All inputs, each in its part of the result, which has these strides, and `fill` where they do not cover it. */
  | {
      readonly kind: "parts";
      fill?(attrs: A): number | undefined;
      parts(inputs: readonly Aval[], attrs: A, strides: readonly number[]): readonly Walk[];
    }
  /**
   * Instructions of its own. `epilogue`: the last one can carry a map over the whole result. `strided`: whether they read the inputs and
   * write the result where all of them lie so; without it, nothing but whole buffers in order is read or written.
   */
  | {
      readonly kind: "kernel";
      readonly epilogue?: boolean;
      strided?(strides: Strides, inputs: readonly Aval[], attrs: A): boolean;
      emit(context: EmitContext<A>): void;
    }
  /** A loop instruction. Outputs: final carries; stacked step outputs; stacked carries as each step found them. */
  | { readonly kind: "loop"; body(attrs: A): LoopBody }
  /** One result of the op of several outputs that is its input. */
  | { readonly kind: "item"; index(attrs: A): number };

/** Everything about an operation; `A` are its attributes. */
export type Op<A = unknown> = Rules<A> & Equality<A>;

/** Equal nodes become one, so an op with attributes says which are equal: a text for those that mean the same, undefined for none. */
type Key<A> = (attrs: A) => string | undefined;
type Equality<A> = unknown extends A
  ? { readonly key?: Key<A> }
  : [A] extends [undefined]
    ? { readonly key?: undefined }
    : { readonly key: Key<A> };

interface Rules<A> {
  readonly name: string;
  /** Shape and dtype of the result (of the first result, for several), or a typed error. */
  infer(inputs: readonly Aval[], attrs: A): Aval;
  /** Ops of several outputs: all of them. */
  outputs?(inputs: readonly Aval[], attrs: A): readonly Aval[];
  readonly vjp: Vjp<A> | typeof nondifferentiable;
  /** What the sum of two results of this op is, where it is one, too, and is the cheaper for it: gradients of parts, all of them. */
  joined?(a: Tensor, b: Tensor): { readonly inputs: readonly Tensor[]; readonly attrs: A } | undefined;
  /** Adds copies of nodes under this one, from which their gradient rules read in place of the nodes themselves. */
  recompute?(node: Tensor, cotangent: Tensor, copies: Map<Tensor, Recomputed>): void;
  /** The first input, when the second is known. */
  readonly waits?: boolean;
  readonly lowering: Lowering<A>;
  /** Whether the op of sums is the sum of the op's results: op(a + b, c + d) = op(a, c) + op(b, d). */
  readonly linear?: true;
  /** The sum of the op's results over many steps, from its inputs of all of them, stacked along a new first axis; for ops that sum anyway. */
  total?(stacks: readonly Tensor[], attrs: A): Tensor;
  /** Inputs with a batch along their first axis, as every output has: what an element of it becomes depends on that of these, and on the rest. */
  readonly batched?: readonly number[];
  /** The axis of its only input along which elements see one another; along others they do not, and stay where they are. */
  along?(attrs: A): number;
  /** Multiplications with additions, for ops that are made of them. */
  multiplyAdds?(inputs: readonly Aval[], attrs: A, output: Aval): number;
  /** The same function of f32 numbers, for ops that are rounded exactly: what they make of scalar constants is known beforehand. */
  fold?(...values: readonly number[]): number;
  /** An equal, cheaper tensor, or undefined. Exact: structure and exactly rounded operations only. */
  simplify?(inputs: readonly Tensor[], attrs: A, output: Aval): Tensor | undefined;
}

/** Gradient rules written one an input. */
export function perInput<A>(...rules: ((context: VjpContext<A>) => Tensor | undefined)[]): Vjp<A> {
  return (context) => rules.map((rule, i) => (context.needs[i] ? rule(context) : undefined));
}

/** @throws ShapeError unless an op got as many inputs as it takes */
export function checkArity(inputs: readonly Aval[], count: number, name: string): void {
  if (inputs.length !== count) throw new ShapeError(`${name}: takes ${count} tensors, got ${inputs.length}`);
}

/** A number in a key: -0 is not 0. */
export function exactly(value: number): string {
  return Object.is(value, -0) ? "-0" : `${value}`;
}
