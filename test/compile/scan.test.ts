// scan: a loop of the same instructions whatever its length, forward and backward, equal to the unrolled graph in values, gradients
// and gradients of gradients.
import { afterAll, describe, expect, test } from "vitest";
import { BARRIER, LOOP, MATMUL } from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { customGradient, grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input, stack } from "../../src/create.ts";
import { topological } from "../../src/graph.ts";
import type { LoopBody } from "../../src/op.ts";
import { checkpoint } from "../../src/ops/checkpoint.ts";
import { type ScanStep, scan } from "../../src/ops/loop.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { Program } from "../../src/program/program.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { arange, scalar } from "../../src/tensor.ts";
import { lstmStep } from "../budget-programs.ts";
import { float32, oracle } from "../executors.ts";
import { partsOf } from "../moves.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { runOn } from "../run.ts";
import { thrown } from "../thrown.ts";

type Step = (carries: readonly Tensor[], elements: readonly Tensor[]) => ScanStep;
type Loop = typeof scan;

/** What scan means: a graph of one step after the other. */
const unrolled: Loop = (step, initial, sequences, options = {}) => {
  const length = options.length ?? sequences[0].shape[0];
  let carries = initial;
  const outputs: (readonly Tensor[])[] = new Array(length);
  for (let i = 0; i < length; i++) {
    const t = options.reverse ? length - 1 - i : i;
    const result = step(
      carries,
      sequences.map((sequence) => sequence.gather(scalar(t, "i32"))),
    );
    carries = result.carries;
    outputs[t] = result.outputs ?? [];
  }
  return {
    carries: [...carries],
    outputs: (outputs[0] ?? []).map((_, j) => stack(outputs.map((list) => list[j]))),
  };
};

/** Numbers without a pattern. */
function data(shape: Shape, phase: number): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => Math.fround(Math.sin(3 * i + phase * 1.7) * 0.8));
}

/** A computation with loops: a scalar, and what to differentiate by. */
interface Sample {
  readonly name: string;
  readonly shapes: readonly Shape[];
  /** Everything computed, weighed with no pattern into one number by the caller. */
  build(loop: Loop, inputs: readonly Tensor[]): readonly Tensor[];
}

const rnn: (w: Tensor, u: Tensor) => Step =
  (w, u) =>
  ([h], [x]) => {
    const next = h.matmul(w).add(x.matmul(u)).tanh();
    return { carries: [next], outputs: [next.sum(1)] };
  };

/** Gates are parts of one product, as PyTorch orders them: input, forget, cell, output. */
const lstm: (wi: Tensor, wh: Tensor, b: Tensor) => Step =
  (wi, wh, b) =>
  ([h, c], [x]) => {
    const gates = x
      .matmul(wi, { transposeB: true })
      .add(h.matmul(wh, { transposeB: true }))
      .add(b);
    const size = h.shape[1];
    const gate = (i: number) => gates.narrow(1, i * size, size);
    const next = gate(1)
      .sigmoid()
      .mul(c)
      .add(gate(0).sigmoid().mul(gate(2).tanh()));
    return { carries: [gate(3).sigmoid().mul(next.tanh()), next] };
  };

const steeper = customGradient(
  (x) => x.sin(),
  (cotangent, [x]) => [cotangent.mul(x.cos()).mul(2)],
);

const all = (result: ReturnType<Loop>) => [...result.carries, ...result.outputs];

