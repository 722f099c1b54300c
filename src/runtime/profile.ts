// The profiler: a program's time, instruction by instruction, on a machine of its own. Every instruction of a step is called and timed
// by itself, in the order of the step, so that it finds the caches as it does in training.
import { BARRIER, CONVOLVE, CONVOLVE_FILTER, END, GATHER, INDEX, LOOP, MATMUL } from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import { aFunction, aListOf, aWholeNumber, checkOptions, isRecord, must, oneOf } from "../check.ts";
import { UnsupportedError } from "../errors.ts";
import { type Access, accessesOf } from "../program/access.ts";
import { lengthAt, opcodeAt } from "../program/addresses.ts";
import { checkForm } from "../program/form.ts";
import type { Program } from "../program/program.ts";
import { sizeOf } from "../shape.ts";
import type { TypedArray } from "./executor.ts";
import { hasRelaxedSimd, hasSimd } from "./features.ts";
import type { Loaded, Machine } from "./machine.ts";
import { Space } from "./space.ts";

/** How a program is profiled. */
export interface ProfileOptions {
  /** Default: relaxed where the platform has it, else portable; "js" times the JavaScript kernels. */
  readonly build?: "relaxed" | "portable" | "js";
  /** Steps that are timed, after two that are not. Default 21. */
  readonly steps?: number;
  /** Values of a variable by its key. Default: small positive numbers, zeros for integers. */
  readonly read?: (key: string) => TypedArray | Promise<TypedArray>;
}

/** One instruction of a profile; a loop counts as one, with all that it repeats. */
export interface ProfileRow {
  /** Its number in the program, and what it computes. */
  readonly instruction: number;
  readonly label: string;
  /** Median of its time in a step, in microseconds. */
  readonly microseconds: number;
  /** Part of the sum of all rows. */
  readonly share: number;
  /** Operations of matrix products: a multiplication and an addition are two. */
  readonly flops: number;
  /** Bytes that it reads and writes, each operand counted once. */
  readonly bytes: number;
}

/**
 * Times each instruction of a program in steps on a machine of its own: nothing that trains is touched.
 * Clocks of browsers are coarse; in Node an instruction below a microsecond can be told from another.
 * @throws UnsupportedError where the platform cannot run the build
 *
 * @example
 * import { compile, Variable } from "simdgrad";
 * import { profile } from "simdgrad/debug";
 * const x = new Variable([8, 8], 0);
 * const rows = await profile(compile({ outputs: { y: x.matmul(x).exp() } }), { steps: 3 });
 * rows.reduce((sum, { flops }) => sum + flops, 0); // => 1024
 */
export async function profile(program: Program, options: ProfileOptions = {}): Promise<ProfileRow[]> {
  checkForm(program, "profile: program");
  checkOptions(options, "profile", {
    build: oneOf("relaxed", "portable", "js"),
    steps: aWholeNumber(1, 1e6),
    read: aFunction,
  });
  const { steps = 21, read = () => undefined } = options;
  const machine = await machineOf(options.build ?? (hasRelaxedSimd() ? "relaxed" : "portable"));
  try {
    const space = new Space(machine, false);
    const id = space.load(program);
    for (const { key, shape, dtype } of program.variables)
      space.write({ variable: key }, (await read(key)) ?? someNumbers(sizeOf(shape), dtype === "f32"));
    for (const { name, shape, dtype } of program.inputs)
      space.write({ program: id, name }, someNumbers(sizeOf(shape), dtype === "f32"));
    const units = unitsOf(program);
    const times = await measure(machine, space.loaded(id), units, steps);
    const total = times.reduce((sum, time) => sum + time, 0);
    return units.map(({ number, flops, bytes }, i) => ({
      instruction: number,
      label: program.labels[number],
      microseconds: times[i],
      share: total === 0 ? 0 : times[i] / total,
      flops,
      bytes,
    }));
  } finally {
    machine.dispose();
  }
}

/**
 * A profile as a table, the slowest instruction first.
 *
 * @example
 * import { formatProfile } from "simdgrad/debug";
 * const row = { instruction: 3, label: "matmul", microseconds: 2, share: 1, flops: 1e5, bytes: 4e3 };
 * formatProfile([row]).split("\n")[1]; // => "   2.00  100.0%    50.0 GFLOP/s     3  matmul"
 */
export function formatProfile(rows: readonly ProfileRow[]): string {
  aListOf(aRow)(rows, "formatProfile: rows");
  const lines = [...rows]
    .sort((a, b) => b.microseconds - a.microseconds)
    .map(({ instruction, label, microseconds, share, flops, bytes }) => {
      const rate = microseconds === 0 ? 0 : (flops || bytes) / microseconds / 1e3;
      const cells = [
        microseconds.toFixed(2).padStart(7),
        `${(100 * share).toFixed(1)}%`.padStart(6),
        `${rate.toFixed(1).padStart(6)} ${flops > 0 ? "GFLOP/s" : "GB/s   "}`,
        `${instruction}`.padStart(4),
        label,
      ];
      return cells.join("  ");
    });
  return ["     us   share              rate    no  what", ...lines].join("\n");
}

function aRow(value: unknown, what: string): void {
  const { microseconds, label } = isRecord(value) ? value : {};
  must(typeof microseconds === "number" && typeof label === "string", value, what, "a row of profile()");
}

/** Operations of all matrix products of one step. */
export function flopsOf(program: Program): number {
  return unitsOf(program).reduce((sum, { flops }) => sum + flops, 0);
}

