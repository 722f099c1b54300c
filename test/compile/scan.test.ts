// scan: a loop of the same instructions whatever its length, forward and backward, equal to the unrolled graph in values, gradients
// and gradients of gradients.
import { afterAll, describe, expect, test } from "vitest";
import { BARRIER, LOOP } from "../../assembly/isa/opcode.ts";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { constant, input, stack } from "../../src/create.ts";
import { type ScanStep, scan } from "../../src/ops/loop.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { Program } from "../../src/program/program.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { arange, scalar } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
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
  const B = 4;
  const programOf = (length: number, order: 0 | 1 | 2, optimize: boolean) => {
    const [xs, w, u] = [input([length, B, 3]), input([5, 5]), input([3, 5])];
    const start = scalar(0).broadcastTo([B, 5]);
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