const samples: readonly Sample[] = [
  {
    name: "a recurrent layer with captured weights",
    shapes: [
      [5, 2, 3],
      [2, 4],
      [4, 4],
      [3, 4],
    ],
    build: (loop, [xs, h, w, u]) => all(loop(rnn(w, u), [h], [xs])),
  },
  {
    name: "the same backwards",
    shapes: [
      [5, 2, 3],
      [2, 4],
      [4, 4],
      [3, 4],
    ],
    build: (loop, [xs, h, w, u]) => all(loop(rnn(w, u), [h], [xs], { reverse: true })),
  },
  {
    name: "final carries alone, the outputs unused",
    shapes: [
      [5, 2, 3],
      [2, 4],
      [4, 4],
      [3, 4],
    ],
    build: (loop, [xs, h, w, u]) => loop(rnn(w, u), [h], [xs]).carries,
  },
  {
    name: "outputs alone, the final carry unused",
    shapes: [
      [5, 2, 3],
      [2, 4],
      [4, 4],
      [3, 4],
    ],
    build: (loop, [xs, h, w, u]) => loop(rnn(w, u), [h], [xs]).outputs,
  },
  {
    name: "several carries that exchange places, one of them idle",
    shapes: [[6, 3], [3], [3], [3]],
    build: (loop, [xs, a, b, c]) =>
      all(
        loop(
          ([p, q, r], [x]) => ({ carries: [q.mul(x).sin(), p.add(r.mul(x)), r], outputs: [p, q.mul(r)] }),
          [a, b, c],
          [xs],
        ),
      ),
  },
  {
    name: "several sequences, an output that is an element and one that is the carry as it was found",
    shapes: [[4, 2], [4, 2], [2]],
    build: (loop, [xs, ys, a]) =>
      all(loop(([p], [x, y]) => ({ carries: [p.mul(x).add(y)], outputs: [x, p] }), [a], [xs, ys])),
  },
  {
    name: "no sequence, only a length",
    shapes: [[3], [3]],
    build: (loop, [a, k]) =>
      all(loop(([p]) => ({ carries: [p.mul(k).cos()], outputs: [p.square()] }), [a], [], { length: 4 })),
  },
  {
    name: "no carry, only outputs",
    shapes: [[4, 3], [3]],
    build: (loop, [xs, k]) => loop((_, [x]) => ({ carries: [], outputs: [x.mul(k).exp()] }), [], [xs]).outputs,
  },
  {
    name: "a capture read by the step and outside it, and a constant inside",
    shapes: [[4, 3], [3], [3]],
    build: (loop, [xs, a, k]) => [
      ...all(
        loop(
          ([p], [x]) => ({ carries: [p.add(x.mul(k)).mul(0.5).tanh()], outputs: [p.mul(constant([1, 2, 3]))] }),
          [a],
          [xs],
        ),
      ),
      k.square(),
    ],
  },
  {
    name: "a scan in a scan",
    shapes: [[3, 4, 2], [2], [2]],
    build: (loop, [xs, a, k]) =>
      all(
        loop(
          ([p], [row]) => {
            const inner = loop(([q], [x]) => ({ carries: [q.mul(k).add(x).tanh()], outputs: [q.mul(x)] }), [p], [row]);
            return { carries: inner.carries, outputs: [inner.outputs[0].sum(0), p.mul(k)] };
          },
          [a],
          [xs],
        ),
      ),
  },
  {
    name: "a reversed scan over the outputs of a scan",
    shapes: [[5, 2], [2], [2]],
    build: (loop, [xs, a, k]) => {
      const first = loop(([p], [x]) => ({ carries: [p.mul(k).add(x).sin()], outputs: [p.add(x)] }), [a], [xs]);
      const second = loop(
        ([q], [y]) => ({ carries: [q.add(y.mul(k)).tanh()], outputs: [q] }),
        first.carries,
        first.outputs,
        { reverse: true },
      );
      return [...all(first), ...all(second)];
    },
  },
  {
    name: "scalars",
    shapes: [[7], [], []],
    build: (loop, [xs, a, k]) =>
      all(loop(([p], [x]) => ({ carries: [p.mul(k).add(x)], outputs: [p.mul(p)] }), [a], [xs])),
  },
  {
    name: "an LSTM, its gates slices of one product",
    shapes: [[5, 2, 3], [2, 4], [2, 4], [16, 3], [16, 4], [16]],
    build: (loop, [xs, h, c, wi, wh, b]) => loop(lstm(wi, wh, b), [h, c], [xs]).carries,
  },
  {
    name: "an LSTM of one step, backwards",
    shapes: [[1, 2, 3], [2, 4], [2, 4], [16, 3], [16, 4], [16]],
    build: (loop, [xs, h, c, wi, wh, b]) => loop(lstm(wi, wh, b), [h, c], [xs], { reverse: true }).carries,
  },
  {
    name: "a weight used twice in a step, through views, beside a bias used twice",
    shapes: [[4, 2, 3], [2, 3], [9], [1, 3]],
    build: (loop, [xs, h, w, b]) =>
      all(
        loop(
          ([p], [x]) => {
            const square = w.reshape([3, 3]);
            const inner = p
              .matmul(square.permute([1, 0]))
              .add(b)
              .sin()
              .sub(b);
            return { carries: [inner.matmul(square).add(x).tanh()], outputs: [inner] };
          },
          [h],
          [xs],
        ),
      ),
  },
  {
    name: "weights to the left of columns, a bias beside rows",
    shapes: [
      [4, 2, 3],
      [4, 2],
      [4, 4],
      [4, 3],
      [4, 1],
    ],
    build: (loop, [xs, h, w, u, b]) =>
      all(
        loop(
          ([p], [x]) => ({
            carries: [
              w
                .matmul(p)
                .add(u.matmul(x, { transposeB: true }))
                .add(b)
                .tanh(),
            ],
          }),
          [h],
          [xs],
        ),
      ).concat(
        all(
          loop(
            ([p], [x]) => ({
              carries: [
                w
                  .matmul(p, { transposeA: true })
                  .add(u.matmul(x.permute([1, 0])))
                  .tanh(),
              ],
            }),
            [h],
            [xs],
          ),
        ),
      ),
  },
  {
    name: "batches of matrices, times one matrix and times one each",
    shapes: [
      [3, 2, 4, 3],
      [2, 4, 3],
      [3, 3],
      [2, 3, 3],
      [2, 4, 4],
    ],
    build: (loop, [xs, h, w, each, left]) =>
      all(
        loop(
          ([p], [x]) => ({ carries: [p.matmul(w).add(x.matmul(each)).tanh()], outputs: [left.matmul(p)] }),
          [h],
          [xs],
        ),
      ),
  },
  {
    name: "rows of a table by whole numbers, a sequence and captured ones",
    shapes: [
      [4, 3],
      [2, 3],
    ],
    build: (loop, [table, h]) =>
      all(
        loop(
          ([p], [i]) => ({
            carries: [
              p
                .mul(table.gather(i))
                .sin()
                .add(p.mul(table.gather(constant([2, 0], { dtype: "i32" })))),
            ],
          }),
          [h],
          [constant([0, 3, 3, 1, 1, 2, 0, 0], { shape: [4, 2], dtype: "i32" })],
        ),
      ),
  },
  {
    name: "a linear step, whose cotangent is the carry itself",
    shapes: [[4, 2, 3], [2, 3], [3, 3], [3]],
    build: (loop, [xs, h, w, b]) =>
      all(loop(([p], [x]) => ({ carries: [p.matmul(w).add(x).add(b)], outputs: [x.sub(b)] }), [h], [xs])),
  },
  {
    name: "a weight in a product and in what is none",
    shapes: [
      [4, 2, 3],
      [2, 3],
      [3, 3],
    ],
    build: (loop, [xs, h, w]) =>
      all(loop(([p], [x]) => ({ carries: [p.matmul(w).add(x).tanh()], outputs: [w.mul(p.sum()).sin()] }), [h], [xs])),
  },
  {
    name: "a scan in a scan, with weights read by both, and by the outer one alone",
    shapes: [[3, 4, 2, 3], [2, 3], [3, 3], [3, 3], [3]],
    build: (loop, [xs, a, w, u, b]) =>
      all(
        loop(
          ([p], [rows]) => {
            const inner = loop(
              ([q], [x]) => ({ carries: [q.matmul(w).add(x).add(b).tanh()], outputs: [q] }),
              [p.matmul(u).add(b)],
              [rows],
            );
            return { carries: [inner.carries[0].matmul(w)], outputs: [inner.outputs[0].matmul(u)] };
          },
          [a],
          [xs],
        ),
      ),
  },
  {
    name: "a checkpoint in the step",
    shapes: [[4, 2, 3], [2, 3], [3, 3], [3]],
    build: (loop, [xs, h, w, b]) =>
      all(
        loop(
          ([p], [x]) => {
            const block = checkpoint((q: Tensor, y: Tensor) =>
              q.matmul(w).tanh().matmul(w).add(y.matmul(w)).add(b).sin(),
            );
            return { carries: [block(p, x)] };
          },
          [h],
          [xs],
        ),
      ),
  },
  {
    name: "vectors, no batch of them",
    shapes: [[4, 3], [3], [3, 3], [3]],
    build: (loop, [xs, h, w, b]) =>
      all(loop(([p], [x]) => ({ carries: [p.matmul(w).add(b).add(x).tanh()], outputs: [x.add(b)] }), [h], [xs])),
  },
  {
    name: "a gradient rule of the caller's own",
    shapes: [[4, 2, 3], [2, 3], [3, 3], [3]],
    build: (loop, [xs, h, w, b]) =>
      all(loop(([p], [x]) => ({ carries: [steeper(p.matmul(w).add(x).add(b))] }), [h], [xs])),
  },
  {
    name: "one step",
    shapes: [
      [1, 2, 3],
      [2, 4],
      [4, 4],
      [3, 4],
    ],
    build: (loop, [xs, h, w, u]) => all(loop(rnn(w, u), [h], [xs])),
  },
];

