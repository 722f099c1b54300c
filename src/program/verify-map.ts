// What a map, or an epilogue, must keep to by itself: counts, domain, modes, registers.
import { MAP_CODES, UNIFORM } from "../../assembly/isa/map-code.ts";
import { MAX_OPERANDS, MAX_OUTPUTS, MAX_STEPS } from "../../assembly/isa/sizes.ts";
import {
  ELEMENT_BYTE,
  MAP_COLUMNS,
  MAP_COUNTS,
  MAP_FIRST,
  MAP_FUNCTION,
  MAP_N,
  MAP_OPERAND_WORDS,
  MAP_OUTPUT_WORDS,
  MODE_FULL,
  MODE_ROWS,
  MODE_SCALAR,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../assembly/isa/slots.ts";
import { type MapStep, SCALAR_SOURCES, stepsOf } from "./map-steps.ts";
import type { Names } from "./names.ts";

const MOST_ELEMENTS = 2 ** 30;

/** What is wrong with the map at `map`, whose length is right; undefined if nothing is. */
export function checkMap(code: Int32Array, map: number, isEpilogue: boolean, names: Names): string | undefined {
  const n = code[map + MAP_N];
  const columns = code[map + MAP_COLUMNS];
  if (n < 0) return `${n} elements`;
  if (columns < 1 || n % columns !== 0) return `${n} elements in rows of ${columns}`;
  const counts = code[map + MAP_COUNTS];
  const operands = counts & 0xff;
  const outputs = (counts >> 8) & 0xff;
  const steps = counts >>> 16;
  if (operands > MAX_OPERANDS) return `${operands} operands, more than ${MAX_OPERANDS}`;
  if (outputs > MAX_OUTPUTS) return `${outputs} outputs, more than ${MAX_OUTPUTS}`;
  if (steps > MAX_STEPS) return `${steps} steps, more than ${MAX_STEPS}`;
  if (code[map + MAP_FUNCTION] !== 0) return `a function, ${code[map + MAP_FUNCTION]}, which only executors have`;
  return (
    checkOperands(code, map, operands) ??
    checkOutputs(code, map, operands, outputs) ??
    checkSteps(code, map, operands, outputs, isEpilogue, names)
  );
}

function checkOperands(code: Int32Array, map: number, operands: number): string | undefined {
  for (let k = 0; k < operands; k++) {
    const [, kind, div, mod] = code.subarray(map + MAP_FIRST + k * MAP_OPERAND_WORDS);
    if ((kind & 0xff) > MODE_ROWS) return `a${k} has mode ${kind & 0xff}`;
    if (kind >> 8 < 0 || kind >> 8 > ELEMENT_BYTE) return `a${k} has elements of kind ${kind >> 8}`;
    // Kernels count elements in 31 bits.
    if ((kind & 0xff) === MODE_ROWS) {
      const wrong = kind >> 8 === ELEMENT_BYTE ? "bytes" : wrongRow(code, map, div);
      if (wrong !== undefined) return `a${k} has rows of ${wrong}`;
      continue;
    }
    const isBeyond = div * code[map + MAP_COLUMNS] >= MOST_ELEMENTS || mod >= MOST_ELEMENTS;
    if (div < 1 || mod < 1 || isBeyond) return `a${k} divides by ${div} and takes the remainder by ${mod}`;
  }
  return undefined;
}

function checkOutputs(code: Int32Array, map: number, operands: number, outputs: number): string | undefined {
  for (let k = 0; k < outputs; k++) {
    const row = code[map + MAP_FIRST + operands * MAP_OPERAND_WORDS + k * MAP_OUTPUT_WORDS + 1];
    const wrong = row === 0 ? undefined : wrongRow(code, map, row);
    if (wrong !== undefined) return `o${k} has rows of ${wrong}`;
  }
  return undefined;
}

/** Words from row to row: rows stand apart, and all within what addresses reach. */
function wrongRow(code: Int32Array, map: number, row: number): string | undefined {
  const [n, columns] = [code[map + MAP_N], code[map + MAP_COLUMNS]];
  const fits = row >= columns && row * (n / columns) <= MOST_ELEMENTS;
  return fits ? undefined : `${columns} words, ${row} apart`;
}

function checkSteps(
  code: Int32Array,
  map: number,
  operands: number,
  outputs: number,
  isEpilogue: boolean,
  names: Names,
): string | undefined {
  const written = new Set<number>();
  const wrong = ({ code: step, target, sources }: MapStep): string | undefined => {
    if (step >= MAP_CODES) return "no step has this code";
    // Epilogues begin at any element; random numbers come in groups.
    if (step === UNIFORM && isEpilogue) return "in an epilogue";
    for (const source of sources) {
      if (source < REGISTER_OPERAND || source >= REGISTER_OUTPUT) {
        if (!written.has(source)) return `${names.register(source)} is not written before`;
        continue;
      }
      if (source - REGISTER_OPERAND >= operands) return `there are ${operands} operands`;
      const output = overwriter(code, map, source - REGISTER_OPERAND, operands, written);
      if (output !== undefined) return `o${output} has overwritten ${names.register(source)}`;
    }
    for (const position of SCALAR_SOURCES.get(step) ?? []) {
      const source = sources[position];
      const mode = code[map + MAP_FIRST + (source - REGISTER_OPERAND) * MAP_OPERAND_WORDS + 1] & 0xff;
      if (source >= REGISTER_OUTPUT || source < REGISTER_OPERAND || mode !== MODE_SCALAR)
        return `${names.register(source)} is no scalar`;
    }
    if (target >= REGISTER_OPERAND && target < REGISTER_OUTPUT) return "writes an operand";
    if (target >= REGISTER_OUTPUT + outputs) return `there are ${outputs} outputs`;
    written.add(target);
    return undefined;
  };
  for (const step of stepsOf(code, map)) {
    const reason = wrong(step);
    if (reason !== undefined) return `${names.step(step)}: ${reason}`;
  }
  for (let k = 0; k < outputs; k++) if (!written.has(REGISTER_OUTPUT + k)) return `no step writes o${k}`;
  return undefined;
}

/** An output already written that lies in the memory of an operand that is read element by element. */
function overwriter(
  code: Int32Array,
  map: number,
  operand: number,
  operands: number,
  written: ReadonlySet<number>,
): number | undefined {
  const at = map + MAP_FIRST + operand * MAP_OPERAND_WORDS;
  if (code[at + 1] !== MODE_FULL && code[at + 1] !== MODE_ROWS) return undefined;
  const outputs = map + MAP_FIRST + operands * MAP_OPERAND_WORDS;
  for (const register of written) {
    const output = register - REGISTER_OUTPUT;
    if (output >= 0 && code[outputs + output * MAP_OUTPUT_WORDS] === code[at]) return output;
  }
  return undefined;
}
