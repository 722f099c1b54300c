// The ladders, as data: every kernel as a small program that does nothing else, and what it moves or computes in a step.
import { avgPool, cumulativeSum, interpolate, maxPool, sort } from "../../src/functions/index.ts";
import { type Computation, grad, input, randomKey, scalar, type Tensor, uniform, Variable } from "../../src/index.ts";
import { BatchNorm1d, BatchNorm2d, Dropout, gelu, LayerNorm, trainingContext } from "../../src/nn/index.ts";
import { crossEntropyGradient } from "../../src/ops/rowwise.ts";
import { adam } from "../../src/optim/index.ts";
import { apply } from "../../src/tensor.ts";
import { convolutions } from "./convolutions.ts";

export interface Case {
  readonly name: string;
  readonly computation: () => Computation;
  /** Of a step: operations of products, to be held against the peak of the micro-kernel. */
  readonly flops?: number;
  /** Of a step: bytes that are read and written, each operand once, to be held against a plain copy of as many. */
  readonly bytes?: number;
  /** Of a step, where a time for each says more than bytes: vector functions. */
  readonly elements?: number;
  /** Integers in the data lie below it. */
  readonly limit?: number;
}

const SQUARES = [32, 64, 128, 256, 480, 512, 1024];
const TRANSPOSES = ["NN", "NT", "TN", "TT"];
const RAGGED = [
  [63, 785, 10],
  [127, 129, 131],
  [33, 257, 65],
] as const;
/** M x K x N with one of them small: rows of a matrix by vectors, few classes, outer products. */
const SKINNY = [
  [1, 1024, 1024],
  [1024, 1024, 1],
  [16, 1024, 1024],
  [1024, 1024, 16],
  [1024, 16, 1024],
  [4, 3, 4],
] as const;
const BATCH = 64;
const SIDE = 512;
const MANY = 1e6;

function product(name: string, [m, k, n]: readonly [number, number, number], transposes: string, batch = 1): Case {
  const [transposeA, transposeB] = [transposes[0] === "T", transposes[1] === "T"];
  const lead = batch === 1 ? [] : [batch];
  return {
    name: `${name} ${transposes}`,
    flops: 2 * batch * m * k * n,
    computation() {
      const a = input([...lead, ...(transposeA ? [k, m] : [m, k])]);
      const b = input([...lead, ...(transposeB ? [n, k] : [k, n])]);
      return { inputs: { a, b }, outputs: { c: a.matmul(b, { transposeA, transposeB }) } };
    },
  };
}

const products: readonly Case[] = [
  ...SQUARES.flatMap((n) => TRANSPOSES.map((transposes) => product(`gemm ${n}`, [n, n, n], transposes))),
  ...RAGGED.flatMap((mkn) => TRANSPOSES.map((transposes) => product(`gemm ${mkn.join("x")}`, mkn, transposes))),
  ...TRANSPOSES.map((transposes) => product(`gemm ${BATCH} x 64`, [64, 64, 64], transposes, BATCH)),
  ...SKINNY.flatMap((mkn) => ["NN", "NT"].map((transposes) => product(`gemm ${mkn.join("x")}`, mkn, transposes))),
];

/** A function of one tensor, with the bytes that one of its elements stands for. */
function of(
  name: string,
  shape: readonly number[],
  bytesEach: number,
  make: (x: Tensor) => Tensor,
  isTimeOfElements = false,
): Case {
  const elements = shape.reduce((count, size) => count * size, 1);
  return {
    name: `${name} ${shape.join("x")}`,
    bytes: bytesEach * elements,
    ...(isTimeOfElements ? { elements } : {}),
    computation() {
      const x = input(shape);
      return { inputs: { x }, outputs: { y: make(x) } };
    },
  };
}

/** Of 64 channels. */
const CHANNELS = [16, 64, 28, 28];

function layerNorm(x: Tensor): Tensor {
  return new LayerNorm(x.shape[1], { elementwiseAffine: false }).forward(x);
}

/** By the statistics of the batch. */
function batchNorm(x: Tensor): Tensor {
  const Layer = x.shape.length === 2 ? BatchNorm1d : BatchNorm2d;
  const layer = new Layer(x.shape[1], { affine: false, trackRunningStats: false });
  return layer.forward(x, trainingContext(0, scalar(0, "i32")));
}

const functions: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  exp: (x) => x.exp(),
  tanh: (x) => x.tanh(),
  gelu,
  sigmoid: (x) => x.sigmoid(),
  log: (x) => x.log(),
};

/** Logits [rows, classes], their classes and, for the gradient, a factor of each row. */
function entropy(rows: number, classes: number): Case[] {
  const shape = `${rows}x${classes}`;
  const inputs = () => ({ x: input([rows, classes]), index: input([rows], "i32"), scale: input([rows]) });
  return [
    {
      name: `crossEntropy ${shape}`,
      bytes: 4 * rows * classes,
      elements: rows * classes,
      limit: classes,
      computation() {
        const { x, index } = inputs();
        return { inputs: { x, index }, outputs: { y: x.crossEntropy(index) } };
      },
    },
    {
      name: `crossEntropyGradient ${shape}`,
      bytes: 8 * rows * classes,
      elements: rows * classes,
      limit: classes,
      computation() {
        const { x, index, scale } = inputs();
        return { inputs: { x, index, scale }, outputs: { y: apply(crossEntropyGradient, [x, index, scale]) } };
      },
    },
  ];
}

/** Images of a batch: [N, C, H, W]. */
const IMAGES = [32, 16, 64, 64];
const [TABLE, PICKED, WIDTH] = [10_000, 4096, 128];