/** Value, gradients and gradients of gradients of all that a sample gives, weighed. */
function graphOf({ shapes, build }: Sample, loop: Loop) {
  const inputs = shapes.map((shape) => input(shape));
  const results = build(loop, inputs);
  const weighed = (tensors: readonly Tensor[], phase: number) =>
    tensors
      .map((tensor, i) => tensor.mul(constant(data(tensor.shape, phase + i), { shape: tensor.shape })).sum())
      .reduce((a, b) => a.add(b));
  const first = grad(weighed(results, 1), inputs);
  const second = grad(weighed(first, 2), inputs);
  const named = (prefix: string, list: readonly Tensor[]) =>
    list.map((tensor, i) => [`${prefix} ${i}`, tensor] as const);
  return {
    outputs: Object.fromEntries([...named("value", results), ...named("gradient", first), ...named("second", second)]),
    inputs: inputs.map((tensor, i) => [tensor, data(tensor.shape, i)] as const),
  };
}

const executor = oracle({ poison: true });
const others = Object.entries(float32).map(([name, create]) => [name, create({ poison: true })] as const);
afterAll(() => Promise.all([executor, ...others.map(([, other]) => other)].map((each) => each.dispose())));

describe.each(samples)("$name", (sample) => {
  // Both sum in Float64, gradients in another order.
  test("equals the unrolled graph: values, gradients, gradients of gradients", async () => {
    const expected = await runOn(executor, graphOf(sample, unrolled));
    for (const optimize of [true, false]) {
      const found = await runOn(executor, graphOf(sample, scan), { optimize });
      for (const [name, values] of Object.entries(expected)) {
        const allowed = 1e-13 * Math.max(1, largest(values));
        expect(disagreements(name, found[name], values, () => allowed)).toEqual([]);
      }
    }
  });

  // Float32 rounds at 6e-8; a gradient of a gradient passes every step twice, in some ten functions.
  test.each(others)("is the same on %s", async (_, other) => {
    const expected = await runOn(executor, graphOf(sample, scan));
    for (const optimize of [true, false]) {
      const found = await runOn(other, graphOf(sample, scan), { optimize });
      for (const [name, values] of Object.entries(expected)) {
        const allowed = 1e-5 * Math.max(1, largest(values));
        expect(disagreements(name, found[name], values, () => allowed)).toEqual([]);
      }
    }
  });
});

