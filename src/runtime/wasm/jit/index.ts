// Code made for one program: its maps as loops without an interpreter, a toy's whole step as one function. It has the kernels' bits,
// so a program may begin without it and go on with it (machine.ts says when).
import { CONVOLVE } from "../../../../assembly/isa/opcode.ts";
import * as slot from "../../../../assembly/isa/slots.ts";
import { lengthAt, mapOf, opcodeAt } from "../../../program/addresses.ts";
import { stepsOf } from "../../../program/map-steps.ts";
import { MAP_SIGNATURE, mapFunction, rowsOfOutputs } from "./map.ts";
import { STEP_SIGNATURE, stepFunction } from "./step.ts";
import { isShort } from "./steps.ts";
import { type Made, moduleOf } from "./writer.ts";

/** A module for a program, which exports functions "0", "1", ... */
export interface Generated {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly count: number;
  /** Maps that have a function: where their word MAP_FUNCTION is in the code, and the function's number. */
  readonly maps: readonly (readonly [position: number, number: number])[];
  /** Number of the one that does the whole step. */
  readonly step?: number;
}

export interface Options {
  /** Whether a * b + c is rounded once: the relaxed build. */
  readonly fused: boolean;
  /** Where a whole step may keep words for a while: on one thread alone. */
  readonly scratch?: number;
}

/** What the module imports, in this order. */
const IMPORTS = [
  { name: "execute", signature: { parameters: 2, results: 1 } },
  { name: "step", signature: { parameters: 9, results: 0 } },
];
const [EXECUTE, STEP] = [0, 1];

/** Elements from which on a map is worth a function. */
const LEAST = 16;

/** Functions of one program: as many maps as a long one has. */
const MOST = 256;

/** Makes functions for a program with these instructions; undefined if there is nothing to be made. */
export function generate(code: Int32Array, { fused, scratch }: Options): Generated | undefined {
  if (scratch !== undefined) {
    const body = stepFunction(code, fused, { execute: EXECUTE, step: STEP, scratch });
    if (body !== undefined)
      return { bytes: moduleOf(IMPORTS, [{ signature: STEP_SIGNATURE, body }]), count: 1, maps: [], step: 0 };
  }
  const functions: Made[] = [];
  const numbers = new Map<string, number>();
  const maps: [number, number][] = [];
  for (let at = 0; at < code.length && lengthAt(code, at) > 0; at += lengthAt(code, at)) {
    const map = mapOf(code, at);
    if (map < 0 || code[map + slot.MAP_N] < LEAST || functions.length === MOST) continue;
    if (map > at && !hasWholeRows(code, at, map)) continue;
    const shape = shapeOf(code, map);
    let number = numbers.get(shape);
    if (number === undefined) {
      const body = mapFunction(code, map, fused, STEP);
      if (body === undefined) continue;
      number = functions.push({ signature: MAP_SIGNATURE, body }) - 1;
      numbers.set(shape, number);
    }
    maps.push([map + slot.MAP_FUNCTION, number]);
  }
  if (functions.length === 0) return undefined;
  return { bytes: moduleOf(IMPORTS, functions), count: functions.length, maps };
}

/** Whether an epilogue, which runs on pieces of rows, begins each at a whole vector, as operands in rows or columns need it. */
function hasWholeRows(code: Int32Array, at: number, map: number): boolean {
  if (isFlat(code, map)) return true;
  if (opcodeAt(code, at) !== CONVOLVE) return code[at + slot.MATMUL_N] % 4 === 0;
  const [depth, height, width] = [slot.CONVOLVE_POSITIONS_D, slot.CONVOLVE_POSITIONS_H, slot.CONVOLVE_POSITIONS_W].map(
    (each) => code[at + each],
  );
  // A piece of one channel may begin anywhere: nothing changes before its end but what changes from row to row.
  return width % 4 === 0 || (depth === 1 && (height * width) % 4 === 0);
}

/** Whether its operands are full ones and scalars, and its results whole, so that columns do not matter. */
function isFlat(code: Int32Array, map: number): boolean {
  for (let k = 0; k < (code[map + slot.MAP_COUNTS] & 0xff); k++) {
    const mode = code[map + slot.MAP_FIRST + k * slot.MAP_OPERAND_WORDS + 1] & 0xff;
    if (mode !== slot.MODE_FULL && mode !== slot.MODE_SCALAR) return false;
  }
  return rowsOfOutputs(code, map).every((row) => row === 0);
}

/** All of a map but its addresses and its number of elements: maps that agree in it share a function. */
function shapeOf(code: Int32Array, map: number): string {
  const counts = code[map + slot.MAP_COUNTS];
  const operands = map + slot.MAP_FIRST;
  const outputs = operands + (counts & 0xff) * slot.MAP_OPERAND_WORDS;
  const steps = outputs + ((counts >> 8) & 0xff) * slot.MAP_OUTPUT_WORDS;
  const words = [counts, ...rowsOfOutputs(code, map)];
  if (!isFlat(code, map)) words.push(code[map + slot.MAP_COLUMNS]);
  for (let at = operands; at < outputs; at += slot.MAP_OPERAND_WORDS)
    words.push(...code.subarray(at + 1, at + slot.MAP_OPERAND_WORDS));
  words.push(...code.subarray(steps, steps + (counts >>> 16) * slot.MAP_STEP_WORDS));
  if ([...stepsOf(code, map)].some((step) => !isShort(step.code)))
    words.push(...sharedPlaces(code, operands, outputs, steps));
  return words.join();
}

/** Which results lie where operands do: long steps may not write them before all have been read. */
function sharedPlaces(code: Int32Array, operands: number, outputs: number, end: number): number[] {
  const places: number[] = [];
  for (let o = outputs; o < end; o += slot.MAP_OUTPUT_WORDS)
    for (let k = operands; k < outputs; k += slot.MAP_OPERAND_WORDS)
      if (code[k] === code[o]) places.push(o - operands, k - operands);
  return places;
}