/** What is timed by itself: an instruction with its prefix, or a loop. */
interface Unit {
  readonly number: number;
  readonly at: number;
  readonly end: number;
  readonly flops: number;
  readonly bytes: number;
}

function unitsOf({ code }: Program): Unit[] {
  const units: Unit[] = [];
  for (let at = 0, number = 0; opcodeAt(code, at) !== END; ) {
    const end = at + lengthAt(code, at) + (opcodeAt(code, at) === LOOP ? code[at + slot.LOOP_BODY] : 0);
    units.push({ number, at, end, ...workOf(code, at, end) });
    for (; at < end; at += lengthAt(code, at)) number++;
  }
  return units.filter(({ at }) => opcodeAt(code, at) !== BARRIER); // nobody to wait for: one thread
}

/** Three slots, one an axis. */
function axes(first: number): number[] {
  return [first, first + 1, first + 2];
}

const CONVOLUTION = [slot.CONVOLVE_IMAGES, slot.CONVOLVE_GROUPS, slot.CONVOLVE_ROWS, slot.CONVOLVE_CHANNELS].concat(
  axes(slot.CONVOLVE_TAPS_D),
  axes(slot.CONVOLVE_POSITIONS_D),
);

/** Slots whose product is how many multiplications an instruction has, taps that lie outside of images included. */
const PRODUCTS: Readonly<Record<number, readonly number[]>> = {
  [MATMUL]: [slot.MATMUL_BATCH, slot.MATMUL_HEADS, slot.MATMUL_M, slot.MATMUL_N, slot.MATMUL_K],
  [CONVOLVE]: CONVOLUTION,
  [CONVOLVE_FILTER]: CONVOLUTION,
};

/** Of spaced positions each tap meets one of so many. */
function spacing(code: Int32Array, at: number): number {
  if (opcodeAt(code, at) !== CONVOLVE) return 1;
  return axes(slot.CONVOLVE_SPACING_D).reduce((product, each) => product * code[at + each], 1);
}

function workOf(code: Int32Array, start: number, end: number): { readonly flops: number; readonly bytes: number } {
  let [flops, bytes] = [0, 0];
  for (let at = start, next = start; at < end; at = next) {
    const opcode = opcodeAt(code, at);
    next = at + lengthAt(code, at);
    if (opcode === LOOP) {
      const body = next;
      next += code[at + slot.LOOP_BODY];
      const inner = workOf(code, body, next);
      flops += code[at + slot.LOOP_COUNT] * inner.flops;
      bytes += code[at + slot.LOOP_COUNT] * inner.bytes;
    } else if (opcode !== INDEX) {
      for (const access of accessesOf(code, at)) {
        const { words, run, period } = isTable(opcode, access.slot) ? rowsWritten(code, at) : access;
        bytes += 4 * (words === 0 ? 0 : Math.ceil(words / period) * run);
      }
      const products = PRODUCTS[opcode]?.reduce((product, number) => product * code[at + number], 2) ?? 0;
      flops += products / spacing(code, at);
    }
  }
  return { flops, bytes };
}

/** Of a table only the rows that are gathered are read. */
function isTable(opcode: number, number: number): boolean {
  return opcode === GATHER && number === slot.GATHER_FROM;
}

function rowsWritten(code: Int32Array, at: number): Access {
  return accessesOf(code, at).filter(({ write }) => write)[0];
}

/** Medians in microseconds, one for each unit, less the time of a call that does nothing. */
async function measure(machine: Machine, loaded: Loaded, units: readonly Unit[], steps: number): Promise<number[]> {
  const nothing = new Float64Array(0);
  const pieces = [...units, { at: 0, end: 0 }].map(({ at, end }) => ({
    ...loaded,
    code: Int32Array.from([...loaded.code.subarray(at, end), END | (1 << 8)]),
    logTypes: [],
  }));
  for (const piece of pieces) {
    machine.install(piece);
    await machine.prepare?.(piece);
  }
  const times: number[][] = pieces.map(() => []);
  for (let step = -2; step < steps; step++)
    pieces.forEach((piece, i) => {
      machine.install(piece);
      const start = performance.now();
      machine.execute(piece, 1, nothing, 0);
      const time = performance.now() - start;
      if (step >= 0) times[i].push(1e3 * time);
    });
  const medians = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1] ?? 0);
  const idle = medians.pop() ?? 0;
  return medians.map((time) => Math.max(0, time - idle));
}

async function machineOf(build: "relaxed" | "portable" | "js"): Promise<Machine> {
  if (build === "js") return (await import("./js/machine.ts")).createJsMachine("float32");
  if (build === "relaxed" ? !hasRelaxedSimd() : !hasSimd())
    throw new UnsupportedError(`profile: this platform cannot run the build ${build}`);
  const [{ createWasmMachine, decoded }, { wasm }] = await Promise.all([
    import("./wasm/machine.ts"),
    build === "relaxed" ? import("./wasm/generated/relaxed.ts") : import("./wasm/generated/portable.ts"),
  ]);
  return createWasmMachine(decoded(wasm), { threads: 1 });
}

/** Positive, so that no square root fails; never the same twice in a row, so that nothing is faster than with real data. */
function someNumbers(length: number, real: boolean): Float32Array | Int32Array {
  if (!real) return new Int32Array(length);
  return Float32Array.from({ length }, (_, i) => 0.01 + 0.09 * ((i * 0.618034) % 1));
}
