// The interpreter: steps, the log, loops with INDEX, the abort word.
import { describe, expect, test } from "vitest";
import { ADD } from "../../assembly/isa/map-code.ts";
import { BARRIER, COPY, INDEX, LOOP, MATMUL, PACK, REDUCE } from "../../assembly/isa/opcode.ts";
import { ABORT_AFTER_STEP, CLAIM_SLOTS, CONTROL_ABORT } from "../../assembly/isa/sizes.ts";
import {
  COPY_FROM,
  COPY_TO,
  KIND_MAX,
  KIND_SUM,
  MAP_FIRST,
  MAP_N,
  MAP_OPERAND_WORDS,
  MATMUL_A,
  MATMUL_C,
  MATMUL_WORDS,
} from "../../assembly/isa/slots.ts";
import { matmulSlots, packSlots } from "../product.ts";
import { builds, instruction, Machine } from "./machine.ts";
import { full, mapWords, operand, output } from "./map-program.ts";

/** Copies so many neighbouring words. */
function copy(to: number, from: number, words: number): number[] {
  return instruction(COPY, to, from, 1, words, 1, 1);
}

/** slot += counter[depth] * stride for each triple, in the instruction that follows. */
function index(...triples: readonly (readonly [slot: number, depth: number, stride: number])[]): number[] {
  return instruction(INDEX, triples.length, ...triples.flat());
}

function loop(count: number, depth: number, ...body: readonly (readonly number[])[]): number[][] {
  return [instruction(LOOP, count, body.flat().length, depth), ...body.map((words) => [...words])];
}

