// The search for the instruction that made the first NaN or infinity: one step of a program, instruction by instruction, on the
// oracle's memory, where integers are numbers and never look like NaN. What overflows float32 counts as infinite.
import { END, INDEX, LOOP, PACK } from "../../assembly/isa/opcode.ts";
import { LOOP_BODY, LOOP_COUNT, LOOP_DEPTH } from "../../assembly/isa/slots.ts";
import { accessesOf } from "../compile/access.ts";
import { lengthAt, opcodeAt } from "../compile/addresses.ts";
import type { Program } from "../compile/program.ts";
import type { TypedArray } from "./executor.ts";
import { interpret } from "./js/interpret.ts";
import { createJsMachine } from "./js/machine.ts";
import type { JsMemory } from "./js/memory.ts";
import { Space } from "./space.ts";

const LARGEST = 3.4028234663852886e38; // of float32

/**
 * Runs one step of a program and tells which instruction first wrote a NaN or an infinity.
 * @param read gives the values of a variable by its key
 * @returns a sentence with the instruction's number and what it computes; undefined if all is finite
 *
 * @example
 * import { compile, Variable } from "simdgrad";
 * import { firstNonFinite } from "simdgrad/debug";
 * const w = new Variable([1], 0, { label: "w" });
 * const program = compile({ outputs: { inverse: w.rsqrt() } });
 * await firstNonFinite(program, () => Float32Array.of(0)); // => "instruction 0 (rsqrt [1]) wrote Infinity"
 */
export async function firstNonFinite(
  program: Program,
  read: (key: string) => TypedArray | Promise<TypedArray>,
): Promise<string | undefined> {
  const machine = createJsMachine("float64");
  const space = new Space(machine, false);
  const loaded = space.loaded(space.load(program));
  for (const { key } of program.variables) space.write({ variable: key }, await read(key));
  const numbers = new Map<number, number>();
  for (let at = 0; at < program.code.length; at += lengthAt(program.code, at)) numbers.set(at, numbers.size);
  const found = walk(machine.memory as JsMemory, loaded.code, 0, loaded.code.length);
  machine.dispose();
  if (found === undefined) return undefined;
  const number = numbers.get(found.at) as number;
  return `instruction ${number} (${program.labels[number]}) wrote ${found.value}`;
}

interface Found {
  readonly at: number;
  readonly value: number;
}

function walk(memory: JsMemory, code: Int32Array, start: number, end: number): Found | undefined {
  for (let at = start; at < end; ) {
    const opcode = opcodeAt(code, at);
    const next = at + lengthAt(code, at);
    if (opcode === END) return undefined;
    if (opcode === LOOP) {
      for (let k = 0; k < code[at + LOOP_COUNT]; k++) {
        memory.counters[code[at + LOOP_DEPTH]] = k;
        const found = walk(memory, code, next, next + code[at + LOOP_BODY]);
        if (found !== undefined) return found;
      }
      at = next + code[at + LOOP_BODY];
      continue;
    }
    const isMoved = opcode === INDEX;
    const stop = isMoved ? next + lengthAt(code, next) : next;
    interpret(memory, code, at, stop);
    const value = isMoved ? firstWritten(memory, memory.instruction, 0) : firstWritten(memory, code, at);
    if (value !== undefined) return { at: isMoved ? next : at, value };
    at = stop;
  }
  return undefined;
}

/** The first value that is not finite among those an instruction wrote. Panels are private to an executor: this one has none. */
function firstWritten({ f }: JsMemory, code: Int32Array, at: number): number | undefined {
  if (opcodeAt(code, at) === PACK) return undefined;
  for (const { slot, write, first, words, run, period } of accessesOf(code, at)) {
    if (!write) continue;
    const from = code[at + slot] + first;
    for (let k = 0; k < words; k++)
      if (k % period < run && !(Math.abs(f[from + k]) <= LARGEST))
        return Number.isNaN(f[from + k]) ? Number.NaN : Math.sign(f[from + k]) * Number.POSITIVE_INFINITY;
  }
  return undefined;
}
