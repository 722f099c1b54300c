// Graphs of tensors drawn at random, with a batch, as ONNX files: reshapes, broadcasts, moves, reductions and products one after the other.
import { expect, test } from "vitest";
import { concat, constant, input } from "../../../src/create.ts";
import { SimdgradError } from "../../../src/errors.ts";
import { cumulativeSum, sort } from "../../../src/functions/index.ts";
import { LayerNorm } from "../../../src/nn/index.ts";
import { findTwins } from "../../../src/onnx/export/twins.ts";
import { sizeOf } from "../../../src/shape.ts";
import { arange, type Tensor } from "../../../src/tensor.ts";
import { numbers } from "../../random.ts";
import { compare } from "./compare.ts";

const COUNT = process.env.ONNX_ALL === "1" ? 150 : 3;

type Draw = (low: number, high: number) => number;

/** What may be done to a tensor, with another one that is there. What cannot be done throws. */
const steps: readonly ((x: Tensor, other: Tensor, batch: number, draw: Draw) => Tensor)[] = [
  (x) => x.tanh(),
  (x) => x.relu().add(0.5),
  (x) => x.mul(x),
  (x) => x.sub(x.mean(-1, { keepDims: true })),
  (x, _, __, draw) => x.add(constant([draw(1, 5) / 4])),
  (x, _, __, draw) => x.softmax(draw(-2, -1)),
  (x, _, __, draw) => {
    const order = [...x.shape.keys()];
    const [a, b] = [draw(0, order.length - 1), draw(0, order.length - 1)];
    [order[a], order[b]] = [order[b], order[a]];
    return x.permute(order);
  },
  (x) => x.reshape([x.shape[0] * x.shape[1], ...x.shape.slice(2)]),
  (x, _, batch) => x.reshape([batch, -1]),
  (x, _, batch) => x.reshape([-1, batch]),
  (x, _, batch) => x.reshape([-1, 2, batch]),
  (x, _, __, draw) => x.unsqueeze(draw(0, x.shape.length)),
  (x, _, __, draw) => x.unsqueeze(0).broadcastTo([draw(2, 3), ...x.shape]),
  (x, _, batch) =>
    x
      .unsqueeze(0)
      .broadcastTo([batch, ...x.shape])
      .mul(0.5),
  (x, other) => x.add(other),
  (x, other) => x.mul(other.sigmoid()),
  (x, other, _, draw) => concat([x, other], draw(0, x.shape.length - 1)),
  (x, _, __, draw) => x.narrow(draw(0, x.shape.length - 1), draw(0, 1), draw(1, 3)),
  (x, _, __, draw) => x.sum(draw(0, x.shape.length - 1), { keepDims: draw(0, 1) === 1 }).mul(0.25),
  (x, _, __, draw) => x.max(draw(0, x.shape.length - 1), { keepDims: draw(0, 1) === 1 }),
  (x, _, __, draw) => {
    const columns = draw(2, 8);
    const weight = Array.from({ length: 3 * columns }, (_, i) => Math.sin(i));
    const bias = constant([0.5, -0.25, draw(0, 3)]);
    return x.matmul(constant(weight, { shape: [3, columns] }), { transposeB: true }).add(bias);
  },
  (x) => x.matmul(x, { transposeB: true }).mul(0.125),
  (x, other) => x.matmul(other).tanh(),
  (x, _, __, draw) => {
    const layer = new LayerNorm(draw(2, 8), { elementwiseAffine: false });
    return layer.forward(x);
  },
  (x) => x.greater(0.1).select(x, x.mul(-0.5)),
  (x, other) => x.less(other).select(x, 0),
  (x, _, __, draw) => x.pad(x.shape.map((_, i) => [i === 0 ? 1 : 0, draw(0, 1)] as const)),
  (x, _, __, draw) => cumulativeSum(x, draw(0, x.shape.length - 1)).mul(0.25),
  (x) => sort(x, -1).values,
  (x) =>
    x.add(
      arange(x.shape[0])
        .cast("f32")
        .mul(0.125)
        .reshape([x.shape[0], ...x.shape.slice(1).map(() => 1)]),
    ),
  (x, _, __, draw) => x.gather(constant([0, draw(0, 1)], { dtype: "i32" })),
  (x) => x.slice([undefined, undefined, -1]),
  (x) => x.logSumExp(-1),
];

/** What is done to which tensors, with draws of its own. */
interface Planned {
  readonly step: number;
  readonly from: number;
  readonly other: number;
  readonly seed: number;
}

function drawFrom(seed: number): Draw {
  const next = numbers(seed);
  return (low, high) => low + Math.floor(next() * (high - low + 1));
}

function apply(all: readonly Tensor[], { step, from, other, seed }: Planned): Tensor {
  return steps[step](all[from], all[other], all[0].shape[0], drawFrom(seed));
}

const BATCHES = [7, 11, 12, 18, 30];
const MOST = 20_000;

/** A function of a tensor [batch, 4, 5], of steps that mean the same for any batch. */
function modelOf(seed: number): (x: Tensor) => Tensor[] {
  const draw = drawFrom(seed);
  const graphs = BATCHES.map((batch): Tensor[] => [input([batch, 4, 5])]);
  const plans: Planned[] = [];
  for (let i = 0; i < 40 && plans.length < 12; i++) {
    const count = graphs[0].length;
    const from = Math.max(0, count - 1 - draw(0, 2));
    const plan = { step: draw(0, steps.length - 1), from, other: draw(0, count - 1), seed: 1000 * seed + i };
    try {
      const made = graphs.map((all) => apply(all, plan));
      findTwins(
        made.map((each) => [each]),
        new Map(),
        "",
      );
      if (made.some(({ shape }) => sizeOf(shape) > MOST || shape.length > 6)) continue;
      for (const [g, all] of graphs.entries()) all.push(made[g]);
      plans.push(plan);
    } catch (error) {
      if (!(error instanceof SimdgradError)) throw error;
    }
  }
  return (x) => {
    const all = [x];
    for (const plan of plans) all.push(apply(all, plan));
    return all.slice(-3);
  };
}

test.each(Array.from({ length: COUNT }, (_, i) => i + 1))("graph %i", async (seed) => {
  const of = { model: modelOf(seed) as never, signature: { input: ["batch", 4, 5] } };
  const found = await compare(of, [7, 11]).catch((error: Error) => error);
  // Counts that grow with the square of the batch are refused.
  if (found instanceof Error) return expect(found.message).toMatch(/toOnnx: .*(with each row|for every batch)/);
  expect(found.elsewhere).toBeLessThan(1e-5);
  expect(found.again).toBeLessThan(1e-6);
});
