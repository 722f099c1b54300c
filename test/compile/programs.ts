// Small valid programs for the tests of verifyProgram: compiled ones, and hand-made ones for what the compiler never makes.
import { compile, grad, input, type Program, scan, Variable } from "simdgrad";
import { avgPool, conv2d, cumulativeSum, maxPoolWithIndices, maxUnpool, sort } from "simdgrad/functions";
import * as step from "../../assembly/isa/map-code.ts";
import * as op from "../../assembly/isa/opcode.ts";
import { SORT_SHORT } from "../../assembly/isa/sizes.ts";
import { matmulSlots, packSlots } from "../product.ts";
import { a, column, Encoder, full, type MapBody, o, one, r, row } from "../runtime/encode.ts";

/** A depth at which even three columns are worth panels. */
export const DEPTH = 2731;

/** pack, barrier, matmul with its epilogue, barrier, reduce, map. */
export function dense(): Program {
  const x = input([4, DEPTH], "f32", "x");
  const w = new Variable([DEPTH, 3], 0, { label: "w" });
  const b = new Variable([3], 0, { label: "b" });
  const y = x.matmul(w).add(b).relu();
  return compile({ inputs: { x }, outputs: { total: y.sum(), y }, assignments: [[w, w.mul(0.5)]] });
}

/** A product of two batches. */
export function batched(): Program {
  const x = input([2, 4, DEPTH], "f32", "x");
  const y = input([2, DEPTH, 3], "f32", "y");
  return compile({ inputs: { x, y }, outputs: { z: x.matmul(y) } });
}

/** A recurrence over 7 rows that also gives every state; its weights are packed once, for they are transposed. */
export function recurrent(): Program {
  const rows = input([7, 4, 24], "f32", "rows");
  const start = input([4, 24], "f32", "start");
  const w = new Variable([24, 24], 0, { label: "w" });
  const { carries, outputs } = scan(
    ([state], [element]) => {
      const next = state.matmul(w, { transposeB: true }).add(element).tanh();
      return { carries: [next], outputs: [next] };
    },
    [start],
    [rows],
  );
  return compile({ inputs: { rows, start }, outputs: { last: carries[0], all: outputs[0] } });
}

/** gather, scatter_add, cross_entropy, a transposing copy. */
export function moving(): Program {
  const x = input([5, 3], "f32", "x");
  const index = input([4], "i32", "index");
  const rows = x.gather(index);
  const back = index.scatterAdd(rows, [5, 3]);
  const outputs = { rows, back, entropy: rows.crossEntropy(index), turned: x.permute([1, 0]) };
  return compile({ inputs: { x, index }, outputs });
}

/** sort, with rows in scratch and in memory, cumulative_sum, and their gradients. */
export function along(): Program {
  const x = input([5, 30], "f32", "x");
  const long = input([1, SORT_SHORT + 3], "f32", "long");
  const { values, indices } = sort(cumulativeSum(x, 0, { reverse: true }), 1, { descending: true });
  const [slope] = grad(values.square().sum(), [x]);
  return compile({ inputs: { x, long }, outputs: { indices, slope, all: sort(long).values } });
}

/** max_pool, sum_pool and what brings their gradients back, scatter_planes. */
export function pooled(): Program {
  const x = input([2, 5, 7], "f32", "x");
  const { values, indices } = maxPoolWithIndices(x, [2, 3], { padding: 1, dilation: [2, 1] });
  const mean = avgPool(x, [3, 3], { stride: 2, padding: 1, ceilMode: true });
  const back = maxUnpool(values, indices, [2, 3], { outputSize: [5, 7] });
  const [slope] = grad(mean.square().sum(), [x]);
  return compile({ inputs: { x }, outputs: { indices, back, slope } });
}

/** A convolution with its epilogue, and the gradients of its images, whose positions are spaced, and of its filters, in parts. */
export function convolved(): Program {
  const x = input([2, 4, 9, 12], "f32", "x");
  const w = input([6, 2, 3, 2], "f32", "w");
  const y = conv2d(x, w, { stride: [2, 1], padding: 1, groups: 2 }).relu();
  const [images, filters] = grad(y.square().sum(), [x, w]);
  return compile({ inputs: { x, w }, outputs: { y, images, filters } });
}

/** Hand-made: `write` gets the encoder, an input x and an output y of `size` elements. */
export function made(size: number, write: (e: Encoder, x: number, y: number) => void): Program {
  const e = new Encoder();
  const x = e.input("x", [size]);
  const y = e.output("y", [size]);
  write(e, x, y);
  return e.program();
}

/** One operand, one step. */
export function simple(code: number, n: number, from: number, to: number): MapBody {
  return { n, operands: [full(from)], outputs: [to], steps: [[code, o(0), a(0)]] };
}

/** A copy without gaps. */
export function copyOf(to: number, from: number, words: number): [opcode: number, ...slots: number[]] {
  return [op.COPY, to, from, 1, words, 1, 1];
}

