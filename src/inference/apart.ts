// Whether a model keeps rows apart: what its graphs prove. Of one row there is no proof, for axes of one element make other graphs: they must be
// of the same form, and it is tried whether one row alone comes to the bits that it comes to among others.
import { compile } from "../compile/compile.ts";
import { topological } from "../graph.ts";
import type { Executor, TypedArray } from "../runtime/executor.ts";
import { type Aval, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { keepsRowsApart } from "../train/rows.ts";

/** Numbers of rows for which graphs are held against one another, whatever the programs take. */
const SIZES = [2, 3, 7, 257];

/** Rows of a trial. */
const ROWS = 3;

/** A graph for so many rows. */
export interface Traced {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: readonly Tensor[];
}

/** Whether each row of what a model gives depends on that row alone, and programs for so many rows do the same. `isRows`: which inputs have rows. */
export async function areApart(
  traced: (rows: number) => Traced,
  isRows: (name: string) => boolean,
  sizes: readonly number[],
  executor: Executor,
): Promise<boolean> {
  const many = sizes.filter((rows) => rows > 1);
  const isProved = keepsRowsApart((rows) => traced(rows).outputs, [...new Set([...SIZES, ...many])]);
  return isProved && (many.length === sizes.length || isSameAlone(traced, isRows, executor));
}

async function isSameAlone(
  traced: (rows: number) => Traced,
  isRows: (name: string) => boolean,
  executor: Executor,
): Promise<boolean> {
  const [one, several] = [traced(1), traced(ROWS)];
  if (formOf(one) !== formOf(several)) return false;
  const next = random(1);
  const data = Object.entries(several.inputs).map(([name, aval]) => [name, drawn(aval, next)] as const);
  const all = await valuesOf(several, data, executor);
  for (let row = 0; row < ROWS; row++) {
    const own = data.map(([name, each]) => [name, isRows(name) ? rowOf(each, row) : each] as const);
    const alone = await valuesOf(one, own, executor);
    if (!alone.every((each, i) => sameBits(each, rowOf(all[i], row)))) return false;
  }
  return true;
}

/** What a graph computes, in order, whatever the shapes: all but where elements lie. */
function formOf({ outputs }: Traced): string {
  const computes = topological(outputs).filter(({ op: { lowering } }) => /map|kernel|parts|loop/.test(lowering.kind));
  return computes.map(({ op }) => op.name).join();
}

async function valuesOf(
  { inputs, outputs }: Traced,
  data: readonly (readonly [name: string, data: TypedArray])[],
  executor: Executor,
): Promise<TypedArray[]> {
  const named = outputs.map((each, i) => [`output ${i}`, each] as const);
  const id = await executor.load(compile({ inputs, outputs: Object.fromEntries(named) }));
  try {
    for (const [name, each] of data) await executor.write({ program: id, name }, each);
    await executor.run([[id, 1]]).done;
    return await executor.readAll(named.map(([name]) => ({ program: id, name })));
  } finally {
    await executor.unload(id);
  }
}

function rowOf(data: TypedArray, row: number): TypedArray {
  const width = data.length / ROWS;
  return data.subarray(row * width, (row + 1) * width);
}

function sameBits(a: TypedArray, b: TypedArray): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}

/** Numbers for an input: floats around 0, indices of 0 and 1, any bytes. */
function drawn({ shape, dtype }: Aval, next: () => number): TypedArray {
  const length = sizeOf(shape);
  if (dtype === "f32") return Float32Array.from({ length }, () => 4 * next() - 2);
  return dtype === "i32"
    ? Int32Array.from({ length }, () => Math.floor(2 * next()))
    : Uint8Array.from({ length }, () => Math.floor(256 * next()));
}

/** Numbers from 0 up to 1: a linear congruential generator (Numerical Recipes), which is random enough to tell graphs apart. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
