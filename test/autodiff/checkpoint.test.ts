// checkpoint: backward computes again what lies inside. Fewer arena bytes, the same numbers; masks, loops, nesting, second gradients.
import { afterAll, describe, expect, test } from "vitest";
import { customGradient, grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluateAll, initialise } from "../../src/evaluate.ts";
import { BatchNorm1d } from "../../src/nn/batch-normalization.ts";
import { Residual, Sequential } from "../../src/nn/containers.ts";
import { gelu, tanh } from "../../src/nn/functional.ts";
import { Linear } from "../../src/nn/layers.ts";
import { type Context, evaluationContext, parameters, trainingContext, variables } from "../../src/nn/module.ts";
import { Dropout } from "../../src/nn/regularization.ts";
import { checkpoint } from "../../src/ops/checkpoint.ts";
import { scan } from "../../src/ops/loop.ts";
import { verifyProgram } from "../../src/program/verify-program.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import type { Assignment, Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { thrown } from "../thrown.ts";

const executors = Object.entries({ oracle, ...float32 }).map(([name, make]) => [name, make({ poison: true })] as const);
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

const waves = (count: number) => Float64Array.from({ length: count }, (_, i) => Math.sin(i * i + 1));

interface Net {
  readonly blocks: readonly Sequential[];
  readonly weights: readonly Variable[];
}

/** Blocks of `each` layers: 16 in all. */
function net(each: number, width: number, dropout = 0): Net {
  const layers = () =>
    Array.from({ length: each }, (_, i) => [
      new Linear(width, width),
      i % 2 ? tanh : gelu,
      new Dropout(dropout),
    ]).flat();
  const blocks = Array.from({ length: 16 / each }, () => new Sequential(...layers()));
  return { blocks, weights: [...parameters(blocks).values()] };
}

/** One step of gradient descent. */
function stepOf(
  { blocks, weights }: Net,
  batch: number,
  width: number,
  saving: boolean,
  context: Context,
  others: readonly Assignment[] = [],
) {
  const x = constant(waves(batch * width), { shape: [batch, width] });
  const output = blocks.reduce<Tensor>((value, block) => {
    const run = (a: Tensor) => block.forward(a, context);
    return (saving ? checkpoint(run) : run)(value);
  }, x);
  const loss = output.square().sum();
  const gradients = grad(loss, weights);
  const assignments = weights.map((weight, i) => [weight, weight.sub(gradients[i].mul(0.01))] as const);
  const program = compile({ outputs: { loss }, assignments: [...assignments, ...others] });
  verifyProgram(program);
  return program;
}

/** Losses and weights after three steps, as numbers. */
async function trained(executor: Executor, { blocks, weights }: Net, program: ReturnType<typeof stepOf>) {
  await initialise(executor, [...variables(blocks).values()], 7);
  const id = await executor.load(program);
  await executor.run([[id, 3]]).done;
  const values = await Promise.all(weights.map(({ key }) => executor.read({ variable: key })));
  const loss = await executor.read({ program: id, name: "loss" });
  await executor.unload(id);
  return { loss: [...loss], values: values.map((list) => [...list]) };
}

describe("a deep network", () => {
  test.each([
    { batch: 1024, width: 64, each: 4, share: 0.4 },
    { batch: 128, width: 64, each: 4, share: 0.4 },
    { batch: 128, width: 128, each: 4, share: 0.4 },
  ])("of 16 layers in $each at a time needs less than $share of the arena", ({ batch, width, each, share }) => {
    const model = net(each, width);
    const [plain, saving] = [false, true].map((mode) => stepOf(model, batch, width, mode, evaluationContext()));
    expect(saving.arenaWords).toBeLessThan(share * plain.arenaWords);
    expect(saving.code.length).toBeGreaterThan(plain.code.length);
  });

  test.each(executors)("has the same bits after three steps, dropout included, on %s", async (_, executor) => {
    const model = net(4, 20, 0.25);
    const context = () => trainingContext(3, scalar(1, "i32"));
    const [plain, saving] = [false, true].map((mode) => stepOf(model, 12, 20, mode, context()));
    const results = [await trained(executor, model, plain), await trained(executor, model, saving)];
    expect(results[0].loss.every(Number.isFinite)).toBe(true);
    expect(results[1]).toEqual(results[0]);
  });

  test.each(executors)(
    "has the same bits with weights that all blocks share, and running statistics, on %s",
    async (_, executor) => {
      const shared = new Linear(20, 20);
      const norm = new BatchNorm1d(20);
      const blocks = Array.from({ length: 4 }, () => new Sequential(shared, norm, tanh, new Residual(shared)));
      const model = { blocks, weights: [...parameters(blocks).values()] };
      const results = [];
      for (const saving of [false, true]) {
        const assignments: Assignment[] = [];
        const program = stepOf(model, 12, 20, saving, trainingContext(3, scalar(1, "i32"), assignments), assignments);
        results.push(await trained(executor, { blocks, weights: [...variables(blocks).values()] }, program));
      }
      expect(results[1]).toEqual(results[0]);
    },
  );

  test("draws masks again in place of keeping them", () => {
    const model = net(4, 64, 0.25);
    const context = () => trainingContext(3, scalar(1, "i32"));
    const saving = stepOf(model, 256, 64, true, context());
    const plain = stepOf(model, 256, 64, false, context());
    expect(saving.arenaWords).toBeLessThan(0.4 * plain.arenaWords);
  });
});

