// Assignments happen at once, after all outputs: whatever the passes do in place, every value is computed from what variables held
// before the step.
import { describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { initialise } from "../../src/evaluate.ts";
import { scalar } from "../../src/tensor.ts";
import { type Assignment, Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { thrown } from "../thrown.ts";

const executors = [["oracle", oracle] as const, ...Object.entries(float32)];

/** Values of the variables after some steps, by the optimised program and by the plain one; both must agree. */
async function stepped(steps: number, variables: readonly Variable[], assignments: readonly Assignment[]) {
  const results: number[][][] = [];
  for (const [, create] of executors)
    for (const optimize of [true, false]) {
      const executor = create({ poison: true });
      await initialise(executor, variables, 0);
      const outputs = Object.fromEntries(variables.map((variable, i) => [`before${i}`, variable]));
      const id = await executor.load(compile({ outputs, assignments }, { optimize }));
      await executor.run([[id, steps]]).done;
      const values = variables.map(async ({ key }) => [...(await executor.read({ variable: key }))]);
      results.push(await Promise.all(values));
      await executor.dispose();
    }
  for (const result of results) expect(result).toEqual(results[0]);
  return results[0];
}

const vector = (data: number[]) => new Variable([data.length], data);

describe("variables exchange their values", () => {
  test("two: a <- b, b <- a", async () => {
    const [a, b] = [vector([1, 2, 3]), vector([4, 5, 6])];
    const swap: Assignment[] = [
      [a, b],
      [b, a],
    ];
    expect(await stepped(1, [a, b], swap)).toEqual([
      [4, 5, 6],
      [1, 2, 3],
    ]);
    expect(await stepped(2, [a, b], swap)).toEqual([
      [1, 2, 3],
      [4, 5, 6],
    ]);
  });

  test("three in a ring, in any order of the assignments", async () => {
    const [a, b, c] = [vector([1]), vector([2]), vector([3])];
    const ring: Assignment[] = [
      [a, b],
      [b, c],
      [c, a],
    ];
    expect(await stepped(1, [a, b, c], ring)).toEqual([[2], [3], [1]]);
    expect(await stepped(1, [a, b, c], ring.toReversed())).toEqual([[2], [3], [1]]);
    expect(await stepped(4, [a, b, c], ring)).toEqual([[2], [3], [1]]);
  });

  test("through views and with arithmetic on the way", async () => {
    const [a, b] = [new Variable([2, 2], [1, 2, 3, 4]), vector([5, 6, 7, 8])];
    const swap: Assignment[] = [
      [a, b.add(1).reshape([2, 2])],
      [b, a.reshape([4])],
    ];
    expect(await stepped(1, [a, b], swap)).toEqual([
      [6, 7, 8, 9],
      [1, 2, 3, 4],
    ]);
  });
});

describe("chains", () => {
  test("b <- a, a <- new: b gets the old a", async () => {
    const [a, b] = [vector([1, 2]), vector([0, 0])];
    const chain: Assignment[] = [
      [a, a.mul(10)],
      [b, a],
    ];
    expect(await stepped(1, [a, b], chain)).toEqual([
      [10, 20],
      [1, 2],
    ]);
    expect(await stepped(3, [a, b], chain.toReversed())).toEqual([
      [1000, 2000],
      [100, 200],
    ]);
  });

  test("a shift register of five", async () => {
    const stages = [1, 2, 3, 4, 5].map((value) => vector([value]));
    const shift = stages.map((stage, i): Assignment => [stage, i === 0 ? stages[4].add(100) : stages[i - 1]]);
    expect(await stepped(2, stages, shift)).toEqual([[104], [105], [1], [2], [3]]);
  });

  test("one value into several variables", async () => {
    const [a, b] = [vector([1, 2]), vector([3, 4])];
    const sum = a.add(b);
    const both: Assignment[] = [
      [a, sum],
      [b, sum],
    ];
    expect(await stepped(2, [a, b], both)).toEqual([
      [8, 12],
      [8, 12],
    ]);
  });

  test("a variable into itself, and one that nothing else reads", async () => {
    const [a, b] = [vector([1, 2]), vector([3, 4])];
    const idle: Assignment[] = [
      [a, a],
      [b, constant([7, 8])],
    ];
    expect(await stepped(1, [a, b], idle)).toEqual([
      [1, 2],
      [7, 8],
    ]);
  });
});

describe("values that may not be written in place", () => {
  test("a product reads the whole matrix that it replaces", async () => {
    const a = new Variable([2, 2], [1, 2, 3, 4]);
    expect(await stepped(1, [a], [[a, a.matmul(a)]])).toEqual([[7, 10, 15, 22]]);
    expect(await stepped(1, [a], [[a, a.matmul(a).add(a)]])).toEqual([[8, 12, 18, 26]]);
    expect(await stepped(1, [a], [[a, a.transpose()]])).toEqual([[1, 3, 2, 4]]);
    expect(await stepped(1, [a], [[a, a.transpose().add(a)]])).toEqual([[2, 5, 5, 8]]);
  });

  test("a row is spread over the matrix it belongs to", async () => {
    const a = new Variable([2, 2], [1, 2, 3, 4]);
    const firstRow = a.slice([0, 1]);
    expect(await stepped(1, [a], [[a, a.mul(firstRow)]])).toEqual([[1, 4, 3, 8]]);
    const total = a.sum();
    expect(await stepped(2, [a], [[a, a.add(total)]])).toEqual([[61, 62, 63, 64]]);
  });

  test("a scalar is read by all elements of another variable", async () => {
    const [count, a] = [new Variable([], 1), vector([1, 2, 3])];
    const steps: Assignment[] = [
      [count, count.add(1)],
      [a, a.mul(count)],
    ];
    expect(await stepped(3, [count, a], steps)).toEqual([[4], [6, 12, 18]]);
  });

  test("reversed, shifted and gathered", async () => {
    const a = vector([1, 2, 3, 4, 5]);
    expect(await stepped(1, [a], [[a, a.slice([undefined, undefined, -1])]])).toEqual([[5, 4, 3, 2, 1]]);
    expect(await stepped(1, [a], [[a, a.slice([0, 4]).pad([[1, 0]])]])).toEqual([[0, 1, 2, 3, 4]]);
    expect(await stepped(1, [a], [[a, a.gather(constant(Int32Array.of(4, 0, 0, 1, 3)))]])).toEqual([[5, 1, 1, 2, 4]]);
  });
});

test("an output shows the value before the assignment, also where it is the variable or the new value", async () => {
  for (const [, create] of executors)
    for (const optimize of [true, false]) {
      const a = vector([1, 2]);
      const next = a.add(1);
      const executor = create({ poison: true });
      await initialise(executor, [a], 0);
      const program = compile(
        { outputs: { old: a, view: a.reshape([2, 1]), next }, assignments: [[a, next]] },
        { optimize },
      );
      const id = await executor.load(program);
      await executor.run([[id, 2]]).done;
      const read = async (name: string) => [...(await executor.read({ program: id, name }))];
      expect([await read("old"), await read("view"), await read("next")]).toEqual([
        [2, 3],
        [2, 3],
        [3, 4],
      ]);
      expect([...(await executor.read({ variable: a.key }))]).toEqual([3, 4]);
      await executor.dispose();
    }
});

test("counters in i32 stay exact beyond 2^24", async () => {
  const count = new Variable([], 2 ** 24, { dtype: "i32" });
  expect(await stepped(3, [count], [[count, count.add(1)]])).toEqual([[2 ** 24 + 3]]);
});

test("a program says which variables a run may change", () => {
  const [a, b, c, d] = ["a", "b", "c", "d"].map((label) => new Variable([2], 0, { label }));
  for (const optimize of [true, false]) {
    const { variables } = compile(
      {
        outputs: { sum: c.add(1) },
        assignments: [
          [a, b],
          [b, a],
          [d, d],
        ],
      },
      { optimize },
    );
    expect(Object.fromEntries(variables.map(({ name, assigned }) => [name, assigned]))).toEqual({
      a: true,
      b: true,
      c: false,
      d: false,
    });
  }
});

describe("bad input gets a typed error", () => {
  const x = input([2], "f32", "x");
  const a = new Variable([2], 0, { label: "layer.weight" });
  test.each<[string, () => unknown, string]>([
    [
      "an input that is not declared",
      () => compile({ outputs: { y: x.add(1) } }),
      "ArgumentError: compile: reads an input [2] x that is not among inputs",
    ],
    [
      "an input that is none",
      () => compile({ inputs: { x: x.add(1) }, outputs: { y: x } }),
      "ArgumentError: compile: inputs.x is a add, not made by input()",
    ],
    [
      "a variable assigned twice",
      () =>
        compile({
          assignments: [
            [a, a.add(1)],
            [a, a.add(2)],
          ],
        }),
      "ArgumentError: compile: variable layer.weight is assigned twice",
    ],
    [
      "a value of another shape",
      () => compile({ assignments: [[a, scalar(1)]] }),
      "ShapeError: compile: [] is assigned to variable layer.weight of [2]",
    ],
    [
      "a value of another dtype",
      () => compile({ assignments: [[a, constant(Int32Array.of(1, 2))]] }),
      "DTypeError: compile: i32 is assigned to variable layer.weight of f32",
    ],
  ])("%s", (_, make, message) => {
    expect(thrown(make)).toBe(message);
  });
});