/** Instructions by opcode, barriers left out. */
function opcodesOf({ code }: Program): number[] {
  const list: number[] = [];
  for (let at = 0; at < code.length; at += lengthAt(code, at))
    if (opcodeAt(code, at) !== BARRIER) list.push(opcodeAt(code, at));
  return list;
}

describe("the number of instructions does not depend on the length", () => {
  // So large that what the products over all steps read is packed at either length, and so small that no sum is cut into parts.
  const [B, H] = [8, 40];
  const programOf = (length: number, order: 0 | 1 | 2, optimize: boolean) => {
    const [xs, w, u] = [input([length, B, H]), input([H, H]), input([H, H])];
    const start = scalar(0).broadcastTo([B, H]);
    const { carries, outputs } = scan(rnn(w, u), [start], [xs]);
    const loss = carries[0].sum().add(outputs[0].square().sum());
    const first = order === 0 ? [] : grad(loss, [xs, w, u]);
    const second =
      order < 2
        ? []
        : grad(
            first.map((g) => g.square().sum()).reduce((a, b) => a.add(b)),
            [w, u],
          );
    const outputsByName = Object.fromEntries([loss, ...first, ...second].map((tensor, i) => [`${i}`, tensor]));
    return compile({ inputs: { xs, w, u }, outputs: outputsByName }, { optimize });
  };

  test.each([
    [0, 1],
    [1, 2],
    [2, 4],
  ] as const)(
    "T = 512 and T = 32 have the same code for derivatives of order %d, in at least %d loops",
    (order, loops) => {
      for (const optimize of [true, false]) {
        const [short, long] = [programOf(32, order, optimize), programOf(512, order, optimize)];
        // Sizes decide what goes before what, and with it where barriers stand.
        const instructions = (program: Program) =>
          opcodesOf(program)
            .filter((opcode) => opcode !== BARRIER)
            .sort((a, b) => a - b);
        expect(instructions(long)).toEqual(instructions(short));
        expect(opcodesOf(long).filter((opcode) => opcode === LOOP).length).toBeGreaterThanOrEqual(loops);
      }
    },
  );
});