describe("gradients through checkpoint", () => {
  const points = () => [constant([0.5, -1.5, 2]), constant([1.25, 0.75, -0.5])];
  const body = (a: Tensor, b: Tensor) => a.mul(b).sin().mul(a.exp()).add(b.mul(b.tanh()));
  /** Gradients, and the gradients of their weighed sum, of both arguments. */
  const derivatives = (fn: (...inputs: Tensor[]) => Tensor) => {
    const inputs = points();
    const first = grad(fn(...inputs).sum(), inputs);
    const weighed = first[0]
      .mul(constant([1, 2, 3]))
      .sum()
      .add(first[1].square().sum());
    return [...first, ...grad(weighed, inputs)];
  };

  test.each<[string, (...inputs: Tensor[]) => Tensor]>([
    ["one function", checkpoint(body)],
    ["one in another", checkpoint((a, b) => checkpoint(body)(a.mul(1), b).mul(1))],
    ["one around another", checkpoint(checkpoint(body))],
    [
      "two results",
      (a, b) =>
        checkpoint((p, q) => [p.mul(q).sin(), p.exp(), q.mul(q.tanh())])(a, b).reduce((s, v, i) =>
          i === 1 ? s.mul(v) : s.add(v),
        ),
    ],
    ["an argument that is unused", (a, b) => checkpoint((p, q, _) => body(p, q))(a, b, scalar(1))],
    ["a tensor from outside", (a, b) => checkpoint((p) => body(p, b))(a)],
    ["the argument itself", (a, b) => body(checkpoint((p) => p)(a), b)],
  ])("of %s are the same, twice", async (_, fn) => {
    const executor = oracle({ poison: true });
    const expected = await evaluateAll(derivatives(body), { executor });
    const found = await evaluateAll(derivatives(fn), { executor });
    expect(found.slice(0, 2)).toEqual(expected.slice(0, 2));
    // Second gradients come on two ways, through the values and through the values computed again: sums in another order.
    for (const [i, values] of expected.entries())
      expect(disagreements(`${i}`, found[i], values, () => 1e-14 * largest(values))).toEqual([]);
    const plain = await evaluateAll(derivatives(fn), { executor, optimize: false });
    expect(plain.slice(0, 2)).toEqual(expected.slice(0, 2));
    expect(await checkGradients(fn, points(), { order: 2 })).toBeLessThan(1e-6);
    await executor.dispose();
  });

  test("of a loop inside are the same, and of a checkpoint inside a loop", async () => {
    const rows = constant(waves(12), { shape: [4, 3] });
    const start = constant([0.1, 0.2, 0.3]);
    const run = (step: (c: Tensor, x: Tensor) => Tensor) => (c: Tensor, x: Tensor) =>
      scan(([carry], [row]) => ({ carries: [step(carry, row)] }), [c], [x]).carries[0];
    const step = (c: Tensor, x: Tensor) => c.mul(x).sin().add(c.tanh());
    const executor = oracle({ poison: true });
    const gradients = (fn: (c: Tensor, x: Tensor) => Tensor) =>
      evaluateAll(grad(fn(start, rows).square().sum(), [start, rows]), { executor });
    const expected = await gradients(run(step));
    expect(await gradients(checkpoint(run(step)) as typeof step)).toEqual(expected);
    expect(await gradients(run(checkpoint(step) as typeof step))).toEqual(expected);
    await executor.dispose();
  });

  test("asked for one by one cost no second computation", () => {
    const [a, b] = points();
    const value = checkpoint(body)(a, b).sum();
    const size = (gradients: Tensor[]) =>
      compile({ outputs: Object.fromEntries(gradients.map((each, i) => [`g${i}`, each])) }).code.length;
    expect(size([...grad(value, [a]), ...grad(value, [b])])).toBe(size(grad(value, [a, b])));
  });

  test("may be of a function without any, or with a rule that ignores the cotangent", async () => {
    const x = constant([0.5, 1, 2]);
    const own = customGradient(
      (a) => a.exp(),
      (_, [a]) => [a.square()],
    );
    for (const [fn, expected] of [
      [(a: Tensor) => a.exp().floor(), [0, 0, 0]],
      [(a: Tensor) => own(a.mul(2)).mul(3), [2, 8, 32]],
    ] as const) {
      const [gradient] = grad(checkpoint(fn)(x).sum(), [x]);
      verifyProgram(compile({ outputs: { gradient } }));
      verifyProgram(compile({ outputs: { gradient } }, { optimize: false }));
      expect((await evaluateAll([gradient])).map((list) => [...list])).toEqual([expected]);
    }
  });
});

test("checkpoint of no tensors is an error", () => {
  expect(thrown(() => checkpoint(() => scalar(1))())).toBe(
    "ArgumentError: checkpoint: the function is given no tensors",
  );
});
