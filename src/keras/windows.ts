// Where Keras' windows begin and end: with "same", TensorFlow's rule, which puts an odd place behind.
import type { Tensor } from "../tensor.ts";

/** What a window covers along one axis, and how far it goes from place to place. */
export interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Places that are added before and behind each axis for "same": so many that there are size / stride windows, rounded up. */
export function samePads(sizes: readonly number[], windows: readonly Window[]): (readonly [number, number])[] {
  return windows.map(({ kernel, stride, dilation }, axis) => {
    const size = sizes[axis];
    const reach = (kernel - 1) * dilation + 1;
    const more = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
    return [more >> 1, more - (more >> 1)];
  });
}

/** x [N, C, ...] with more places around its last axes. */
export function padSpace(x: Tensor, pads: readonly (readonly [number, number])[], value = 0): Tensor {
  if (pads.every(([before, after]) => before + after === 0)) return x;
  return x.pad([[0, 0], [0, 0], ...pads], value);
}

/** Windows of so many axes. */
export function windowsOf(
  kernel: readonly number[],
  stride: readonly number[],
  dilation: readonly number[] = kernel.map(() => 1),
): Window[] {
  return kernel.map((each, axis) => ({ kernel: each, stride: stride[axis], dilation: dilation[axis] }));
}