describe("the training step of an LSTM", () => {
  const [batch, features, hidden] = [12, 32, 64];
  const [short, long] = [lstmStep(32, batch), lstmStep(512, batch)];

  /** Sizes of all products in the bodies of its loops, and of those outside. */
  const productsOf = ({ code }: Program) => {
    const [inside, outside]: string[][] = [[], []];
    for (let at = 0, end = 0; at < code.length; at += lengthAt(code, at)) {
      if (opcodeAt(code, at) === LOOP) end = at + lengthAt(code, at) + code[at + slot.LOOP_BODY];
      if (opcodeAt(code, at) !== MATMUL) continue;
      const [m, n, k] = [slot.MATMUL_M, slot.MATMUL_N, slot.MATMUL_K].map((number) => code[at + number]);
      (at < end ? inside : outside).push(`${m} x ${n} x ${k}`);
    }
    return { inside, outside };
  };

  test("makes the gradients of its weights by one product each, over all steps, after the loop", () => {
    const gates = 4 * hidden;
    for (const [program, length] of [[short, 32] as const, [long, 512] as const]) {
      const { inside, outside } = productsOf(program);
      const forward = [`${batch} x ${gates} x ${features}`, `${batch} x ${gates} x ${hidden}`];
      expect(inside.toSorted()).toEqual([...forward, ...forward, `${batch} x ${hidden} x ${gates}`].toSorted());
      expect(outside).toContain(`${gates} x ${features} x ${length * batch}`);
      expect(outside).toContain(`${gates} x ${hidden} x ${length * batch}`);
    }
  });

  test("is as many instructions whatever the length", () => {
    const sorted = (program: Program) => opcodesOf(program).sort((a, b) => a - b);
    expect(sorted(long)).toEqual(sorted(short));
    expect(partsOf(long)).toEqual(partsOf(short));
  });

  test("keeps both carries and the cotangent of the gates of every step, and nothing else", () => {
    const words = (length: number) => lstmStep(length, batch).arenaWords;
    const aStep = batch * (2 * hidden + 4 * hidden);
    expect(words(256) - words(128)).toBe(128 * aStep);
    // In longer ones the panels of a whole stack, which a product reads after the loop, no longer fit where others were.
    expect(words(512)).toBeLessThan(2 * words(256));
  });
});

test("T = 512 computes what T = 512 unrolled computes", async () => {
  const sample: Sample = {
    name: "",
    shapes: [
      [512, 2, 3],
      [2, 4],
      [4, 4],
      [3, 4],
    ],
    build: (loop, [xs, h, w, u]) => all(loop(rnn(w.mul(0.5), u), [h], [xs])),
  };
  const [expected, found] = await Promise.all([unrolled, scan].map((loop) => runOn(executor, graphOf(sample, loop))));
  for (const [name, values] of Object.entries(expected)) {
    const allowed = 1e-11 * Math.max(1, largest(values));
    expect(disagreements(name, found[name], values, () => allowed)).toEqual([]);
  }
});

