// verifyProgram accepts whatever compile makes, optimised or not.
import { compile, concat, foldIn, grad, input, randomKey, scan, type Tensor, uniform, Variable } from "simdgrad";
import { verifyProgram } from "simdgrad/debug";
import {
  Conv2d,
  crossEntropy,
  Dropout,
  evaluationContext,
  forward,
  Linear,
  parameters,
  relu,
  Sequential,
  softmax,
  trainingContext,
} from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { describe, expect, test } from "vitest";
import type { Computation } from "../../src/compile/compile.ts";
import type { OpName } from "../../src/ops/index.ts";
import type { Assignment } from "../../src/variable.ts";
import { trainingStep } from "../compile/compile-time.ts";
import { goldenCases } from "../golden.ts";
import { derivativesAt } from "../ops/derivatives.ts";
import { samples } from "../ops/samples.ts";
import { thrown } from "../thrown.ts";

function complaint(computation: Computation, optimize: boolean): string {
  const program = compile(computation, { optimize });
  return thrown(() => verifyProgram(program));
}

function variable(label: string, ...shape: number[]): Variable {
  return new Variable(shape, 0, { label });
}

/** A step of a network with dropout over rows of a byte data set, in a keyed order. */
function training(): Computation {
  const data = new Variable([100, 12], 0, { dtype: "u8", label: "data" });
  const classes = new Variable([100], 0, { dtype: "i32", label: "classes" });
  const step = new Variable([], 0, { dtype: "i32", label: "step" });
  const model = new Sequential(new Linear(12, 20), relu, new Dropout(0.5), new Linear(20, 5));
  const weights = [...parameters(model).values()];
  const assignments: Assignment[] = [[step, step.add(1)]];
  const index = uniform(foldIn(randomKey(1, "rows"), step), [7])
    .mul(100)
    .cast("i32");
  const x = data.gather(index).cast("f32").div(255);
  const loss = crossEntropy(forward(model, x, trainingContext(0, step, assignments)), classes.gather(index));
  const optimizer = adam(1e-3);
  const updates = optimizer.update(grad(loss, weights), optimizer.init(weights), weights);
  return { outputs: { loss }, assignments: [...assignments, ...updates] };
}

/** Attention of two heads over five places, and what it learns. */
function attention(): Computation {
  const x = input([5, 8], "f32", "x");
  const [q, k, v] = ["q", "k", "v"].map((label) => variable(label, 8, 8));
  const heads = (w: Tensor) => x.matmul(w).reshape([5, 2, 4]).permute([1, 0, 2]);
  const scores = heads(q).matmul(heads(k), { transposeB: true }).mul(0.5);
  const mixed = softmax(scores).matmul(heads(v)).permute([1, 0, 2]).reshape([5, 8]);
  const loss = mixed.square().mean();
  const gradients = grad(loss, [q, k, v]);
  return { inputs: { x }, outputs: { loss, mixed }, assignments: [q, k, v].map((w, i) => [w, w.sub(gradients[i])]) };
}

/** A product whose panels are done with when a convolution of what it made, with steps behind it, takes their place. */
function spectrumAndFilters(): Computation {
  const x = input([76, 257], "f32", "x");
  const image = x.matmul(variable("mels", 257, 32)).reshape([1, 1, 76, 32]);
  return { inputs: { x }, outputs: { y: relu(forward(new Conv2d(1, 24, 3), image, evaluationContext())).sum([2, 3]) } };
}

/** Recurrence forwards over one sequence and backwards over its states, a loop in a loop, and gradients of gradients of all. */
function recurrence(): Computation {
  const x = input([6, 3, 4], "f32", "x");
  const w = variable("w", 4, 4);
  const step = ([state]: readonly Tensor[], [row]: readonly Tensor[]) => {
    const next = state.matmul(w).add(row).tanh();
    return { carries: [next], outputs: [next.mul(2)] };
  };
  const start = x.sum(0).mul(0);
  const there = scan(step, [start], [x]);
  const back = scan(step, there.carries, [there.outputs[0]], { reverse: true });
  const nested = scan(([sum], [row]) => ({ carries: [sum.add(scan(step, [row], [x]).carries[0])] }), [start], [x]);
  const loss = back.outputs[0].square().sum().add(nested.carries[0].sum());
  const [gradient] = grad(loss, [w]);
  const [second] = grad(gradient.square().sum(), [w]);
  return { inputs: { x }, outputs: { loss, all: back.outputs[0], second }, assignments: [[w, w.sub(gradient)]] };
}

