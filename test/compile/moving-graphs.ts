// Random graphs of moves: slices, orders of axes, shapes, repetitions and parts, in chains, with maps, products, sums and loops between
// them. Where the elements of such tensors lie is what locations.ts decides.
import { concat, stack } from "../../src/create.ts";
import { scan } from "../../src/ops/loop.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { arange, type Tensor } from "../../src/tensor.ts";
import { binary, type Kind, type Maker, type Recipe } from "./random-graphs.ts";

/** The numbers 0..count-1 in random order. */
function shuffled(make: Maker, count: number): number[] {
  const left = [...Array(count).keys()];
  return Array.from({ length: count }, () => left.splice(make.below(left.length), 1)[0]);
}

const turned: Recipe = (make) => {
  const a = make.any();
  return a.permute(shuffled(make, a.shape.length));
};

/** Cut anywhere along every axis, in steps of either direction. */
const cut: Recipe = (make) => {
  const a = make.any();
  return a.slice(
    ...a.shape.map((size) => {
      const [start, step] = [make.below(size), make.pick([1, 1, 1, 2, -1])];
      return step < 0 ? ([start, undefined, step] as const) : ([make.below(start + 1), size, step] as const);
    }),
  );
};

/** Some shape of as many elements. */
function otherShape(make: Maker, size: number): Shape {
  const shape: number[] = [];
  for (let left = size; left > 1; ) {
    const divisors = Array.from({ length: left }, (_, i) => i + 1).filter((d) => d > 1 && left % d === 0);
    shape.push(make.pick(divisors));
    left /= shape[shape.length - 1];
    if (make.below(6) === 0) shape.push(1);
  }
  return shape;
}

const reshaped: Recipe = (make) => {
  const a = make.any();
  return a.reshape(otherShape(make, sizeOf(a.shape)));
};

const repeated: Recipe = (make) => {
  const a = make.any();
  const at = make.below(a.shape.length + 1);
  const one = a.unsqueeze(at);
  return one.broadcastTo(one.shape.with(at, 2 + make.below(2)));
};

/** One that fits beside another along an axis. */
function beside(make: Maker, a: Tensor, axis: number): Tensor {
  return make.where(
    ({ shape }) => shape.length === a.shape.length && shape.every((size, i) => i === axis || size === a.shape[i]),
    () => a,
  );
}

const joined: Recipe = (make) => {
  const a = make.vectorLike();
  const axis = make.below(a.shape.length);
  const parts = [a, ...Array.from({ length: 1 + make.below(2) }, () => beside(make, a, axis))];
  return concat(make.below(3) === 0 ? parts.map((part) => part.mul(0.5)) : parts, axis);
};

const stacked: Recipe = (make) => {
  const a = make.any();
  const b = make.where(
    ({ shape }) => `${shape}` === `${a.shape}`,
    () => a,
  );
  return stack([a.tanh(), make.below(2) === 0 ? b : b.neg()], make.below(a.shape.length + 1));
};

/** Halves of an axis, each through a function of its own, the other way round. */
const swapped: Recipe = (make) => {
  const a = make.vectorLike();
  const axis = make.below(a.shape.length);
  const size = a.shape[axis];
  const at = make.below(size + 1);
  return concat([a.narrow(axis, at, size - at).sin(), a.narrow(axis, 0, at).mul(0.5)], axis);
};

const multiplied: Recipe = (make) => {
  const a = make.where(
    ({ shape }) => shape.length >= 2,
    (tensor) => tensor.reshape([1, sizeOf(tensor.shape)]),
  );
  const transposeB = make.below(2) === 0;
  const k = a.shape[a.shape.length - 1];
  const b = make.where(
    ({ shape }) => shape.length === 2 && shape[transposeB ? 1 : 0] === k,
    () => (transposeB ? a : a.transpose()),
  );
  const product = a.matmul(b, { transposeB }).mul(1 / Math.max(1, k));
  return make.below(2) === 0 ? product : product.sin();
};

/** Heads of an attention, put together again. */
const heads: Recipe = (make) => {
  const a = make.where(
    ({ shape }) => shape.length === 2 && shape[1] % 2 === 0,
    (tensor) => concat([tensor.reshape([sizeOf(tensor.shape), 1]), tensor.reshape([sizeOf(tensor.shape), 1])], 1),
  );
  const [rows, columns] = a.shape;
  if (rows > 40) return a.sin();
  const split = (x: Tensor) => x.reshape([rows, 2, columns / 2]).permute([1, 0, 2]);
  const weights = split(a)
    .matmul(split(a.mul(0.5)), { transposeB: true })
    .softmax();
  return weights.matmul(split(a)).permute([1, 0, 2]).reshape([rows, columns]);
};

/** Steps that give parts of their results, and results in another order. */
const looped: Recipe = (make) => {
  const a = make.where(
    ({ shape }) => shape.length === 3 && shape[0] < 9,
    (tensor) => tensor.reshape([1, 1, sizeOf(tensor.shape)]),
  );
  const way = make.below(4);
  const { carries, outputs } = scan(
    ([state], [x]) => {
      const next = concat([x.narrow(0, 0, 1).tanh(), state.narrow(0, 0, x.shape[0] - 1)], 0);
      const given = [next, x.permute([1, 0]), next.mul(x).permute([1, 0]), concat([x, state.sin()], 1)][way];
      return { carries: [make.below(2) === 0 ? next : next.mul(0.5)], outputs: [given] };
    },
    [a.narrow(0, 0, 1).squeeze(0)],
    [a],
    { reverse: make.below(2) === 0 },
  );
  return make.below(3) === 0 ? carries[0] : outputs[0];
};

/** Whole numbers in windows, on their way to numbers. */
const counted: Recipe = (make) => {
  const { shape } = make.vectorLike();
  const order = shuffled(make, shape.length);
  const whole = arange(sizeOf(shape)).reshape(shape).permute(order);
  const both = concat([whole, whole.mul(2)], 0).narrow(0, make.below(whole.shape[0]), whole.shape[0]);
  return both.cast("f32").mul(1 / sizeOf(shape));
};

export const moves: Kind = {
  shapes: [[], [1], [12], [4, 6], [6, 4], [3, 8], [2, 3, 4], [4, 1, 6], [3, 4, 2], [2, 2, 3, 2], [5, 7]],
  recipes: [
    ...[turned, turned, turned, cut, cut, cut, reshaped, reshaped, repeated],
    ...[joined, joined, joined, stacked, swapped, swapped, multiplied, multiplied, heads, looped, looped, counted],
    (make) => make.any().tanh(),
    (make) => make.any().mul(0.5).add(0.25),
    (make) => binary(make, (a, b) => a.add(b).mul(0.5)),
    (make) => binary(make, (a, b) => a.mul(b)),
    (make) => make.vectorLike().softmax(),
    (make) => {
      const a = make.vectorLike();
      return a.mean(make.below(a.shape.length));
    },
    (make) => {
      const a = make.vectorLike();
      return a.pad(a.shape.map(() => [make.below(2), make.below(2)] as const));
    },
  ],
};