/** Two maps of 20 elements by way of the arena, with a table and a scalar of constants. */
export function maps(): Program {
  return made(20, (e, x, y) => {
    const table = e.constant([1, 2, 3, 4]);
    const two = e.constant([2]);
    const middle = e.arena(20);
    e.map({
      n: 20,
      columns: 4,
      operands: [full(x), row(table), one(two)],
      outputs: [middle],
      steps: [
        [step.ADD, r(0), a(0), a(1)],
        [step.MUL, o(0), r(0), a(2)],
      ],
    });
    e.barrier();
    const last = [step.SUB, o(0), a(0), a(1)];
    e.map({ n: 20, columns: 4, operands: [full(middle), column(table, 4)], outputs: [y], steps: [last] });
  });
}

/** x through the arena to y, then -x through the same words to z. */
export function reuse(): Program {
  return made(4, (e, x, y) => {
    const z = e.output("z", [4]);
    const buffer = e.arena(4);
    e.map(simple(step.COPY_BITS, 4, x, buffer));
    e.barrier();
    e.map(simple(step.COPY_BITS, 4, buffer, y));
    e.barrier();
    e.map(simple(step.NEG, 4, x, buffer));
    e.barrier();
    e.map(simple(step.COPY_BITS, 4, buffer, z));
  });
}

/** So many loops, one in another. */
export function nest(depth: number): Program {
  return made(1, (e, x, y) => {
    const inner = (at: number) => {
      if (at < depth) return e.loop(2, at, () => inner(at + 1));
      e.map(simple(step.NEG, 1, x, y));
      e.barrier();
    };
    inner(0);
  });
}

/** So many operands. */
export function wide(operands: number): Program {
  return made(4, (e, x, y) => {
    const [code] = [step.COPY_BITS];
    e.map({ n: 4, operands: new Array(operands).fill(full(x)), outputs: [y], steps: [[code, o(0), a(0)]] });
  });
}

/** A copy over so many axes of one element. */
export function ranked(axes: number): Program {
  return made(1, (e, x, y) => {
    const dimensions = Array.from({ length: axes }, () => [1, 1, 1]).flat();
    e.put(op.COPY, y, x, axes, ...dimensions);
  });
}

/**
 * Eight pairs of words: the first and the last are written, then a loop writes pair k + `to` from pair k + `from`. A barrier ends
 * its body if wanted.
 */
export function stepping(from: number, to: number, barrier = true): Program {
  return made(2, (e, x, y) => {
    const pairs = e.arena(16);
    e.put(...copyOf(pairs, x, 2));
    e.put(...copyOf(pairs + 14, x, 2));
    e.barrier();
    e.loop(6, 0, () => {
      e.index([5, 0, 2], [9, 0, 2]);
      e.map(simple(step.NEG, 2, pairs + 2 * from, pairs + 2 * to));
      if (barrier) e.barrier();
    });
    e.barrier();
    e.put(...copyOf(y, pairs, 2));
  });
}

/** The product of a matrix' transpose, in strips, and another one. */
export function stripped(): Program {
  return made(36, (e, x, y) => {
    const matrix = e.arena(36);
    const strips = e.arena(6 * 24);
    e.put(...copyOf(matrix, x, 36));
    e.barrier();
    e.put(op.PACK, ...packSlots({ to: strips, from: matrix, k: 6, n: 6, across: 6 }));
    e.barrier();
    e.put(op.MATMUL, ...matmulSlots({ c: y, a: matrix, b: x, strips, m: 6, n: 6, k: 6, transposed: 1 }));
  });
}

/** Products of heads, side by side in the rows of two batches; the second matrices are shared by both, and packed. */
export function heads(): Program {
  return made(48, (e, x, y) => {
    const panels = e.arena(2 * 4 * 24);
    e.put(op.PACK, ...packSlots({ to: panels, from: x, heads: 2, k: 4, n: 4, row: 8, head: 4 }));
    e.barrier();
    const sizes = { batch: 2, heads: 2, m: 3, n: 4, k: 4 };
    const strides = { rows: [8, 8, 8], strides: [24, 0, 24], byHead: [4, 4, 4] };
    e.put(op.MATMUL, ...matmulSlots({ c: y, a: x, b: x, panels, ...sizes, ...strides }));
  });
}

/** Two products that write each a half of every row of a matrix, then a third of what both have written, turned. */
export function halves(): Program {
  return made(48, (e, x, y) => {
    const both = e.arena(48);
    for (const half of [0, 4])
      e.put(op.MATMUL, ...matmulSlots({ c: both + half, a: x, b: x + half, m: 6, n: 4, k: 4, rows: [8, 8, 8] }));
    e.barrier();
    e.put(op.MATMUL, ...matmulSlots({ c: y, a: both, b: both + 2, m: 8, n: 6, k: 6, transposed: 1, rows: [8, 8, 6] }));
  });
}

/** A product whose panels something else than PACK has written, or PACK in another matrix' place. */
export function unpacked(): Program {
  return made(1, (e, x, y) => {
    const panels = e.arena(24);
    e.put(op.COPY, panels, x, 1, 24, 1, 0);
    e.barrier();
    e.put(op.MATMUL, ...matmulSlots({ c: y, a: x, b: x, panels, m: 1, n: 1, k: 1 }));
  });
}
