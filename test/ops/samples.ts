// Samples of every op: the tables that all tests of ops go through. An op without a sample does not compile.
import { customGradient } from "../../src/autodiff.ts";
import { concat, constant, stack } from "../../src/create.ts";
import { scatterAddAlongAxis, takeAlongAxis } from "../../src/ops/along.ts";
import { checkpoint, recompute } from "../../src/ops/checkpoint.ts";
import { type OpName, ops } from "../../src/ops/index.ts";
import { scan } from "../../src/ops/loop.ts";
import { permuteIndexOp } from "../../src/ops/random.ts";
import { apply, stopGradient, Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { alongSamples } from "./along.ts";
import { convolutionSamples } from "./convolutions.ts";
import { ctcSamples } from "./ctc.ts";
import { functionSamples, ownSamples } from "./functions.ts";
import { bytes, real, whole } from "./inputs.ts";
import { normalizeSamples } from "./normalize.ts";
import { poolingSamples, resizingSamples } from "./pooling.ts";
import { binary, drawn, product, reduction, type Samples, type Unary, unary, unaryWithin } from "./sample.ts";

/** Ranges of random operands: of either sign, and away from 0. */
const around: readonly [number, number] = [-3, 3];
const above: readonly [number, number] = [0.25, 4];

const throughFloor = customGradient(
  (x) => x.floor(),
  (cotangent) => [cotangent],
);

/** c <- c factor + sin x; gives c^2 at every step. */
function running(reverse: boolean) {
  return (xs: Tensor, start: Tensor, factor: Tensor) =>
    scan(
      ([carry], [x]) => {
        const next = carry.mul(factor).add(x.sin());
        return { carries: [next], outputs: [next.square()] };
      },
      [start],
      [xs],
      { reverse },
    );
}

function recurrent(xs: Tensor, start: Tensor, hidden: Tensor, input: Tensor): Tensor {
  const step = ([h]: readonly Tensor[], [x]: readonly Tensor[]) => ({
    carries: [h.matmul(hidden).add(x.matmul(input)).tanh()],
  });
  return scan(step, [start], [xs]).carries[0];
}

/** Running sums along the first axis. */
function sums(xs: Tensor): Tensor {
  const zero = xs.narrow(0, 0, 1).squeeze(0).mul(0);
  const step = ([total]: readonly Tensor[], [x]: readonly Tensor[]) => ({
    carries: [total.add(x)],
    outputs: [total.add(x)],
  });
  return scan(step, [zero], [xs]).outputs[0];
}

/** Every step adds x and the captured square. */
function capturing(xs: Tensor, captured: Tensor): Tensor {
  const step = ([total]: readonly Tensor[], [x]: readonly Tensor[]) => ({
    carries: [total.add(x).add(captured.square())],
  });
  return scan(step, [captured.mul(0)], [xs]).carries[0];
}

/** By its rank: of all, of rows, over the first and the last axis. */
function stdOf(x: Tensor): Tensor {
  if (x.shape.length === 1) return x.std();
  return x.shape.length === 2 ? x.std(1) : x.std([0, 2], { keepDims: true });
}

const runs = [
  [real("33x17"), real("17"), real("scalar", -0.9, 0.9)],
  [real("5x1"), real("1"), real("scalar", -0.9, 0.9)],
];

/** Ops that a method without arguments makes, one step each, have a sample without being named below: over the range of its golden inputs. */
const steps = (Object.keys(ops) as OpName[]).filter(
  (name) => ops[name].lowering.kind === "map" && Tensor.prototype[name as Unary]?.length === 0,
) as (OpName & Unary)[];

const named: Record<Exclude<OpName, Unary>, Samples> & Partial<Record<OpName, Samples>> = {
  input: [{ golden: "leaf/input", build: (x) => x }],
  variable: [{ golden: "leaf/data", build: () => new Variable([2, 3], [1.5, -2, 3, 0, 4, 5]) }],
  constant: [
    {
      golden: "leaf/data",
      build: () =>
        constant([
          [1.5, -2, 3],
          [0, 4, 5],
        ]),
    },
    { golden: "leaf/data i32", build: () => constant([1, -2, 3], { dtype: "i32" }) },
  ],
  captured: [{ golden: "loop/captured", build: capturing, larger: [[real("7x33"), real("33")]] }],
  stopGradient: [{ golden: "leaf/stopGradient", build: (x) => x.mul(stopGradient(x)) }],
  customGradient: [{ golden: "leaf/straight through", build: (x) => throughFloor(x) }],
  checkpoint: [{ golden: "rowwise/logSoftmax", build: checkpoint((x) => x.logSoftmax()) }],
  recompute: [{ golden: "leaf/input", build: (x) => apply(recompute, [x, x]) }],

  add: binary("add", around, around, "add i32"),
  sub: binary("sub", around, around, "sub i32"),
  mul: [...binary("mul", around, around, "mul i32"), { golden: "elementwise/square", build: (x) => x.square() }],
  div: binary("div", around, above, "div i32"),
  remainder: binary("remainder", around, above, "remainder i32"),
  maximum: binary("maximum", around, around, "maximum i32"),
  minimum: binary("minimum", around, around, "minimum i32"),
  neg: unaryWithin("neg", -5, 5, "neg i32"),
  abs: unaryWithin("abs", -5, 5, "abs i32"),
  sign: unaryWithin("sign", -5, 5, "sign i32"),
  floor: [...unaryWithin("floor", -100, 100), ...unaryWithin("ceil", -100, 100)],
  exp: unaryWithin("exp", -20, 20),
  expm1: unaryWithin("expm1", -5, 5),
  log: unaryWithin("log", 0.01, 100),
  log1p: unaryWithin("log1p", -0.9, 10),
  sqrt: unaryWithin("sqrt", 0.01, 100),
  rsqrt: unaryWithin("rsqrt", 0.01, 100),
  sin: unaryWithin("sin", -30, 30),
  cos: unaryWithin("cos", -30, 30),
  tanh: unaryWithin("tanh", -5, 5),
  sigmoid: unaryWithin("sigmoid", -20, 20),
  erf: unaryWithin("erf", -5, 5),
  pow: [
    ...binary("pow", above, around),
    { golden: "elementwise/pow of a number", build: (x) => x.pow(3) },
    { golden: "elementwise/pow at zero", build: (x) => x.pow(2) },
  ],
  less: [
    ...binary("less", around, around, "less i32"),
    ...binary("greater", around, around),
    ...binary("lessEqual", around, around, "lessEqual i32"),
    ...binary("greaterEqual", around, around, "greaterEqual i32"),
  ],
  equal: [...binary("equal", around, around, "equal i32"), ...binary("notEqual", around, around, "notEqual i32")],
  relu: unaryWithin("relu", -5, 5),
  select: [
    {
      golden: "elementwise/select",
      build: (condition, a, b) => condition.select(a, b),
      larger: [
        [whole("33x17", 0, 2), real("33x17"), real("17")],
        [whole("scalar", 0, 2), real("1025"), real("1")],
      ].map(([condition, ...rest]) => [{ ...condition, dtype: "f32" as const }, ...rest]),
    },
    { golden: "elementwise/select i32", build: (condition, a, b) => condition.select(a, b) },
    { golden: "elementwise/clamp", build: (x) => x.clamp(-0.75, 1), larger: [[real("1025")], [real("3x5x33")]] },
    { golden: "elementwise/clamp from below", build: (x) => x.clamp(x.shape.length === 1 ? 1 : 0.25) },
    { golden: "elementwise/clamp from above", build: (x) => x.clamp(undefined, x.shape.length === 1 ? 1 : 0.25) },
    {
      golden: "elementwise/clamp by tensors",
      build: (x, min, max) => x.clamp(min, max),
      larger: [[real("33x17"), real("17"), real("33x1")]],
    },
    { golden: "elementwise/clamp i32", build: (x) => x.clamp(-2, 3), larger: [[whole("1025", -9, 9)]] },
  ],
  ...ownSamples,
  cast: [
    { golden: "elementwise/cast to i32", build: (x) => x.cast("i32"), larger: [[real("1025", -1e4, 1e4)]] },
    { golden: "elementwise/cast i32 to f32", build: (x) => x.cast("f32"), larger: [[whole("1025", -1e6, 1e6)]] },
    {
      golden: "elementwise/cast u8 to f32",
      build: (x) => x.cast("f32"),
      larger: [[bytes("1")], [bytes("33")], [bytes("3x1025")]],
    },
    { golden: "elementwise/cast u8 to i32", build: (x) => x.cast("i32") },
  ],

  sum: [
    ...reduction("sum"),
    {
      golden: "reduction/sum i32",
      build: (x) => x.sum(0),
      larger: [[whole("8200x3", -1e6, 1e6)], [whole("33", -9, 9)]],
    },
    { golden: "reduction/mean", build: (x) => x.mean([0, 2]) },
    { golden: "reduction/variance", build: (x) => x.variance(1), larger: [[real("5x333")]] },
    { golden: "reduction/variance uncorrected", build: (x) => x.variance(1, { correction: 0 }) },
  ],
  max: [
    ...reduction("max"),
    {
      golden: "reduction/max i32",
      build: (x) => x.max(1),
      larger: [[whole("3x333", -1e6, 1e6)], [whole("33x5", -1e6, 1e6)]],
    },
    { golden: "reduction/min", build: (x) => x.min(1) },
  ],
  norm: [
    {
      golden: "norm/all",
      build: (x) => x.norm(),
      larger: ["1", "513", "8191", "12301", "33x257"].map((shape) => [real(shape)]),
    },
    {
      golden: "norm/0",
      build: (x) => x.norm(0),
      larger: ["33x17", "8200x3", "17x2x5"].map((shape) => [real(shape)]),
    },
    { golden: "norm/0 2", build: (x) => x.norm([0, 2]), larger: [[real("3x17x5")]] },
    { golden: "norm/of zeros", build: (x) => x.norm(-1) },
    { golden: "reduction/std", build: stdOf, larger: [[real("5x333")]] },
    { golden: "reduction/std uncorrected", build: (x) => x.std(1, { correction: 0 }) },
    { golden: "reduction/std of equals", build: (x) => x.std(1) },
  ],
  argmax: [
    {
      golden: "reduction/argmax",
      build: (x) => x.argmax(-1),
      larger: [[real("5x333")], [real("33x10")], [real("8200")]],
    },
    { golden: "reduction/argmax 0", build: (x) => x.argmax(0), larger: [[real("33x17")]] },
    { golden: "reduction/argmin", build: (x) => x.argmin(1) },
  ],

  matmul: [
    { ...product("matmul", false, false) },
    product("matmul transposed", true, true),
    product("matmul transposed left", true, false),
    product("matmul transposed right", false, true),
  ],

  reshape: [
    { golden: "movement/reshape", build: (x) => x.reshape([5, -1]) },
    { golden: "movement/reshape scalar", build: (x) => x.reshape([1, 1]) },
    { golden: "movement/reshape empty", build: (x) => x.reshape([3, 0]) },
  ],
  permute: [
    {
      golden: "movement/permute",
      build: (x) => x.permute([2, 0, 1]),
      larger: [[real("5x33x17")], [real("33x1x65")], [real("1x7x9")], [real("64x16x16")]],
    },
    { golden: "movement/transpose", build: (x) => x.transpose(), larger: [[real("33x65")], [real("3x16x100")]] },
  ],
  broadcastTo: [
    { golden: "movement/broadcastTo", build: (x) => x.broadcastTo([2, 3, 5]) },
    { golden: "movement/broadcastTo empty", build: (x) => x.broadcastTo([0, 3]) },
  ],
  slice: [
    {
      golden: "movement/slice",
      build: (x) => x.slice([undefined, undefined, -1], [1, 6, 2]),
      larger: [[real("33x65")]],
    },
    { golden: "movement/slice nothing", build: (x) => x.slice([5, 5]) },
    { golden: "movement/narrow", build: (x) => x.narrow(1, 1, 3), larger: [[real("7x9x33")]] },
  ],
  spread: [
    {
      golden: "movement/spread",
      build: (x) =>
        apply(ops.spread, [x], {
          shape: [7, 4],
          value: 0,
          ranges: [{ starts: [6, 1], sizes: x.shape, steps: [-3, 1] }],
        }),
    },
    {
      golden: "movement/spread parts",
      build: (...parts) =>
        apply(ops.spread, parts, {
          shape: [5, 6],
          value: 0,
          ranges: [
            { starts: [4, 0], sizes: [2, 3], steps: [-3, 1] },
            { starts: [0, 4], sizes: [3, 2], steps: [2, 1] },
          ],
        }),
    },
    {
      golden: "movement/spread whole",
      build: (a, b) =>
        apply(ops.spread, [a, b], {
          shape: [a.shape[0] + b.shape[0], a.shape[1]],
          value: 0,
          ranges: [
            { starts: [0, 0], sizes: a.shape, steps: [1, 1] },
            { starts: [a.shape[0] + b.shape[0] - 1, 0], sizes: b.shape, steps: [-1, 1] },
          ],
        }),
      larger: [[real("33x65"), real("7x65")]],
    },
    {
      golden: "movement/pad",
      build: (x) =>
        x.pad(
          [
            [0, 1],
            [2, 0],
          ],
          0.5,
        ),
      larger: [[real("33x65")], [real("1x1")]],
    },
  ],
  concat: [
    {
      golden: "movement/concat",
      build: (...parts) => concat(parts, 1),
      larger: [
        [real("7x33"), real("7x1"), real("7x64")],
        [real("2x3x5"), real("2x7x5")],
      ],
    },
    { golden: "movement/concat one", build: (x) => concat([x, x]) },
    { golden: "movement/stack", build: (...parts) => stack(parts, 1) },
  ],

  gather: [
    {
      golden: "indexing/gather",
      build: (x, index) => x.gather(index),
      larger: [
        [real("33x17"), whole("65", 0, 33)],
        [real("9"), whole("5x7", 0, 9)],
        [real("5x256"), whole("1", 0, 5)],
      ],
    },
    { golden: "indexing/gather i32", build: (x, index) => x.gather(index) },
    {
      golden: "indexing/gather u8",
      build: (x, index) => x.gather(index),
      larger: [[bytes("33x17"), whole("65", 0, 33)]],
    },
    {
      golden: "along/take 1",
      build: (x, index) => takeAlongAxis(x, index, 1),
      larger: [
        [real("33x17"), whole("33x65", 0, 17)],
        [real("5x9x17"), whole("4x33x17", 0, 9)],
      ],
    },
    {
      golden: "along/take 0",
      build: (x, index) => takeAlongAxis(x, index, 0),
      larger: [[real("33x17"), whole("65x16", 0, 33)]],
    },
    { golden: "along/take i32", build: (x, index) => takeAlongAxis(x, index, 1) },
    { golden: "along/take u8", build: (x, index) => takeAlongAxis(x, index, 1) },
  ],
  scatterAdd: [
    {
      golden: "indexing/scatterAdd",
      build: (updates, index) => index.scatterAdd(updates, [5, ...updates.shape.slice(index.shape.length)]),
      larger: [
        [real("65x17"), whole("65", 0, 5)],
        [real("3x33"), whole("3x33", 0, 5)],
      ],
    },
    {
      golden: "along/add 1",
      build: (updates, index) => scatterAddAlongAxis(updates, index, 1, updates.shape.with(1, 5)),
      larger: [[real("5x333"), whole("5x333", 0, 5)]],
    },
    {
      golden: "along/add 1 to more rows",
      build: (updates, index) => scatterAddAlongAxis(updates, index, 1, [4, 2]),
    },
    {
      golden: "along/add 1 outside",
      build: (updates, index) => scatterAddAlongAxis(updates, index, 1, [2, 3]),
    },
    {
      golden: "along/add 0",
      build: (updates, index) =>
        scatterAddAlongAxis(updates, index, 0, updates.shape.length === 1 ? [17] : [5, updates.shape[1]]),
      larger: [
        [real("65x33"), whole("65x33", 0, 5)],
        [real("1000"), whole("1000", 0, 17)],
      ],
    },
    { golden: "indexing/scatterAdd outside", build: (updates, index) => index.scatterAdd(updates, [5, 2]) },
  ],

  softmax: [
    {
      golden: "rowwise/softmax",
      build: (x) => x.softmax(),
      larger: [[real("17x10", -9, 9)], [real("3x333")], [real("33x1")], [real("64x16")]],
    },
    { golden: "rowwise/softmax 0", build: (x) => x.softmax(0), larger: [[real("17x10")]] },
    { golden: "rowwise/logSoftmax", build: (x) => x.logSoftmax(), larger: [[real("17x10", -9, 9)]] },
  ],
  logSumExp: [
    {
      golden: "rowwise/logSumExp",
      build: (x) => x.logSumExp(),
      larger: [[real("17x10", -9, 9)], [real("3x333")], [real("33x1")]],
    },
    { golden: "rowwise/logSumExp 0", build: (x) => x.logSumExp(0), larger: [[real("17x10")]] },
  ],
  crossEntropy: [
    {
      golden: "rowwise/crossEntropy",
      build: (logits, target) => logits.crossEntropy(target),
      larger: [
        [real("64x10", -9, 9), whole("64", 0, 10)],
        [real("3x333"), whole("3", 0, 333)],
      ],
    },
  ],
  crossEntropyGradient: [
    {
      golden: "rowwise/crossEntropyGradient",
      build: (logits, target, scale) => apply(ops.crossEntropyGradient, [logits, target, scale]),
      larger: [
        [real("64x10", -9, 9), whole("64", 0, 10), real("64")],
        [real("3x333"), whole("3", 0, 333), real("3")],
      ],
    },
  ],

  ...alongSamples,
  ...ctcSamples,
  ...convolutionSamples,
  ...poolingSamples,
  ...normalizeSamples,
  uniform: [drawn("37"), drawn("3x7"), drawn("scalar"), drawn("0")],
  permuteIndex: [
    {
      golden: "random/permuteIndex",
      build: (index, key, size) =>
        apply(permuteIndexOp, [index, key.broadcastTo(index.shape), size.broadcastTo(index.shape)]),
      larger: [[whole("1031", 0, 60_000), whole("scalar", 0, 9), whole("scalar", 60_000, 60_001)]],
    },
  ],

  scan: [
    {
      golden: "loop/scan",
      build: (...inputs) => running(false)(inputs[0], inputs[1], inputs[2]).carries[0],
      larger: runs,
    },
    {
      golden: "loop/scan reversed",
      build: (...inputs) => running(true)(inputs[0], inputs[1], inputs[2]).carries[0],
      larger: runs,
    },
    {
      golden: "loop/scan of products",
      build: recurrent,
      larger: [[real("9x5x17"), real("5x33"), real("33x33", -0.2, 0.2), real("17x33", -0.2, 0.2)]],
    },
  ],
  item: [
    {
      golden: "loop/scan outputs",
      build: (...inputs) => running(false)(inputs[0], inputs[1], inputs[2]).outputs[0],
      larger: runs,
    },
    {
      golden: "loop/scan outputs reversed",
      build: (...inputs) => running(true)(inputs[0], inputs[1], inputs[2]).outputs[0],
      larger: runs,
    },
    { golden: "loop/scan sums", build: sums, larger: [[real("33x17")], [whole("65", -9, 9)]] },
  ],
};

const all = {
  ...Object.fromEntries(steps.flatMap((name) => (name in named ? [] : [[name, unary(name)]]))),
  ...named,
} as Record<OpName, Samples>;

export const samples = Object.fromEntries(
  Object.entries<Samples>(all).map(([name, list]) => [
    name,
    [
      ...list,
      ...(functionSamples[name as OpName] ?? []),
      ...(resizingSamples[name as keyof typeof resizingSamples] ?? []),
    ],
  ]),
) as unknown as Record<OpName, Samples>;