describe.each(builds)("the interpreter, %s build", (build) => {
  const machine = new Machine(build);

  test("runs a program so many times and logs its scalars in a ring", () => {
    machine.clear();
    const state = machine.f32([0, 1]);
    const sum = machine.f32(1);
    const largest = machine.f32(1);
    const ring = machine.f32(4 * 2);
    // state = [sum, 1]: counts the steps. The two results lie 64 bytes apart only if nothing lies between them.
    const program = [
      instruction(REDUCE, sum.at, state.at, KIND_SUM, 1, 2, 1),
      instruction(BARRIER),
      copy(state.at, sum.at, 1),
      instruction(BARRIER),
      instruction(REDUCE, largest.at, state.at, KIND_MAX, 1, 2, 1),
    ];
    const log = { from: sum.at, count: 1, to: ring.at, capacity: 8 };
    expect(machine.run(program, { steps: 3, log })).toBe(3);
    expect(state.data[0]).toBe(3);
    expect(machine.run(program, { steps: 7, log: { ...log, start: 3 } })).toBe(7);
    expect(Array.from(ring.data)).toEqual([9, 10, 3, 4, 5, 6, 7, 8]);
    expect(machine.run(program, { steps: 0, log })).toBe(0);
  });

  test("logs several scalars a step, 64 bytes apart", () => {
    machine.clear();
    const scalars = machine.f32(3 * 16);
    const value = machine.f32([7]);
    const ring = machine.f32(2 * 3);
    const program = [0, 1, 2].map((j) => copy(scalars.at + 64 * j, value.at, 1));
    machine.run(program, { steps: 2, log: { from: scalars.at, count: 3, to: ring.at, capacity: 2 } });
    expect(Array.from(ring.data)).toEqual([7, 7, 7, 7, 7, 7]);
  });

  test("stops after a whole step when the abort word is set", () => {
    machine.clear();
    const abort = new Int32Array(machine.memory.buffer, CONTROL_ABORT, 1);
    const from = machine.i32([1, ABORT_AFTER_STEP]);
    const done = machine.i32([0]);
    const program = [copy(CONTROL_ABORT, from.at + 4, 1), instruction(BARRIER), copy(done.at, from.at, 1)];
    expect(machine.run(program, { steps: 5 })).toBe(1);
    expect(done.data[0]).toBe(1);
    abort[0] = 0;
    expect(machine.run([copy(done.at, from.at, 1)], { steps: 5 })).toBe(5);
  });

  test("repeats a loop's body with addresses moved by the iteration", () => {
    machine.clear();
    const from = machine.i32([1, 2, 3, 4, 5, 6, 7, 8]);
    const to = machine.i32(8);
    machine.run([
      ...loop(4, 0, index([COPY_TO, 0, 2], [COPY_FROM, 0, -2]), copy(to.at, from.at + 4 * 6, 2), instruction(BARRIER)),
    ]);
    expect(Array.from(to.data)).toEqual([7, 8, 5, 6, 3, 4, 1, 2]);
  });

  test("nests loops four deep, counters by depth", () => {
    machine.clear();
    const from = machine.i32(Array.from({ length: 36 }, (_, i) => i));
    const to = machine.i32(36);
    const strides = [18, 6, 3, 1];
    const mirrored = [1, 2, 6, 12];
    const triples = strides.flatMap((stride, depth) => [
      [COPY_FROM, depth, stride] as const,
      [COPY_TO, depth, -mirrored[depth]] as const,
    ]);
    const body = [index(...triples), copy(to.at + 4 * 35, from.at, 1), instruction(BARRIER)];
    machine.run(loop(2, 0, ...loop(3, 1, ...loop(2, 2, ...loop(3, 3, ...body)))));
    const expected = new Int32Array(36);
    for (let i = 0; i < 36; i++) {
      const counters = [Math.floor(i / 18), Math.floor(i / 6) % 3, Math.floor(i / 3) % 2, i % 3];
      expected[35 - counters.reduce((sum, counter, depth) => sum + counter * mirrored[depth], 0)] = i;
    }
    expect(to.data).toEqual(expected);
  });

  test("goes on after a loop, passes over a loop of no iterations, and restarts counters", () => {
    machine.clear();
    const from = machine.i32([1, 2, 3]);
    const to = machine.i32([0, 0, 0, 0]);
    machine.run([
      ...loop(0, 0, copy(to.at, from.at, 3)),
      ...loop(2, 0, index([COPY_TO, 0, 1]), copy(to.at, from.at, 1)),
      ...loop(1, 0, index([COPY_TO, 0, 1]), copy(to.at + 8, from.at + 4, 1)),
      copy(to.at + 12, from.at + 8, 1),
    ]);
    expect(Array.from(to.data)).toEqual([1, 1, 2, 3]);
  });

  test("indexes long instructions, and leaves the program as it was", () => {
    machine.clear();
    const a = machine.f32([1, 2, 3, 4, 5, 6]);
    const b = machine.f32([10]);
    const panels = machine.f32(24);
    const c = machine.f32(6);
    const program = [
      instruction(PACK, ...packSlots({ to: panels.at, from: b.at, k: 1, n: 1 })),
      ...loop(
        3,
        0,
        index([MATMUL_A, 0, 2], [MATMUL_C, 0, 2]),
        instruction(MATMUL, ...matmulSlots({ c: c.at, a: a.at, b: b.at, panels: panels.at, m: 2, n: 1, k: 1 })),
        instruction(BARRIER),
      ),
    ];
    const before = Int32Array.from(program.flat());
    machine.run(program, { steps: 2 });
    expect(Array.from(c.data)).toEqual([10, 20, 30, 40, 50, 60]);
    expect(new Int32Array(machine.memory.buffer, machine.load([]), before.length).subarray(2)).toEqual(
      before.subarray(2),
    );
  });

  test("moves the operands of an epilogue too", () => {
    machine.clear();
    const a = machine.f32([1, 2, 3]);
    const one = machine.f32([1]);
    const panels = machine.f32(24);
    const c = machine.f32(1);
    const terms = machine.f32([10, 20, 30]);
    const to = machine.f32(3);
    const map = mapWords({
      n: 1,
      operands: [full(c), full(terms)],
      outputs: [to],
      steps: [[ADD, output(0), operand(0), operand(1)]],
    });
    const operandAddress = MATMUL_WORDS + MAP_FIRST - MAP_N;
    const outputAddress = operandAddress + 2 * MAP_OPERAND_WORDS;
    machine.run([
      instruction(PACK, ...packSlots({ to: panels.at, from: one.at, k: 1, n: 1 })),
      ...loop(
        3,
        0,
        index([MATMUL_A, 0, 1], [operandAddress + MAP_OPERAND_WORDS, 0, 1], [outputAddress, 0, 1]),
        instruction(MATMUL, ...matmulSlots({ c: c.at, a: a.at, b: one.at, panels: panels.at, m: 1, n: 1, k: 1, map })),
        instruction(BARRIER),
      ),
    ]);
    expect(Array.from(to.data)).toEqual([11, 22, 33]);
  });

  test("claims more instructions between two barriers than there are counters", () => {
    machine.clear();
    const from = machine.i32([1]);
    const to = machine.i32(3 * CLAIM_SLOTS);
    machine.run(Array.from({ length: 3 * CLAIM_SLOTS }, (_, i) => copy(to.at + 4 * i, from.at, 1)));
    expect(to.data.every((value) => value === 1)).toBe(true);
  });
});
