// How weights lie in Keras' files and here: an order of axes, or orders of gates, each with its way back.
import type { NumericArray } from "../data/array.ts";
import { type Shape, sizeOf } from "../shape.ts";

/** Numbers of f32 with their shape. */
export interface Weight {
  readonly data: Float32Array;
  readonly shape: Shape;
}

/** From one of Keras' weights to the numbers of variables here, and back. */
export interface Layout {
  readonly turn: (given: Weight) => readonly Float32Array[];
  readonly back: (own: readonly Float32Array[], shape: Shape) => Float32Array;
}

/** Numbers of any dtype as f32. */
export function asWeight({ data, shape }: NumericArray): Weight {
  return { data: data instanceof Float32Array ? data : Float32Array.from(data), shape };
}

/** The same numbers in the same order. */
export const same: Layout = { turn: ({ data }) => [data], back: ([data]) => data };

/** Axes in another order: axis i of what is here is Keras' axis order[i]. Neighbouring axes may be one there or here. */
export function ordered(order: readonly number[]): Layout {
  const inverse = order.map((_, i) => order.indexOf(i));
  return {
    turn: ({ data, shape }) => [moved(data, shape, order)],
    back: ([data], shape) =>
      moved(
        data,
        order.map((axis) => shape[axis]),
        inverse,
      ),
  };
}

/** A matrix with its rows as columns. */
export const transposed = ordered([1, 0]);

/** Filters [...taps, inputs, outputs] as [outputs, inputs, ...taps]. */
export function filters(axes: number): Layout {
  return ordered([axes + 1, axes, ...Array.from({ length: axes }, (_, i) => i)]);
}

/** Elements with their axes in another order. */
export function moved(data: Float32Array, shape: Shape, order: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  const sizes = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const result = new Float32Array(data.length);
  const at = sizes.map(() => 0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++at[axis] < sizes[axis]) break;
      from -= steps[axis] * sizes[axis];
      at[axis] = 0;
    }
  }
  return result;
}

/** Columns [rows, gates x units] as rows [gates x units, rows], gates in another order. */
export function gates(order: readonly number[]): Layout {
  const inverse = order.map((_, i) => order.indexOf(i));
  return {
    turn: ({ data, shape: [rows, columns] }) => [inOrder(moved(data, [rows, columns], [1, 0]), order)],
    back: ([data], [rows, columns]) => moved(inOrder(data, inverse), [columns, rows], [1, 0]),
  };
}

/** Biases of gates: one of Keras' is that of the inputs here, that of the state being 0; two rows are both. */
export function gateBiases(order: readonly number[], isTwo: boolean): Layout {
  const inverse = order.map((_, i) => order.indexOf(i));
  if (isTwo)
    return {
      turn: ({ data }) => [0, 1].map((row) => inOrder(halfOf(data, row), order)),
      back([inputs, state]) {
        const both = new Float32Array(2 * inputs.length);
        both.set(inOrder(inputs, inverse));
        both.set(inOrder(state, inverse), inputs.length);
        return both;
      },
    };
  return {
    turn: ({ data }) => [inOrder(data, order), new Float32Array(data.length)],
    back: ([inputs, state]) =>
      inOrder(
        inputs.map((each, i) => each + (state?.[i] ?? 0)),
        inverse,
      ),
  };
}

function halfOf(data: Float32Array, half: number): Float32Array {
  return data.subarray((half * data.length) / 2, ((half + 1) * data.length) / 2);
}

/** Equal parts in another order: part i of the result is part order[i]. */
function inOrder(data: Float32Array, order: readonly number[]): Float32Array {
  const size = data.length / order.length;
  const result = new Float32Array(data.length);
  for (const [to, from] of order.entries()) result.set(data.subarray(from * size, (from + 1) * size), to * size);
  return result;
}