describe("length 0", () => {
  test("leaves the carries as they were, gives empty outputs and no gradients but the carries'", async () => {
    const xs = input([0, 3]);
    const [h, k] = [input([3]), input([3])];
    const { carries, outputs } = scan(([p], [x]) => ({ carries: [p.mul(k).add(x)], outputs: [p] }), [h], [xs]);
    const loss = carries[0].square().sum().add(outputs[0].sum());
    const [byXs, byH, byK] = grad(loss, [xs, h, k]);
    for (const [, each] of [["oracle", executor] as const, ...others])
      for (const optimize of [true, false]) {
        const inputs = [[xs, []] as const, [h, [1, 2, 3]] as const, [k, [4, 5, 6]] as const];
        const found = await runOn(
          each,
          { outputs: { carry: carries[0], output: outputs[0], byXs, byH, byK }, inputs },
          { optimize },
        );
        expect(Object.values(found).map((values) => [...values])).toEqual([[1, 2, 3], [], [], [2, 4, 6], [0, 0, 0]]);
      }
  });
});

test("no step has a share in a weight, a bias or a table", async () => {
  const [xs, h] = [input([0, 2, 3]), input([2, 3])];
  const [w, b, table] = [input([3, 3]), input([3]), input([4, 3])];
  const { carries } = scan(
    ([p], [x, i]) => ({ carries: [p.matmul(w).add(x).add(b).mul(table.gather(i)).tanh()] }),
    [h],
    [xs, constant([], { shape: [0, 2], dtype: "i32" })],
  );
  const gradients = grad(carries[0].sum(), [w, b, table]);
  const outputs = Object.fromEntries(gradients.map((gradient, i) => [`${i}`, gradient]));
  const inputs = [xs, h, w, b, table].map((tensor, i) => [tensor, data(tensor.shape, i)] as const);
  for (const [, each] of [["oracle", executor] as const, ...others])
    for (const optimize of [true, false]) {
      const found = await runOn(each, { outputs, inputs }, { optimize });
      expect(Object.values(found).map((values) => [...values])).toEqual(
        gradients.map(({ shape }) => new Array(sizeOf(shape)).fill(0)),
      );
    }
});

describe("sums over all steps of what they have a share in", () => {
  const [xs, h, w] = [input([5, 2, 3]), input([2, 3]), input([3, 3])];
  const table = constant([0, 3, 3, 1, 1, 2, 0, 0, 1, 0], { shape: [5, 2], dtype: "i32" });
  const twice = (p: Tensor) => p.matmul(w).tanh().matmul(w.transpose());

  /** Of the gradient's loop, how many sums it carries, and how many results of its steps are stacked by it. */
  function loopOf(by: Tensor, step: Step, start: Tensor = h): { carried: number; stacked: number } {
    const { carries } = scan(step, [start], [xs, table]);
    const order = topological([grad(carries[0].sum(), [by])[0]]);
    const back = order.filter(({ op }) => op.lowering.kind === "loop").at(-1) as Tensor;
    const body = back.attrs as LoopBody;
    const read = order.filter(({ op, inputs }) => op.lowering.kind === "item" && inputs[0] === back);
    const stacked = read.filter(({ attrs }) => (attrs as { readonly index: number }).index >= body.carries);
    return { carried: body.carries - 1, stacked: stacked.length };
  }

  const b = input([3]);
  const columns = input([3, 2]);
  test.each<[string, Tensor, Step, number, Tensor?]>([
    ["a product's weight", w, ([p], [x]) => ({ carries: [p.matmul(w).add(x).tanh()] }), 1],
    ["a transposed one", w, ([p], [x]) => ({ carries: [p.matmul(w, { transposeB: true }).add(x).tanh()] }), 1],
    ["the left factor", w, ([p], [x]) => ({ carries: [w.matmul(p).add(x.transpose()).tanh()] }), 1, columns],
    ["one of what is a sequence already", w, ([p], [x]) => ({ carries: [p.add(x.matmul(w)).tanh()] }), 1],
    ["one of a linear step, whose cotangent is the carry", w, ([p], [x]) => ({ carries: [p.matmul(w).add(x)] }), 1],
    ["a weight used twice", w, ([p], [x]) => ({ carries: [twice(p).add(x).tanh()] }), 3],
    [
      "a weight and a bias",
      w,
      ([p]) => ({
        carries: [
          p
            .matmul(w)
            .add(w.narrow(0, 0, 1))
            .tanh(),
        ],
      }),
      1,
    ],
    ["a bias", b, ([p], [x]) => ({ carries: [p.add(x).add(b).tanh()] }), 1],
    ["a factor of rows", b, ([p], [x]) => ({ carries: [p.add(x).mul(b).tanh()] }), 1],
    ["rows of a table", w, ([p], [, i]) => ({ carries: [p.mul(w.gather(i)).tanh()] }), 1],
  ])("of %s are made after the loop", (_, by, step, stacked, start) => {
    expect(loopOf(by, step, start)).toEqual({ carried: 0, stacked });
  });

  test.each<[string, Tensor, Step]>([
    [
      "a matrix that no sum reads",
      w,
      ([p]) => ({
        carries: [
          p
            .mul(w.sum(0))
            .mul(w.narrow(0, 0, 2))
            .tanh(),
        ],
      }),
    ],
    [
      "a weight of a scan inside, whose own product is deep",
      w,
      ([p], [x]) => scan(([q], [row]) => ({ carries: [q.matmul(w).add(row).tanh()] }), [p], [x]),
    ],
  ])("of %s are carried", (_, by, step) => {
    expect(loopOf(by, step)).toMatchObject({ carried: 1 });
  });
});

