// The search for the instruction that made the first NaN or infinity: one step of a program, instruction by instruction, on two
// machines at once. One computes in Float32 and overflows where training does; the other, the oracle, tells integers from numbers.
import { END, INDEX, LOOP, PACK } from "../../assembly/isa/opcode.ts";
import { LOOP_BODY, LOOP_COUNT, LOOP_DEPTH } from "../../assembly/isa/slots.ts";
import { accessesOf } from "../program/access.ts";
import { lengthAt, opcodeAt } from "../program/addresses.ts";
import type { Program } from "../program/program.ts";
import type { TypedArray } from "./executor.ts";
import { interpret } from "./js/interpret.ts";
import { createJsMachine } from "./js/machine.ts";
import type { JsMemory } from "./js/memory.ts";
import type { Loaded, Machine } from "./machine.ts";
import { Space } from "./space.ts";

/** Bytes that the oracle holds look like numbers below this, which nothing computes. */
const NO_NUMBER = 1e-300;

/**
 * Runs one step of a program and tells which instruction first wrote a NaN or an infinity, as a sentence; undefined if all is finite.
 */
export async function firstBadInstruction(
  program: Program,
  read: (key: string) => TypedArray | Promise<TypedArray>,
): Promise<string | undefined> {
  const values: [key: string, data: TypedArray][] = [];
  for (const { key } of program.variables) values.push([key, await read(key)]);
  const [single, exact] = (["float32", "float64"] as const).map((precision) => new Replica(precision, program, values));
  const found = walk(single, exact, 0, program.code.length);
  single.dispose();
  exact.dispose();
  if (found === undefined) return undefined;
  let number = 0;
  for (let at = 0; at < found.at; at += lengthAt(program.code, at)) number++;
  const label = program.labels[number];
  const advice = /^gather\b/.test(label) ? ": so does an index that is outside of the table" : "";
  return `instruction ${number} (${label}) wrote ${found.value}${advice}`;
}

/** The program on a machine of its own. */
class Replica {
  readonly #machine: Machine;
  readonly #loaded: Loaded;

  constructor(precision: "float32" | "float64", program: Program, values: readonly [key: string, data: TypedArray][]) {
    this.#machine = createJsMachine(precision);
    const space = new Space(this.#machine, false);
    this.#loaded = space.loaded(space.load(program));
    for (const [variable, data] of values) space.write({ variable }, data);
  }

  get memory(): JsMemory {
    return this.#machine.memory as JsMemory;
  }

  get code(): Int32Array {
    return this.#loaded.code;
  }

  dispose(): void {
    this.#machine.dispose();
  }
}

interface Found {
  readonly at: number;
  readonly value: number;
}

function walk(single: Replica, exact: Replica, start: number, end: number): Found | undefined {
  const { code } = single;
  for (let at = start; at < end; ) {
    const opcode = opcodeAt(code, at);
    const next = at + lengthAt(code, at);
    if (opcode === END) return undefined;
    if (opcode === LOOP) {
      for (let k = 0; k < code[at + LOOP_COUNT]; k++) {
        for (const { memory } of [single, exact]) memory.counters[code[at + LOOP_DEPTH]] = k;
        const found = walk(single, exact, next, next + code[at + LOOP_BODY]);
        if (found !== undefined) return found;
      }
      at = next + code[at + LOOP_BODY];
      continue;
    }
    const isMoved = opcode === INDEX;
    const stop = isMoved ? next + lengthAt(code, next) : next;
    for (const copy of [single, exact]) interpret(copy.memory, copy.code, at, stop);
    const value = isMoved
      ? firstWritten(single.memory, exact.memory, single.memory.instruction, 0)
      : firstWritten(single.memory, exact.memory, code, at);
    if (value !== undefined) return { at: isMoved ? next : at, value };
    at = stop;
  }
  return undefined;
}

/** The first value that is not finite among those an instruction wrote. Panels are private to an executor: these have none. */
function firstWritten({ f, i }: JsMemory, exact: JsMemory, code: Int32Array, at: number): number | undefined {
  if (opcodeAt(code, at) === PACK) return undefined;
  for (const { slot, write, first, words, run, period } of accessesOf(code, at)) {
    if (!write) continue;
    const from = code[at + slot] + first;
    for (let word = from; word < from + words; word++) {
      if (Number.isFinite(f[word]) || (word - from) % period >= run) continue;
      const oracle = exact.f[word];
      const isInteger = oracle === i[word] || (oracle !== 0 && Math.abs(oracle) < NO_NUMBER);
      if (!isInteger) return f[word];
    }
  }
  return undefined;
}