const others: readonly Case[] = [
  ...Object.entries(functions).flatMap(([name, make]) =>
    [[SIDE, SIDE], [MANY]].map((shape) => of(name, shape, 8, make, true)),
  ),
  ...[[SIDE, SIDE], [MANY]].map(
    (shape): Case => ({
      ...of("add", shape, 12, (x) => x),
      computation() {
        const [x, y] = [input(shape), input(shape)];
        return { inputs: { x, y }, outputs: { z: x.add(y) } };
      },
    }),
  ),
  of("softmax", [SIDE, SIDE], 8, (x) => x.softmax(), true),
  of("logSumExp", [SIDE, SIDE], 4, (x) => x.logSumExp(), true),
  of("layer norm", [SIDE, SIDE], 8, layerNorm, true),
  of("layer norm, gradient", [SIDE, SIDE], 16, (x) => grad(layerNorm(x), [x], { cotangent: x.square() })[0], true),
  of("batch norm", CHANNELS, 12, batchNorm, true),
  of("batch norm, gradient", CHANNELS, 28, (x) => grad(batchNorm(x), [x], { cotangent: x.square() })[0], true),
  of("batch norm", [BATCH, SIDE], 12, batchNorm, true),
  ...entropy(SIDE, SIDE),
  ...entropy(128, 10),
  of("sum of rows", [SIDE, SIDE], 4, (x) => x.sum(1)),
  of("sum of columns", [SIDE, SIDE], 4, (x) => x.sum(0)),
  of("sum of all", [SIDE, SIDE], 4, (x) => x.sum([0, 1], { keepDims: true })),
  of("sum of all", [MANY], 4, (x) => x.sum(0, { keepDims: true })),
  of("max of rows", [SIDE, SIDE], 4, (x) => x.max(1)),
  of("argmax of rows", [SIDE, SIDE], 4, (x) => x.argmax(1)),
  of("running sums of rows", [SIDE, SIDE], 8, (x) => cumulativeSum(x, 1)),
  of("running sums of columns", [SIDE, SIDE], 8, (x) => cumulativeSum(x, 0)),
  ...[
    [MANY / 10, 10],
    [SIDE, SIDE],
    [1, MANY],
  ].map((shape) => of("sort", shape, 12, (x) => sort(x).values, true)),
  ...[
    { kernel: 2, stride: 2, padding: 0 },
    { kernel: 3, stride: 2, padding: 1 },
    { kernel: 3, stride: 1, padding: 1 },
  ].flatMap(({ kernel, stride, padding }) => {
    const [largest, mean] = [maxPool, avgPool].map(
      (pool) => (x: Tensor) => pool(x, [kernel, kernel], { stride, padding }),
    );
    const [name, each] = [`${kernel}x${kernel} by ${stride}`, 1 / stride ** 2];
    return [
      of(`maxPool ${name}`, IMAGES, 4 + 8 * each, largest),
      of(`avgPool ${name}`, IMAGES, 4 + 4 * each, mean),
      of(`slopes of maxPool ${name}`, IMAGES, 8 + 24 * each, (x) => grad(largest(x).square().sum(), [x])[0]),
      of(`slopes of avgPool ${name}`, IMAGES, 8 + 16 * each, (x) => grad(mean(x).square().sum(), [x])[0]),
    ];
  }),
  of("bilinear, twice as long", IMAGES, 20, (x) => interpolate(x, { scaleFactor: 2, mode: "bilinear" })),
  of("transpose", [SIDE, SIDE], 8, (x) => x.transpose()),
  {
    // p, m and v are read and written, g is read: 28 bytes a parameter.
    name: `adam ${MANY}`,
    bytes: 28 * MANY,
    computation() {
      const [p, g] = [new Variable([MANY], 0), input([MANY])];
      const optimizer = adam(1e-3);
      return { inputs: { g }, assignments: optimizer.update([g], optimizer.init([p]), [p]) };
    },
  },
  {
    name: `uniform ${MANY}`,
    bytes: 4 * MANY,
    elements: MANY,
    computation: () => ({ outputs: { y: uniform(randomKey(0, "bench"), [MANY]) } }),
  },
  of("dropout", [MANY], 8, (x) => new Dropout(0.1).forward(x, trainingContext(0, scalar(0, "i32"))), true),
  {
    name: `gather ${PICKED} of ${TABLE}x${WIDTH}`,
    bytes: 8 * PICKED * WIDTH,
    limit: TABLE,
    computation() {
      const [table, index] = [input([TABLE, WIDTH]), input([PICKED], "i32")];
      return { inputs: { table, index }, outputs: { y: table.gather(index) } };
    },
  },
  {
    name: `scatterAdd ${PICKED} to ${TABLE}x${WIDTH}`,
    bytes: 4 * (PICKED + TABLE) * WIDTH,
    limit: TABLE,
    computation() {
      const [x, index] = [input([PICKED, WIDTH]), input([PICKED], "i32")];
      return { inputs: { x, index }, outputs: { y: index.scatterAdd(x, [TABLE, WIDTH]) } };
    },
  },
];

/** A copy of so many bytes, read and written together: what the movement of data is held against. */
export function copyOf(bytes: number): Case {
  const words = Math.ceil(bytes / 8);
  return {
    name: `copy ${bytes}`,
    bytes: 8 * words,
    computation() {
      const x = input([words]);
      return { inputs: { x }, outputs: { y: x } };
    },
  };
}

export const cases: ReadonlyMap<string, Case> = new Map(
  [...products, ...others, ...convolutions].map((each) => [each.name, each]),
);
