// What passes between the layers of a model of Keras: tensors as Keras sees them, with their channels last. Convolutions here take channels
// first: a tensor stays as a layer left it until one that wants it otherwise reads it, so that a row of convolutions moves nothing.
import type { Tensor } from "../tensor.ts";

/** A tensor in one of both layouts, and where a sequence is to be read. */
export class Value {
  /** The tensor as it is kept. */
  readonly stored: Tensor;
  /** Whether the axis that is Keras' last one is the second one there. */
  readonly isFirst: boolean;
  /** 1 where a step of a sequence counts: [N, T], of i32. */
  readonly mask: Tensor | undefined;

  constructor(stored: Tensor, isFirst: boolean, mask?: Tensor) {
    this.stored = stored;
    this.isFirst = isFirst;
    this.mask = mask;
  }

  /** As Keras sees it. */
  get last(): Tensor {
    return this.isFirst ? channelsLast(this.stored) : this.stored;
  }

  /** With Keras' last axis as the second one. */
  get first(): Tensor {
    return this.isFirst ? this.stored : channelsFirst(this.stored);
  }

  /** What a function of elements makes of it, in the layout that it has. */
  map(f: (x: Tensor) => Tensor): Value {
    return new Value(f(this.stored), this.isFirst, this.mask);
  }
}

/** A tensor as Keras sees it. */
export function asLast(tensor: Tensor, mask?: Tensor): Value {
  return new Value(tensor, false, mask);
}

/** A tensor whose second axis is Keras' last one. */
export function asFirst(tensor: Tensor): Value {
  return new Value(tensor, true);
}

/** [N, ..., C] as [N, C, ...]. */
function channelsFirst(x: Tensor): Tensor {
  const { length } = x.shape;
  return length < 3 ? x : x.permute([0, length - 1, ...range(1, length - 1)]);
}

/** [N, C, ...] as [N, ..., C]. */
function channelsLast(x: Tensor): Tensor {
  const { length } = x.shape;
  return length < 3 ? x : x.permute([0, ...range(2, length), 1]);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
