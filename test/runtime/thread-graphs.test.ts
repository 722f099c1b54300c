// Random graphs whose parts are written by several threads at once: joined, cut and stacked tensors, sums in parts, sequences in loops,
// and gradients of all. One thread, two and four give the same bits, step after step, and within rounding what JavaScript gives.
import { afterAll, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { compile } from "../../src/compile/compile.ts";
import { concat, input, stack } from "../../src/create.ts";
import { scan } from "../../src/ops/loop.ts";
import type { Program } from "../../src/program/program.ts";
import { verifyProgram } from "../../src/program/verify-program.ts";
import type { Executor, TypedArray } from "../../src/runtime/executor.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { wasm as portable } from "../../src/runtime/wasm/generated/portable.ts";
import { wasm as relaxed } from "../../src/runtime/wasm/generated/relaxed.ts";
import { createWasmMachine, decoded } from "../../src/runtime/wasm/machine.ts";
import { sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { float32, oracle } from "../executors.ts";
import { disagreements, largest } from "../ops/derivatives.ts";
import { numbers } from "../random.ts";

// A matrix is cut into six chunks, so that all threads have work in every instruction.
const [ROWS, COLUMNS] = [96, 512];
const STEPS = 12; // from the ninth on with functions of the program's own
const GRAPHS = 8;
const OPS = 10;
// A hundred roundings of 6e-8 on their way through twelve steps; a wrong place in memory is as far off as elements are from one another.
const ROUNDING = 1e-4;

type Pick = <T>(list: readonly T[]) => T;

/** Ways to make a matrix from those that are there, all of one shape; bounded, so that no graph overflows. */
const recipes: readonly ((any: () => Tensor, pick: Pick) => Tensor)[] = [
  (any) => any().tanh(),
  (any) => any().mul(any()).tanh(),
  (any) => any().add(any().mul(0.5)).mul(0.5),
  (any) => any().sub(any().mean(0)).sin(),
  (any) => any().softmax().mul(3),
  // Long sums, and the largest of many, by parts and a rest.
  (any) =>
    any().sub(
      any()
        .narrow(0, 1, ROWS - 1)
        .mean(),
    ),
  (any) =>
    any()
      .narrow(0, 0, ROWS - 1)
      .reshape([-1, 8])
      .max(0)
      .reshape([1, 8])
      .broadcastTo([COLUMNS / 8, 8])
      .reshape([1, COLUMNS])
      .mul(any())
      .tanh(),
  // Columns side by side, and rows one below the other.
  (any, pick) => {
    const width = pick([1, 37, 256, 500]);
    return concat([any().narrow(1, 0, width), any().narrow(1, 0, COLUMNS - width)], 1);
  },
  (any, pick) => {
    const height = pick([1, 31, 48, 90]);
    return concat(
      [
        any().narrow(0, ROWS - height, height),
        any()
          .tanh()
          .narrow(0, height, ROWS - height),
      ],
      0,
    );
  },
  (any) => concat([any(), any(), any()], 1).narrow(1, 300, COLUMNS),
  // Every other row or column of one, in turns with those of another.
  (any) => stack([any().slice([0, undefined, 2]), any().slice([1, undefined, 2])], 1).reshape([ROWS, COLUMNS]),
  (any) => {
    const columns = (from: number) => any().slice([], [from, undefined, 2]);
    return stack([columns(0), columns(1)], 2).reshape([ROWS, COLUMNS]);
  },
  // States of a recurrence over blocks of rows, each joined with what was read, forwards or backwards.
  (any, pick) => {
    const blocks = pick([2, 6]);
    const shape = [blocks, ROWS / blocks, COLUMNS];
    const [sequence, other] = [any().reshape(shape), any().reshape(shape)];
    const { outputs } = scan(
      ([state], [row, more]) => {
        const next = state.mul(0.5).add(row).tanh();
        return { carries: [next], outputs: [concat([next.narrow(1, 0, 100), more.narrow(1, 7, COLUMNS - 100)], 1)] };
      },
      [any().narrow(0, 0, ROWS / blocks)],
      [sequence, other],
      { reverse: pick([true, false]) },
    );
    return outputs[0].reshape([ROWS, COLUMNS]);
  },
];

interface Graph {
  readonly program: Program;
  readonly x: readonly number[];
  readonly variable: Variable;
  readonly first: readonly number[];
}

function graphOf(seed: number): Graph {
  const random = numbers(seed);
  const pick: Pick = (list) => list[Math.floor(random() * list.length)];
  const values = (shape: readonly number[]) => Array.from({ length: sizeOf(shape) }, () => 2 * random() - 1);
  const x = input([ROWS, COLUMNS]);
  const variable = new Variable([ROWS, COLUMNS], 0);
  const pool: Tensor[] = [x, variable];
  const any = () => pool[pool.length - 1 - Math.floor(random() ** 2 * pool.length)];
  for (let i = 0; i < OPS; i++) pool.push(pick(recipes)(any, pick));
  const y = pool[pool.length - 1];
  const loss = y.square().mean().add(pick(pool).sin().mean());
  const [ofX, ofVariable] = grad(loss, [x, variable]);
  const program = compile({
    inputs: { x },
    outputs: { loss, y, ofX, middle: pick(pool.slice(2)) },
    assignments: [[variable, variable.sub(ofVariable.mul(1000)).tanh()]],
  });
  return { program, x: values(x.shape), variable, first: values(variable.shape) };
}

async function results(executor: Executor, { program, x, variable, first }: Graph): Promise<TypedArray[]> {
  const id = await executor.load(program);
  await executor.write({ program: id, name: "x" }, x);
  await executor.write({ variable: variable.key }, first);
  await executor.run([[id, STEPS]]).done;
  const values = [await executor.read({ variable: variable.key })];
  for (const { name } of program.outputs) values.push(await executor.read({ program: id, name }));
  await executor.unload(id);
  return values;
}

/** An executor that gives every program all its threads. */
function sharing(name: "wasm-relaxed" | "wasm-portable", threads: number): LocalExecutor {
  const text = name === "wasm-relaxed" ? relaxed : portable;
  const bytes = decoded(text);
  const machine = createWasmMachine(bytes, { threads, choose: (_, most) => most });
  return new LocalExecutor({ name, tile: "", threads, fallback: "" }, machine, { poison: true });
}

/** Of each build executors with one thread, two and four. */
const teams = (["wasm-relaxed", "wasm-portable"] as const).map((name) =>
  [1, 2, 4].map((threads) => sharing(name, threads)),
);
const [js, exactly] = [float32.js(), oracle()];
afterAll(() => Promise.all([...teams.flat(), js, exactly].map((executor) => executor.dispose())));

/** Numbers of the results that differ in a bit. */
function differing(found: readonly TypedArray[], expected: readonly TypedArray[]): number[] {
  const bits = (list: TypedArray) => Buffer.from(list.buffer, list.byteOffset, list.byteLength);
  return expected.flatMap((list, i) => (bits(list).equals(bits(found[i])) ? [] : [i]));
}

/** Elements that differ by more than rounding. */
function farFrom(exact: readonly TypedArray[], found: readonly TypedArray[]): string[] {
  return exact.flatMap((list, i) => {
    const allowed = ROUNDING * Math.max(1, largest(list));
    return disagreements(`result ${i}`, found[i], list, () => allowed).slice(0, 3);
  });
}

test.each(Array.from({ length: GRAPHS }, (_, seed) => seed))(
  "random graph %i",
  async (seed) => {
    const graph = graphOf(seed);
    verifyProgram(graph.program);
    const exact = await results(exactly, graph);
    expect(exact.every((list) => list.every(Number.isFinite))).toBe(true);
    for (const [one, ...more] of teams) {
      const expected = await results(one, graph);
      for (const executor of more) expect(differing(await results(executor, graph), expected)).toEqual([]);
      expect(farFrom(exact, expected)).toEqual([]);
    }
    expect(farFrom(exact, await results(js, graph))).toEqual([]);
  },
  60_000,
);