test("integer carries and sequences count, and pass no gradient", async () => {
  const xs = input([4, 2]);
  const index = arange(4);
  const { carries, outputs } = scan(
    ([count, total], [x, i]) => {
      const factor = count.add(i).cast("f32");
      return { carries: [count.add(2), total.add(x.mul(factor))], outputs: [count] };
    },
    [scalar(10, "i32"), constant([0, 0])],
    [xs, index],
  );
  const [slope] = grad(carries[1].sum(), [xs]);
  const outputsByName = { count: carries[0], total: carries[1], counts: outputs[0], slope };
  for (const [, each] of [["oracle", executor] as const, ...others]) {
    const found = await runOn(each, { outputs: outputsByName, inputs: [[xs, [1, 1, 1, 1, 1, 1, 1, 1]]] });
    expect(Object.values(found).map((values) => [...values])).toEqual([
      [18],
      [58, 58],
      [10, 12, 14, 16],
      [10, 10, 13, 13, 16, 16, 19, 19],
    ]);
  }
});

describe("bad input gets a typed error", () => {
  const same: Step = ([p]) => ({ carries: [p] });
  test.each<[string, () => unknown, string]>([
    [
      "neither a sequence nor a length",
      () => scan(same, [scalar(0)], []),
      "ArgumentError: scan: needs a sequence or a length",
    ],
    [
      "half a step",
      () => scan(same, [scalar(0)], [], { length: 1.5 }),
      "ArgumentError: scan: length must be a whole number >= 0, got 1.5",
    ],
    [
      "sequences of unlike length",
      () => scan(same, [scalar(0)], [input([3]), input([4, 2])]),
      "ShapeError: scan: a sequence of shape [4, 2] is not 3 long",
    ],
    [
      "a scalar as a sequence",
      () => scan(same, [scalar(0)], [scalar(1)]),
      "ShapeError: scan: a sequence of shape [] has no axis to run along",
    ],
    [
      "a carry that changes its shape",
      () => scan(([p]) => ({ carries: [p.broadcastTo([2])] }), [scalar(0)], [], { length: 2 }),
      "ShapeError: scan: carry 0 changes from [] to [2]",
    ],
    [
      "a carry that changes its dtype",
      () => scan(([p]) => ({ carries: [p.cast("i32")] }), [scalar(0)], [], { length: 2 }),
      "DTypeError: scan: carry 0 changes from f32 to i32",
    ],
    [
      "a carry that is lost",
      () => scan(() => ({ carries: [] }), [scalar(0)], [], { length: 2 }),
      "ArgumentError: scan: 1 carries in, 0 out",
    ],
  ])("%s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});
