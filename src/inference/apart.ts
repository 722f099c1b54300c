// Whether a model keeps rows apart. Where its graph does not prove it (a loop over time), it is tried: rows in other company, and in other places,
// must come to the same bits.
import { compile } from "../compile/compile.ts";
import type { Executor, TypedArray } from "../runtime/executor.ts";
import { type Aval, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { keepsRowsApart } from "../train/rows.ts";

/** Rows of a trial: one of them comes in turn to other company, in its place and in others. */
const ROWS = 3;
const TRIALS = 4;
const MOVES = [
  [0, 0],
  [2, 2],
  [0, 1],
  [1, 2],
] as const;

/** A graph for so many rows. */
export interface Traced {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
}

/** Whether each row of what a model gives depends on that row alone. `isRows`: which inputs have rows. */
export async function areApart(
  traced: (rows: number) => Traced,
  isRows: (name: string) => boolean,
  executor: Executor,
): Promise<boolean> {
  if (keepsRowsApart((rows) => traced(rows).outputs)) return true;
  let graph: Traced;
  try {
    graph = traced(ROWS);
  } catch {
    return false; // it takes another number of rows, and perhaps no other
  }
  const { inputs, outputs } = graph;
  if (!outputs.every(({ shape }) => shape[0] === ROWS)) return false;
  const names = Object.keys(inputs);
  const id = await executor.load(
    compile({ inputs, outputs: Object.fromEntries(outputs.map((each, i) => [`output ${i}`, each])) }),
  );
  const run = async (data: readonly TypedArray[]): Promise<TypedArray[]> => {
    for (const [i, name] of names.entries()) await executor.write({ program: id, name }, data[i]);
    await executor.run([[id, 1]]).done;
    return executor.readAll(outputs.map((_, i) => ({ program: id, name: `output ${i}` })));
  };
  try {
    const next = random(1);
    for (let trial = 0; trial < TRIALS; trial++) {
      const first = names.map((name) => drawn(inputs[name], next));
      const before = await run(first);
      for (const [from, to] of MOVES) {
        const others = names.map((name, i) => {
          const other = drawn(inputs[name], next);
          if (!isRows(name)) return first[i];
          other.set(rowOf(first[i], from), to * (other.length / ROWS));
          return other;
        });
        const after = await run(others);
        if (!after.every((each, i) => sameBits(rowOf(each, to), rowOf(before[i], from)))) return false;
      }
    }
    return true;
  } finally {
    await executor.unload(id);
  }
}

function rowOf(data: TypedArray, row: number): TypedArray {
  const width = data.length / ROWS;
  return data.subarray(row * width, (row + 1) * width);
}

function sameBits(a: TypedArray, b: TypedArray): boolean {
  return a.every((value, i) => Object.is(value, b[i]));
}

/** Numbers for an input: floats around 0, indices of 0 and 1, any bytes. */
function drawn({ shape, dtype }: Aval, next: () => number): TypedArray {
  const length = sizeOf(shape);
  if (dtype === "f32") return Float32Array.from({ length }, () => 4 * next() - 2);
  return dtype === "i32"
    ? Int32Array.from({ length }, () => Math.floor(2 * next()))
    : Uint8Array.from({ length }, () => Math.floor(256 * next()));
}

/** Numbers from 0 up to 1: a linear congruential generator (Numerical Recipes), which is random enough to tell rows apart. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
