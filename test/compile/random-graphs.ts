// Random graphs from a seed: all kinds of ops over ragged shapes, values read several times, variables that change, gradients.
import { grad } from "../../src/autodiff.ts";
import { concat, constant, input } from "../../src/create.ts";
import { scan } from "../../src/ops/loop.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import { type Assignment, Variable } from "../../src/variable.ts";
import { generator } from "../ops/inputs.ts";

/** A computation, with data for its inputs. */
export interface RandomGraph {
  readonly inputs: readonly (readonly [Tensor, readonly number[]])[];
  readonly outputs: readonly Tensor[];
  readonly variables: readonly Variable[];
  readonly assignments: readonly Assignment[];
}

const SHAPES: readonly Shape[] = [
  [],
  [5],
  [17],
  [33],
  [3, 5],
  [5, 3],
  [4, 17],
  [17, 4],
  [1, 5],
  [3, 1],
  [2, 3, 5],
  [16, 16],
];

export class Maker {
  readonly pool: Tensor[] = [];
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = generator(seed);
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return Math.floor(this.#next() * count);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)];
  }

  numbers(shape: Shape): number[] {
    return Array.from({ length: sizeOf(shape) }, () => Math.fround(2 * this.#next() - 1));
  }

  /** A tensor of the pool, a late one rather than an early one. */
  any(): Tensor {
    const { length } = this.pool;
    return this.pool[length - 1 - Math.floor(this.#next() ** 2 * length)];
  }

  /** One that accepts, or one made of it. */
  where(accepts: (tensor: Tensor) => boolean, otherwise: (tensor: Tensor) => Tensor): Tensor {
    const found = this.pool.filter(accepts);
    return found.length > 0 ? this.pick(found) : otherwise(this.any());
  }

  matrix(): Tensor {
    return this.where(
      ({ shape }) => shape.length === 2,
      (tensor) => tensor.reshape([1, sizeOf(tensor.shape)]),
    );
  }

  vectorLike(): Tensor {
    return this.where(
      ({ shape }) => shape.length > 0,
      (tensor) => tensor.reshape([1]),
    );
  }
}

/** A way to make a tensor from those that are there. Results are bounded, so that no graph overflows. */
export type Recipe = (make: Maker) => Tensor;

/** What graphs are made of: shapes of inputs and variables, and ways to go on. */
export interface Kind {
  readonly shapes: readonly Shape[];
  readonly recipes: readonly Recipe[];
}

const recipes: readonly Recipe[] = [
  (make) => make.any().tanh(),
  (make) => make.any().sin(),
  (make) => make.any().sigmoid(),
  (make) => make.any().neg(),
  (make) => make.any().relu(),
  (make) => make.any().abs().add(1).log(),
  (make) => make.any().square().neg().exp(),
  (make) => make.any().mul(make.pick([0.5, -1, 1, 0.25, 0])),
  (make) =>
    make
      .any()
      .add(make.pick([0, 1, -0.5]))
      .sub(0),
  (make) => binary(make, (a, b) => a.mul(b)),
  (make) => binary(make, (a, b) => a.add(b).mul(0.5)),
  (make) => binary(make, (a, b) => a.sub(b).tanh()),
  (make) => binary(make, (a, b) => a.mul(0.5).add(b.mul(0.25))),
  (make) => binary(make, (a, b) => a.mul(b).add(a)),
  (make) => binary(make, (a, b) => a.maximum(b)),
  (make) => binary(make, (a, b) => a.div(b.square().add(1))),
  (make) => binary(make, (a, b) => a.less(b).select(a, b.mul(0.5))),
  (make) => make.any().mean(),
  (make) => reduced(make, (a, axis) => a.mean(axis)),
  (make) => reduced(make, (a, axis) => a.sum(axis, { keepDims: true }).tanh()),
  (make) => reduced(make, (a, axis) => a.max(axis)),
  (make) => make.vectorLike().softmax(),
  (make) => reduced(make, (a, axis) => a.logSumExp(axis).tanh()),
  (make) => make.matrix().transpose(),
  (make) => {
    const a = make.matrix();
    const [m, k] = a.shape;
    const b = make.where(
      ({ shape }) => shape.length === 2 && shape[0] === k,
      () => a.transpose(),
    );
    return a
      .matmul(b)
      .mul(1 / Math.max(1, k))
      .add(make.below(2) === 0 ? 0 : scalar(m).mul(0.01));
  },
  (make) => {
    const a = make.matrix();
    const b = make.where(
      ({ shape }) => shape.length === 2 && shape[1] === a.shape[1],
      () => a,
    );
    const product = a.matmul(b, { transposeB: true }).tanh();
    return make.below(2) === 0 ? product : product.add(product.sum(0)).mul(0.1).relu();
  },
  (make) => {
    const a = make.any();
    return a.reshape([sizeOf(a.shape)]);
  },
  (make) => {
    const a = make.vectorLike();
    return a.slice([make.below(2), undefined, 1 + make.below(2)]).mul(1);
  },
  (make) => make.vectorLike().slice([undefined, undefined, -1]),
  (make) => {
    const a = make.vectorLike();
    return a.pad(
      a.shape.map(() => [make.below(2), make.below(3)] as const),
      0.5,
    );
  },
  (make) => {
    const a = make.vectorLike();
    return concat([a, a.mul(0.5)], make.below(a.shape.length));
  },
  (make) => {
    const a = make.where(
      ({ shape }) => shape.length > 0 && shape[0] > 0,
      () => constant([0.5, 0.25]),
    );
    return a.gather(constant(Int32Array.of(0, a.shape[0] - 1, 0)));
  },
  (make) => {
    const a = make.where(
      ({ shape }) => shape.length === 2 && shape[0] > 0,
      () => constant([[0.5], [0.25]]),
    );
    const start = a.slice([0, 1]).squeeze(0);
    const k = make.any().mean();
    const { carries, outputs } = scan(
      ([p], [x]) => ({ carries: [p.mul(k).add(x).tanh()], outputs: [p.mul(x)] }),
      [start],
      [a],
      { reverse: make.below(2) === 0 },
    );
    return make.below(2) === 0 ? carries[0] : outputs[0].add(carries[0]);
  },
];

export function binary(make: Maker, f: (a: Tensor, b: Tensor) => Tensor): Tensor {
  const a = make.any();
  const fits = ({ shape }: Tensor) =>
    shape.every((size, i) => {
      const other = a.shape[a.shape.length - shape.length + i];
      return other === undefined || size === other || size === 1 || other === 1;
    });
  const b = make.where(fits, () => a);
  return make.below(2) === 0 ? f(a, b) : f(b, a);
}

function reduced(make: Maker, f: (a: Tensor, axis: number) => Tensor): Tensor {
  const a = make.where(
    ({ shape }) => shape.length > 0 && !shape.includes(0),
    () => constant([0.5, 0.25]),
  );
  return f(a, make.below(a.shape.length));
}

/** `count` random ops over inputs, variables and constants; some results are outputs, some new values; gradients of a scalar. */
export function randomGraph(seed: number, count: number, kind: Kind = { shapes: SHAPES, recipes }): RandomGraph {
  const make = new Maker(seed);
  const inputs = [0, 1, 2].map(() => {
    const shape = make.pick(kind.shapes);
    return [input(shape), make.numbers(shape)] as const;
  });
  const variables = [0, 1, 2].map(() => {
    const shape = make.pick(kind.shapes);
    return new Variable(shape, Float64Array.from(make.numbers(shape)));
  });
  make.pool.push(...inputs.map(([tensor]) => tensor), ...variables);
  for (let i = 0; i < count; i++) {
    const made = make.pick(kind.recipes)(make);
    const size = sizeOf(made.shape);
    if (size > 0 && size <= 3000) make.pool.push(made);
  }
  const made = make.pool.slice(inputs.length + variables.length);
  const loss = [0, 1, 2].map(() => make.pick(made).mean()).reduce((sum, term) => sum.add(term));
  const wrt = [...inputs.map(([tensor]) => tensor), ...variables];
  const gradients = grad(loss, wrt);
  const assignments = variables.map((variable, i): Assignment => {
    const same = made.filter(({ shape }) => `${shape}` === `${variable.shape}`);
    const step = gradients[inputs.length + i].mul(0.1);
    return [variable, same.length > 0 && make.below(2) === 0 ? make.pick(same) : variable.sub(step)];
  });
  const outputs = [loss, ...[0, 1, 2, 3].map(() => make.pick(made)), make.pick(gradients)];
  return { inputs, outputs, variables, assignments: make.below(4) === 0 ? [] : assignments };
}
