// A profile counts loops that read what earlier loops gave out, and what follows them. In a process of its own: a walk over a program that
// takes a wrong turn behind a loop may never end.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { LOOP } from "../../assembly/isa/opcode.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { ProfileRow } from "../../src/runtime/profile.ts";

/** Of a process that takes one. */
const MOST_MILLISECONDS = 60_000;

interface Printed {
  readonly code: readonly number[];
  readonly rows: readonly ProfileRow[];
}

/** The numbers of a program's loops; no loop is within another here. */
function loopsOf(code: Int32Array): number[] {
  const numbers: number[] = [];
  for (let at = 0, number = 0; at < code.length; at += lengthAt(code, at), number++)
    if (opcodeAt(code, at) === LOOP) numbers.push(number);
  return numbers;
}

test(
  "loops that read what loops gave out are counted step by step, and so is what follows them",
  () => {
    const script = fileURLToPath(new URL("profile-loops.ts", import.meta.url));
    const printed = execFileSync(process.execPath, [script], { encoding: "utf8", timeout: MOST_MILLISECONDS });
    const { code, rows }: Printed = JSON.parse(printed);
    const loops = loopsOf(Int32Array.from(code));
    const [forward, backward] = loops.map((number) => rows.find(({ instruction }) => instruction === number));
    expect(loops).toHaveLength(2);
    // Five steps of 3 x 16 numbers by 16 x 64, and of 3 x 64 by 64 x 16.
    expect([forward?.flops, backward?.flops]).toEqual([5 * 2 * 3 * 16 * 64, 5 * 2 * 3 * 64 * 16]);
    // What each step of a loop reads again: its matrix of 64 x 16.
    for (const loop of [forward, backward]) expect(loop?.bytes).toBeGreaterThan(5 * 4 * 64 * 16);
    const behind = rows.filter(({ instruction }) => instruction > loops[1]);
    // Gradients of both matrices, by all 5 x 3 rows.
    expect(behind.map(({ flops }) => flops).filter((flops) => flops > 0)).toEqual([2 * 15 * 64 * 8, 2 * 15 * 64 * 16]);
    expect(behind.every(({ bytes, label }) => bytes > 0 && label !== "")).toBe(true);
  },
  MOST_MILLISECONDS + 10_000,
);
