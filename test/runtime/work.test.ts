// What the executor and the report of threads believe about chunks, against what the kernels claim.
import { describe, expect, test } from "vitest";
import { MAP_STEPS } from "../../assembly/isa/chunks.ts";
import * as op from "../../assembly/isa/opcode.ts";
import { ABORT_NOW, CLAIM_SLOTS, CONTROL_ABORT, CONTROL_CLAIMS, MATH_PAGE } from "../../assembly/isa/sizes.ts";
import { KIND_SUM } from "../../assembly/isa/slots.ts";
import { INSTRUCTIONS } from "../../src/program/instructions.ts";
import { chunksOf, timeOf } from "../../src/runtime/wasm/work.ts";
import { anyConvolution, convolveWords, filterWords } from "../assembly/convolutions.ts";
import { flagsOf, kernels, sizesOf, wordsOf } from "../assembly/kernels.ts";
import { builds, instruction, Machine, random } from "../assembly/machine.ts";
import { recurrent } from "../compile/programs.ts";
import { matmulSlots, packSlots } from "../product.ts";

const LINE = 64;
const ROOM = 1 << 20;
const PART = 200_000; // words of a result

/** Instructions without chunks. */
const CONTROL: readonly number[] = [op.END, op.BARRIER, op.LOOP, op.INDEX];

/** Instructions of ragged sizes over three buffers; no operand is longer than ROOM. */
function mixture(to: number, from: number, index: number): number[][] {
  const next = random(1);
  const size = (most: number) => 1 + Math.floor((most * (1 + next())) / 2);
  const list: number[][] = [];
  for (let i = 0; i < 4; i++) {
    const [m, n, k] = [size(400), size(1000), size(300)];
    const product = { c: to, a: from, b: from, panels: from };
    list.push(
      instruction(op.MAP, size(ROOM), 1, 0, 0, ...Array(4).fill(0)),
      instruction(op.MAP, size(60_000), 1, (1 + 3 * i) << 16, 0, ...Array(2 * (1 + 3 * i)).fill(0)), // of some steps
      instruction(op.REDUCE, to, from, KIND_SUM, size(30), size(300), size(100)),
      instruction(op.REDUCE, to, from, KIND_SUM, size(300), size(1000), 1),
      instruction(op.REDUCE, to, from, KIND_SUM, 1, size(1000), size(1000)),
      instruction(
        op.PACK,
        ...packSlots({
          to,
          from,
          [i & 1 ? "batch" : "heads"]: size(3),
          k,
          n,
          transposed: i & 1,
          across: i & 2 ? m : 0,
        }),
      ), // panels or strips
      instruction(op.MATMUL, ...matmulSlots({ ...product, strips: i & 2 ? from : 0, m, n, k, transposed: i & 1 })),
      instruction(op.MATMUL, ...matmulSlots({ ...product, m, n, k, transposed: i & 1, map: [m * n, n, 0, 0] })), // with an empty epilogue
      instruction(
        op.MATMUL,
        ...matmulSlots({ ...product, batch: size(20), heads: size(4), m: size(50), n: size(60), k: size(60) }),
      ),
      instruction(op.COPY, to, from, 1, size(ROOM), 1, 1),
      instruction(op.COPY, to, from, 2, m, n, 1, n, 1, m), // a transposition
      instruction(op.COPY, to, from, 3, size(20), 10_000, 10_000, size(100), 100, 100, size(100), 1, 1),
      instruction(op.GATHER, to, from, index, size(500), size(500), 10, 4),
      instruction(op.SCATTER_ADD, to, from, index, size(100), size(500), size(500)),
      ...[op.MAX_POOL, op.SUM_POOL, op.SUM_POOL_TRANSPOSED].map((opcode) => {
        const [planes, height, width] = [size(60), 20 + size(20), 20 + size(60)];
        const kernel = [2, 3, 5, 0][i];
        const along = (length: number) => [length, Math.floor((length - kernel) / 2) + 1, kernel, 2, 0, 1];
        const slots = [to, from, planes, ...[1, 1, 1, 1, 0, 1], ...along(height), ...along(width)];
        return instruction(opcode, ...slots, ...(opcode === op.MAX_POOL ? [to + 4 * PART] : []));
      }),
      instruction(op.SCATTER_PLANES, to, from, index, size(400), size(400), size(500), i & 1),
      ...[op.CTC, op.CTC_GRADIENT].map((opcode) => {
        const labels = size(5);
        const sizes = [size(80), size(9), size(9), labels, 2 * labels + 1, 0, i & 1];
        const slots = [to, to + 4 * PART, from, index, index, index, ...sizes];
        return instruction(opcode, ...slots, ...(opcode === op.CTC ? [] : [to + 8 * PART, from]));
      }),
      instruction(op.SORT, to, to + 4 * 200_000, to + 4 * 400_000, from, size(20), 9000, 1, 1),
      ...Array.from({ length: 8 }, () => anyConvolution(() => (1 + next()) / 2)).flatMap((each) => {
        const it = { ...each, images: 20, rows: each.rows + 1, channels: each.channels + 1 };
        return [convolveWords(it, to, from, from), filterWords(it, to, from, from, size(20))];
      }),
      ...kernels.map((kernel) => {
        const columns = size([1, 20, 500, 20_000][i]);
        const rows = size(Math.min(1000, PART / columns));
        const lines = [
          [size(30), size(100), size(60)],
          [rows, columns, 1],
        ][i & 1];
        const sizes = sizesOf(kernel, kernel.sizes.length === 2 ? [rows, columns] : lines);
        const flags = flagsOf(kernel)[i % 2 ** kernel.flags.length];
        const addresses = kernel.pointers.map(({ name, write }, at) => [
          name,
          write ? to + 4 * PART * at : name === "index" ? index : from,
        ]);
        return wordsOf(kernel, { ...sizes, ...flags, ...Object.fromEntries(addresses) });
      }),
    );
  }
  return list;
}