/** Variables that take one another's old values, in every way an order of assignments can fail. */
function exchange(): Computation {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((label) => variable(label, 6));
  const table = variable("table", 6, 6);
  return {
    outputs: { before: a, sum: a.add(b).add(c) },
    assignments: [
      [a, b],
      [b, a],
      [c, c.mul(2).add(d)],
      [d, c.reshape([2, 3]).permute([1, 0]).reshape([6])],
      [table, table.permute([1, 0]).add(a)],
    ],
  };
}

/** Everything that moves: parts of tensors put together, turned, taken, spread and scattered. */
function movement(): Computation {
  const x = input([3, 4, 5], "f32", "x");
  const index = input([7], "i32", "index");
  const turned = x.permute([2, 0, 1]);
  const joined = concat([x, x.narrow(1, 1, 2), x.mul(2)], 1);
  const padded = joined.pad(
    [
      [1, 0],
      [0, 2],
      [3, 1],
    ],
    -1,
  );
  const rows = padded.reshape([-1]).gather(index);
  const spread = index.scatterAdd(rows, [20]);
  const [gradient] = grad(
    spread
      .square()
      .sum()
      .add(turned.narrow(0, 1, 4).exp().sum()),
    [x],
  );
  return { inputs: { x, index }, outputs: { turned, joined, padded, rows, spread, gradient } };
}

/** Sums over some axes and all, long ones in parts, the largest and where it is; of nothing, too. */
function reductions(): Computation {
  const x = input([3, 70_000], "f32", "x");
  const y = input([4, 5, 6, 7], "f32", "y");
  const none = input([0, 3], "f32", "none");
  const sums = { all: x.sum(), long: x.sum(1), tall: x.sum(0), some: y.sum([0, 2]), others: y.max([1, 3]) };
  return {
    inputs: { x, y, none },
    outputs: {
      ...sums,
      where: y.argmax(2),
      nothing: none.sum(0),
      empty: none.mul(2),
      product: none.matmul(y.narrow(0, 0, 1).reshape([3, 70])),
    },
  };
}

/** Columns of one, broadcasting that no mode of a map reads, chains that overflow the registers. */
function wideMaps(): Computation {
  const x = input([4, 1, 6, 1], "f32", "x");
  const y = input([5, 1, 7], "f32", "y");
  const many = Array.from({ length: 70 }, (_, i) => input([9], "f32", `many${i}`));
  const inputs = Object.fromEntries(many.map((each, i) => [`many${i}`, each]));
  const folded = many.reduce((sum, each, i) => sum.mul(each).add(many[(7 * i) % 70]));
  return { inputs: { x, y, ...inputs }, outputs: { outer: x.mul(y).add(x).sub(y), folded } };
}

const computations: Record<string, () => Computation> = {
  training,
  attention,
  spectrumAndFilters,
  recurrence,
  exchange,
  movement,
  reductions,
  wideMaps,
  "a deep network": () => {
    const { nodes: _, ...step } = trainingStep(20);
    return step;
  },
};

describe.each([true, false])("with optimize: %s, verifyProgram accepts", (optimize) => {
  test.each(Object.entries(computations))("%s", (_name, computation) => {
    expect(complaint(computation(), optimize)).toBe("nothing");
  });

  test.each(Object.entries(samples) as [OpName, (typeof samples)[OpName]][])(
    "%s and its derivatives",
    (_name, list) => {
      for (const sample of list)
        for (const point of goldenCases(sample.golden)) {
          const { inputs = [], outputs } = derivativesAt(sample, point);
          const named = Object.fromEntries(inputs.map(([tensor], i) => [`x${i}`, tensor]));
          expect(complaint({ inputs: named, outputs }, optimize)).toBe("nothing");
        }
    },
  );
});
