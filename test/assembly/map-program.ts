// Maps for tests: written as instructions, and interpreted element by element the slow way.
import * as code from "../../assembly/isa/map-code.ts";
import { MAP } from "../../assembly/isa/opcode.ts";
import {
  ELEMENT_BYTE,
  MODE_COLUMN,
  MODE_FULL,
  MODE_ROW,
  MODE_ROWS,
  MODE_SCALAR,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../assembly/isa/slots.ts";
import { erf } from "../../src/runtime/js/erf.ts";
import { MAP_KERNELS } from "../../src/runtime/js/map-codes.ts";
import type { JsMemory } from "../../src/runtime/js/memory.ts";
import { permuteIndex, uniform } from "../../src/runtime/js/random.ts";
import { instruction } from "./machine.ts";

export type Data = Float32Array | Int32Array | Uint8Array;

export interface Buffer {
  readonly at: number;
  readonly data: Data;
}

export interface Operand {
  readonly buffer: Buffer;
  readonly mode: number;
  readonly div?: number;
  readonly mod?: number;
}

/** [code, to, a, b, c, d]. */
export type Step = readonly [code: number, to: number, ...from: readonly number[]];

export interface MapProgram {
  readonly n: number;
  readonly columns?: number;
  readonly operands: readonly Operand[];
  readonly outputs: readonly Buffer[];
  /** Words from row to row of each output, if rows do not follow one another. */
  readonly rows?: readonly number[];
  readonly steps: readonly Step[];
}

export const full = (buffer: Buffer): Operand => ({ buffer, mode: MODE_FULL });
export const scalar = (buffer: Buffer): Operand => ({ buffer, mode: MODE_SCALAR });
export const row = (buffer: Buffer): Operand => ({ buffer, mode: MODE_ROW });
export const column = (buffer: Buffer, div: number, mod: number): Operand => ({ buffer, mode: MODE_COLUMN, div, mod });
export const rows = (buffer: Buffer, row: number): Operand => ({ buffer, mode: MODE_ROWS, div: row });

export const operand = (i: number): number => REGISTER_OPERAND + i;
export const output = (i: number): number => REGISTER_OUTPUT + i;

/** The words of a map from its slot MAP_N on. */
export function mapWords({ n, columns = n, operands, outputs, rows = [], steps }: MapProgram): number[] {
  return [
    n,
    columns,
    operands.length | (outputs.length << 8) | (steps.length << 16),
    0,
    ...operands.flatMap(({ buffer, mode, div = 1, mod = 1 }) => [
      buffer.at,
      mode | ((buffer.data instanceof Uint8Array ? ELEMENT_BYTE : 0) << 8),
      div,
      mod,
    ]),
    ...outputs.flatMap(({ at }, k) => [at, rows[k] ?? 0]),
    ...steps.flatMap(([code, to, a = 0, b = 0, c = 0, d = 0]) => [
      code | (to << 8) | (a << 16) | (b << 24),
      c | (d << 8),
    ]),
  ];
}

export function mapInstruction(program: MapProgram): number[] {
  return instruction(MAP, ...mapWords(program));
}

const f32 = new Float32Array(4);
const i32 = new Int32Array(f32.buffer);

type Rule = (i: number) => void;

// Each rule reads its operands from lanes 0 to 3 and leaves its result in lane 0. Lane 0 is rounded by being stored.
const floats =
  (of: (a: number, b: number, c: number, d: number) => number): Rule =>
  () => {
    f32[0] = of(f32[0], f32[1], f32[2], f32[3]);
  };
const integers =
  (of: (a: number, b: number, c: number) => number): Rule =>
  () => {
    i32[0] = of(i32[0], i32[1], i32[2]);
  };

/** What each step does to one element: what the JavaScript kernel does, which PyTorch's values check. */
const TWINS = Object.fromEntries(
  Object.entries(MAP_KERNELS).map(([which, kernel]): [string, Rule] => [
    which,
    (i) => kernel({ f: f32, i: i32 } as unknown as JsMemory, 1, 0, 0, 1, 2, 3, i),
  ]),
);

/** What each step does to one element: from its definition here, where there is one. */
export const RULES: Readonly<Record<number, Rule>> = {
  ...TWINS,
  [code.COPY_BITS]: () => {},
  [code.ADD]: floats((a, b) => a + b),
  [code.SUB]: floats((a, b) => a - b),
  [code.MUL]: floats((a, b) => a * b),
  [code.DIV]: floats((a, b) => a / b),
  [code.MAX]: floats((a, b) => Math.max(a, b)),
  [code.MIN]: floats((a, b) => Math.min(a, b)),
  [code.NEG]: floats((a) => -a),
  [code.ABS]: floats(Math.abs),
  [code.SIGN]: floats(Math.sign),
  [code.FLOOR]: floats(Math.floor),
  [code.EXP]: floats(Math.exp),
  [code.EXPM1]: floats(Math.expm1),
  [code.LOG]: floats(Math.log),
  [code.LOG1P]: floats(Math.log1p),
  [code.SQRT]: floats(Math.sqrt),
  [code.RSQRT]: floats((a) => 1 / Math.fround(Math.sqrt(a))),
  [code.SIN]: floats(Math.sin),
  [code.COS]: floats(Math.cos),
  [code.TANH]: floats(Math.tanh),
  [code.SIGMOID]: floats((a) => 1 / (1 + Math.exp(-a))),
  [code.ERF]: floats(erf),
  [code.POW]: floats((a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b)),
  [code.LESS]: floats((a, b) => (a < b ? 1 : 0)),
  [code.EQUAL]: floats((a, b) => (a === b ? 1 : 0)),
  [code.SELECT]: () => {
    i32[0] = f32[0] !== 0 ? i32[1] : i32[2];
  },
  [code.RELU]: floats((a) => Math.max(a, 0)),
  // The sign that JavaScript's % takes from a, fmod takes there, too; the remainder takes b's.
  [code.REMAINDER]: floats((a, b) => (a % b === 0 ? 0 * Math.sign(b) : a % b < 0 === b < 0 ? a % b : (a % b) + b)),
  [code.MULTIPLY_ADD]: floats((a, b, c) => Math.fround(a * b) + c),
  [code.LINEAR]: floats((a, b, c, d) => Math.fround(a * b) + Math.fround(c * d)),
  [code.AFFINE]: floats((a, b, c) => Math.fround(a * b) + c),
  [code.SCALED_ADD]: floats((a, b, c) => Math.fround(a * b) + c),
  [code.BLEND]: floats((a, b, c, d) => Math.fround(a * b) + Math.fround(c * d)),
  [code.SQRT_AFFINE]: floats((a, b, c) => Math.fround(Math.fround(Math.sqrt(a)) * b) + c),
  [code.QUOTIENT_ADD]: floats((a, b, c, d) => Math.fround(Math.fround(a / b) * c) + d),
  [code.FROM_I32]: () => {
    f32[0] = i32[0];
  },
  [code.TO_I32]: () => {
    i32[0] = Math.max(-2147483648, Math.min(2147483647, Math.trunc(f32[0] || 0)));
  },
  [code.ADD_I]: integers((a, b) => a + b),
  [code.SUB_I]: integers((a, b) => a - b),
  [code.MUL_I]: integers(Math.imul),
  [code.DIV_I]: integers((a, b) => (b === 0 ? 0 : Math.floor(a / b))),
  [code.REMAINDER_I]: integers((a, b) => (b === 0 ? 0 : a - b * Math.floor(a / b))),
  [code.MAX_I]: integers((a, b) => Math.max(a, b)),
  [code.MIN_I]: integers((a, b) => Math.min(a, b)),
  [code.NEG_I]: integers((a) => -a),
  [code.ABS_I]: integers(Math.abs),
  [code.LESS_I]: () => {
    f32[0] = i32[0] < i32[1] ? 1 : 0;
  },
  [code.EQUAL_I]: () => {
    f32[0] = i32[0] === i32[1] ? 1 : 0;
  },
  [code.SIGN_I]: integers(Math.sign),
  [code.UNIFORM]: (i) => {
    f32[0] = uniform(i, i32[0], i32[1]);
  },
  [code.PERMUTE_INDEX]: integers(permuteIndex),
};

/** What two of them do where a * b + c is rounded once. */
const FUSED: Readonly<Record<number, Rule>> = {
  [code.MULTIPLY_ADD]: floats((a, b, c) => a * b + c),
  [code.LINEAR]: floats((a, b, c, d) => a * b + Math.fround(c * d)),
  [code.AFFINE]: floats((a, b, c) => a * b + c),
  [code.SCALED_ADD]: floats((a, b, c) => a * b + c),
  [code.BLEND]: floats((a, b, c, d) => a * b + Math.fround(c * d)),
  [code.SQRT_AFFINE]: floats((a, b, c) => Math.fround(Math.sqrt(a)) * b + c),
  [code.QUOTIENT_ADD]: floats((a, b, c, d) => Math.fround(a / b) * c + d),
};

/** The bits of every output, from the operands as they are now. */
export function interpret({ n, columns = n, operands, outputs, steps }: MapProgram, fused = false): Int32Array[] {
  const rules = fused ? { ...RULES, ...FUSED } : RULES;
  const results = outputs.map(() => new Int32Array(n));
  const views = operands.map(({ buffer: { data } }) =>
    data instanceof Uint8Array ? data : new Int32Array(data.buffer, data.byteOffset, data.length),
  );
  const registers = new Int32Array(REGISTER_OUTPUT + outputs.length);
  for (let i = 0; i < n; i++) {
    operands.forEach(({ mode, div = 1, mod = 1 }, o) => {
      const rowNumber = Math.floor(i / columns);
      const index = [i, 0, i % columns, Math.floor(rowNumber / div) % mod, rowNumber * div + (i % columns)][mode];
      registers[operand(o)] = views[o][index];
    });
    for (const [which, to, ...from] of steps) {
      from.forEach((r, lane) => {
        i32[lane] = registers[r];
      });
      rules[which](i);
      registers[to] = i32[0];
    }
    results.forEach((result, o) => {
      result[i] = registers[output(o)];
    });
  }
  return results;
}