describe.each(builds)("the chunks of %s", (build) => {
  const machine = new Machine(build, { threads: 2 });
  const [to, from, index] = [machine.f32(ROOM).at, machine.f32(ROOM).at, machine.i32(ROOM).at];
  const instructions = mixture(to, from, index);

  test("are those of every kernel", () => {
    const found = new Set(instructions.map(([header]) => header & 0xff));
    const others = Object.values(INSTRUCTIONS).filter(({ opcode }) => !found.has(opcode) && !CONTROL.includes(opcode));
    expect(others.map(({ name }) => name)).toEqual([]);
  });

  test("are as many as the kernels claim", () => {
    new Int32Array(machine.memory.buffer, index, ROOM).fill(0);
    const control = new Int32Array(machine.memory.buffer, 0, MATH_PAGE / 4);
    const claimed: number[] = [];
    for (let start = 0; start < instructions.length; start += CLAIM_SLOTS) {
      const batch = instructions.slice(start, start + CLAIM_SLOTS);
      control.fill(0);
      control[CONTROL_ABORT / 4] = ABORT_NOW; // nobody else will come to the barrier at the end
      // The second of two threads: its first chunk is chunk 1 without any claim, then it claims 2, 3, ... up to the first too many.
      machine.exports.attach(1, 2, machine.scratch);
      machine.exports.run(machine.load(batch), 1, 0, 0, 0, 0, 0);
      claimed.push(...batch.map((_, i) => control[(CONTROL_CLAIMS + i * LINE) / 4] + 1));
    }
    const panel = build === "relaxed" ? 8 : 12;
    const counted = instructions.map((words) => chunksOf(Int32Array.from(words), 0, panel).count);
    expect(counted.map((count) => Math.max(1, count))).toEqual(claimed);
    expect(Math.max(...counted)).toBeGreaterThan(60);
  });

  test("add up to the whole instruction", () => {
    for (const words of instructions) {
      const { count, size, total } = chunksOf(Int32Array.from(words), 0);
      let sum = 0;
      for (let i = 0; i < count; i++) sum += size(i);
      expect(sum / total, words.join(" ")).toBeCloseTo(1, 9);
    }
  });
});

describe("the time of a team", () => {
  const map = instruction(op.MAP, 3 * MAP_STEPS, 1, 0);
  const code = Int32Array.from([...map, ...instruction(op.BARRIER), ...map, ...instruction(op.END)]);
  const time = (threads: number) => timeOf(code, 0, code.length, { threads, barrier: 1, nanoseconds: () => 300 });

  test("is that of the thread with the most chunks, and of the barriers", () => {
    expect([1, 2, 3, 16].map(time)).toEqual([602, 402, 202, 202]);
  });

  test("counts a loop's body as often as it runs", () => {
    const body = code.length - 1;
    const loop = Int32Array.from([...instruction(op.LOOP, 5, body, 0), ...code.subarray(0, body), code[body]]);
    const once = timeOf(code, 0, body, { threads: 2, barrier: 1, nanoseconds: () => 300 });
    expect(timeOf(loop, 0, loop.length, { threads: 2, barrier: 0, nanoseconds: () => 300 })).toBe(5 * (once - 1));
  });
});

test("a loop takes as long as its body, so many times", () => {
  // copy and pack; seven times matmul and copy; copy.
  const { code } = recurrent();
  expect(timeOf(code, 0, code.length, { threads: 1, barrier: 0, nanoseconds: () => 1 })).toBeCloseTo(2 + 7 * 2 + 1, 10);
});
