// A whole step of a toy network as one straight line of code: what an instruction computes stays in registers for those that follow,
// and goes to memory, too. Instructions of other kinds are left to the kernels where they stand. Sums have the kernels' order, so
// all has the same bits.
import * as op from "../../../../assembly/isa/opcode.ts";
import * as slot from "../../../../assembly/isa/slots.ts";
import { lengthAt, mapOf, opcodeAt } from "../../../program/addresses.ts";
import type { Word } from "../../../program/instructions.ts";
import { stepsOf } from "../../../program/map-steps.ts";
import { isShort, Stepper, type Value } from "./steps.ts";
import { type AddressSlot, type Lane, Words } from "./words.ts";
import { FunctionBody, type Signature, simd, op as wasm } from "./writer.ts";

/** The address of the program's code. */
export const STEP_SIGNATURE: Signature = { parameters: 1, results: 0 };

/** What the kernels do for it, by the functions' numbers. */
export interface StepHelpers {
  /** execute(first, end) of assembly/run.ts. */
  readonly execute: number;
  /** step(code, to, a, b, c, d, first, count, bytes) of assembly/steps.ts. */
  readonly step: number;
  /** Address of five blocks of MOST words for it: a step's result and up to four sources. */
  readonly scratch: number;
}

const MOST = 64; // elements of a map, a product or a sum that is written out
const SHORT = 15; // of a row that is summed up: longer ones have several sums side by side
const MOST_DEPTH = 32; // of a product, or a sum
const MOST_WORK = 2048; // vector operations of a step: beyond, the kernels' own speed counts for more than what they cost to call

/** What is written out: where one is too large for it, the program is no toy. Others are left to the kernels, but for loops. */
const WRITTEN: ReadonlySet<number> = new Set([op.MAP, op.MATMUL, op.REDUCE, op.LOOP]);

/** A function that does what the program does, or undefined if it is no toy. */
export function stepFunction(code: Int32Array, fused: boolean, helpers: StepHelpers): FunctionBody | undefined {
  let work = 0;
  let left = 0;
  const starts: number[] = [];
  for (let at = 0; opcodeAt(code, at) !== op.END; at += lengthAt(code, at)) {
    const cost = costOf(code, at);
    if (cost === undefined && WRITTEN.has(opcodeAt(code, at))) return undefined;
    work += cost ?? 0;
    left += cost === undefined ? 1 : 0;
    starts.push(at);
  }
  if (work > MOST_WORK || 2 * left > starts.length) return undefined;
  const body = new FunctionBody(STEP_SIGNATURE.parameters);
  const line = new StraightLine(code, body, fused, helpers);
  for (const at of starts) {
    if (costOf(code, at) === undefined) line.leave(at);
    else line.write(at);
  }
  return body;
}

/** Vector operations, about; undefined if it cannot be written out. */
function costOf(code: Int32Array, at: number): number | undefined {
  const word = (number: number) => code[at + number];
  switch (opcodeAt(code, at)) {
    case op.MAP:
      return mapCost(code, at);
    case op.MATMUL: {
      const [m, n, k] = [word(slot.MATMUL_M), word(slot.MATMUL_N), word(slot.MATMUL_K)];
      const isSmall = m * n > 0 && m * n <= MOST && k > 0 && k <= MOST_DEPTH;
      const isOne = word(slot.MATMUL_BATCH) * word(slot.MATMUL_HEADS) === 1;
      if (!isSmall || !isOne || !hasDenseRows(word) || word(slot.MATMUL_PANELS) !== 0) return undefined;
      const map = mapOf(code, at);
      const epilogue = map < 0 ? 0 : mapCost(code, map);
      return epilogue === undefined ? undefined : vectorsOf(m * n) * k * 2 + epilogue;
    }
    case op.REDUCE: {
      const [outer, n, inner] = [word(slot.REDUCE_OUTER), word(slot.REDUCE_N), word(slot.REDUCE_INNER)];
      const isSmall = outer * inner > 0 && outer * inner <= MOST && n > 0 && n <= (inner === 1 ? SHORT : MOST_DEPTH);
      return isSmall && word(slot.REDUCE_KIND) === slot.KIND_SUM ? vectorsOf(outer * inner) * n : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether nothing lies between the rows of a product's matrices. */
function hasDenseRows(word: Word): boolean {
  const [m, n, k] = [word(slot.MATMUL_M), word(slot.MATMUL_N), word(slot.MATMUL_K)];
  const flags = word(slot.MATMUL_TRANSPOSED);
  const rows = [flags & 1 ? m : k, flags & 2 ? k : n, n];
  return [slot.MATMUL_ROW_A, slot.MATMUL_ROW_B, slot.MATMUL_ROW_C].every((row, i) => word(row) === rows[i]);
}

function mapCost(code: Int32Array, map: number): number | undefined {
  const n = code[map + slot.MAP_N];
  const counts = code[map + slot.MAP_COUNTS];
  if (n === 0 || n > MOST) return undefined;
  for (let k = 0; k < (counts & 0xff); k++) {
    const at = map + slot.MAP_FIRST + k * slot.MAP_OPERAND_WORDS;
    if (code[at + 1] >> 8 !== slot.ELEMENT_WORD) return undefined;
    const isWide = (code[at + 1] & 0xff) === slot.MODE_ROWS && code[at + 2] * (n / code[map + slot.MAP_COLUMNS]) > MOST;
    if (isWide) return undefined;
  }
  return vectorsOf(n) * (counts >>> 16);
}

function vectorsOf(elements: number): number {
  return Math.ceil(elements / 4);
}

/** Numbers from 0 on. */
function numbersTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

class StraightLine {
  readonly #code: Int32Array;
  readonly #body: FunctionBody;
  readonly #words: Words;
  readonly #stepper: Stepper;
  readonly #helpers: StepHelpers;

  constructor(code: Int32Array, body: FunctionBody, fused: boolean, helpers: StepHelpers) {
    this.#code = code;
    this.#body = body;
    this.#stepper = new Stepper(body, fused);
    this.#words = new Words(body);
    this.#helpers = helpers;
  }

  /** Has the kernels execute an instruction. */
  leave(at: number): void {
    const end = at + lengthAt(this.#code, at);
    for (const position of [at, end]) {
      this.#body.put(wasm.get, 0);
      this.#body.i32(4 * position);
      this.#body.put(wasm.add);
    }
    this.#body.put(wasm.call, this.#helpers.execute);
    this.#body.put(wasm.drop);
    this.#words.forget();
  }

  write(at: number): void {
    const opcode = opcodeAt(this.#code, at);
    if (opcode === op.MATMUL) this.#product(at);
    else if (opcode === op.REDUCE) this.#sum(at);
    const map = mapOf(this.#code, at);
    if (map >= 0) this.#map(map);
  }

  #place(position: number): AddressSlot {
    return { address: this.#code[position], slot: 4 * position };
  }

  #get(local: number): Value {
    return () => this.#body.put(wasm.get, local);
  }

  /** Lanes 0 to 3 of each vector, as many as there are results. */
  #store(to: AddressSlot, vectors: readonly number[], count: number): void {
    this.#words.store(
      to,
      numbersTo(count).map((i) => ({ vector: vectors[i >> 2], lane: i & 3 })),
    );
  }

  /** Elements first.. of the vectors, `start` words into a buffer. */
  #storeRow(to: AddressSlot, start: number, vectors: readonly number[], first: number, count: number): void {
    const lanes = numbersTo(count).map((i) => ({ vector: vectors[(first + i) >> 2], lane: (first + i) & 3 }));
    this.#words.store(to, lanes, start);
  }

  /** Vectors of lanes that are named for each element. */
  #vectors(count: number, lane: (element: number) => Lane): number[] {
    const lanes = numbersTo(count).map(lane);
    return numbersTo(vectorsOf(count)).map((v) => this.#words.gather(lanes.slice(4 * v, 4 * v + 4)));
  }

  #binary(opcode: number, a: number, b: number): number {
    return this.#words.vector(() => {
      this.#body.put(wasm.get, a);
      this.#body.put(wasm.get, b);
      this.#body.vector(opcode);
    });
  }

  /** Every output from 0 on, over k in order. */
  #product(at: number): void {
    const word = (number: number) => this.#code[at + number];
    const [m, n, k] = [word(slot.MATMUL_M), word(slot.MATMUL_N), word(slot.MATMUL_K)];
    const [a, b] = [this.#place(at + slot.MATMUL_A), this.#place(at + slot.MATMUL_B)];
    const [turnedA, turnedB] = [(word(slot.MATMUL_TRANSPOSED) & 1) !== 0, (word(slot.MATMUL_TRANSPOSED) & 2) !== 0];
    this.#words.bring(a, m * k);
    this.#words.bring(b, k * n);
    let sums = numbersTo(vectorsOf(m * n)).map(() => this.#words.zero.vector);
    for (let p = 0; p < k; p++) {
      const left = this.#vectors(m * n, (i) =>
        this.#words.at(a, turnedA ? p * m + Math.floor(i / n) : Math.floor(i / n) * k + p),
      );
      const right = this.#vectors(m * n, (i) => this.#words.at(b, turnedB ? (i % n) * k + p : p * n + (i % n)));
      sums = sums.map((sum, v) =>
        this.#words.vector(() => this.#stepper.multiplyAdd(this.#get(left[v]), this.#get(right[v]), this.#get(sum))),
      );
    }
    this.#store(this.#place(at + slot.MATMUL_C), sums, m * n);
  }

  #sum(at: number): void {
    const word = (number: number) => this.#code[at + number];
    const [outer, n, inner] = [word(slot.REDUCE_OUTER), word(slot.REDUCE_N), word(slot.REDUCE_INNER)];
    const from = this.#place(at + slot.REDUCE_FROM);
    const to = this.#place(at + slot.REDUCE_TO);
    this.#words.bring(from, outer * n * inner);
    if (inner === 1) {
      this.#words.store(
        to,
        numbersTo(outer).map((o) => this.#rowSum(numbersTo(n).map((i) => this.#words.at(from, o * n + i)))),
      );
      return;
    }
    const row = (r: number) =>
      this.#vectors(outer * inner, (i) => this.#words.at(from, (Math.floor(i / inner) * n + r) * inner + (i % inner)));
    const rows = numbersTo(n).map(row);
    this.#store(
      to,
      numbersTo(vectorsOf(outer * inner)).map((v) => this.#columnSum(rows.map((vectors) => vectors[v]))),
      outer * inner,
    );
  }

  /** sumRow of assembly/reduce.ts for less than MOST elements. */
  #rowSum(lanes: readonly Lane[]): Lane {
    const zero = this.#words.zero;
    let total = zero.vector;
    for (let i = 0; i < lanes.length; i += 4) {
      const four = numbersTo(4).map((lane) => lanes[i + lane] ?? zero);
      total = this.#binary(simd.f32Add, total, this.#words.gather(four));
    }
    for (const order of [
      [2, 3, 0, 1],
      [1, 0, 3, 2],
    ])
      total = this.#binary(simd.f32Add, total, this.#words.gather(order.map((lane) => ({ vector: total, lane }))));
    return { vector: total, lane: 0 };
  }

  /** sumColumns of assembly/reduce.ts. */
  #columnSum(rows: readonly number[]): number {
    const sums = numbersTo(4).map(() => this.#words.zero.vector);
    const inFours = rows.length & ~3;
    rows.forEach((row, r) => {
      const turn = r < inFours ? r & 3 : 0;
      sums[turn] = this.#binary(simd.f32Add, sums[turn], row);
    });
    const [a, b, c, d] = sums;
    const add = (x: number, y: number) => this.#binary(simd.f32Add, x, y);
    return add(this.#words.zero.vector, add(add(a, b), add(c, d)));
  }

  #map(map: number): void {
    const code = this.#code;
    const [n, columns, counts] = [code[map + slot.MAP_N], code[map + slot.MAP_COLUMNS], code[map + slot.MAP_COUNTS]];
    const registers = new Map<number, readonly number[]>();
    const outputs = map + slot.MAP_FIRST + (counts & 0xff) * slot.MAP_OPERAND_WORDS;
    for (let k = 0; k < (counts & 0xff); k++) {
      const [at, kind, div, mod] = numbersTo(4).map((word) => map + slot.MAP_FIRST + k * slot.MAP_OPERAND_WORDS + word);
      const place = this.#place(at);
      const index = indexOf(code[kind] & 0xff, columns, code[div], code[mod]);
      this.#words.bring(place, 1 + Math.max(...numbersTo(n).map(index)));
      registers.set(
        slot.REGISTER_OPERAND + k,
        this.#vectors(n, (i) => this.#words.at(place, index(i))),
      );
    }
    for (const { code: step, target, sources } of stepsOf(code, map)) {
      const read = sources.map((source) => registers.get(source) ?? []);
      registers.set(
        target,
        isShort(step)
          ? numbersTo(vectorsOf(n)).map((v) =>
              this.#words.vector(() =>
                this.#stepper.write(
                  step,
                  read.map((vectors) => this.#get(vectors[v])),
                ),
              ),
            )
          : this.#farStep(step, read, n),
      );
    }
    for (let o = 0; o < ((counts >> 8) & 0xff); o++) {
      const at = outputs + o * slot.MAP_OUTPUT_WORDS;
      const row = code[at + 1];
      const vectors = registers.get(slot.REGISTER_OUTPUT + o) ?? [];
      if (row === 0) this.#store(this.#place(at), vectors, n);
      else
        for (let i = 0; i < n; i += columns) this.#storeRow(this.#place(at), (i / columns) * row, vectors, i, columns);
    }
  }

  /** A step that only the kernels have, by way of memory. */
  #farStep(step: number, sources: readonly (readonly number[])[], n: number): number[] {
    const body = this.#body;
    const block = (k: number) => this.#helpers.scratch + 4 * MOST * k;
    sources.forEach((vectors, k) => {
      vectors.forEach((vector, v) => {
        body.i32(block(k + 1));
        body.put(wasm.get, vector);
        body.memory(simd.store, 16 * v);
      });
    });
    for (const argument of [step, ...numbersTo(5).map(block), 0, n, ((n + 7) & ~7) << 2]) body.i32(argument);
    body.put(wasm.call, this.#helpers.step);
    return numbersTo(vectorsOf(n)).map((v) =>
      this.#words.vector(() => {
        body.i32(block(0));
        body.memory(simd.load, 16 * v);
      }),
    );
  }
}

/** Which element of an operand element i reads. */
function indexOf(mode: number, columns: number, div: number, mod: number): (i: number) => number {
  if (mode === slot.MODE_FULL) return (i) => i;
  if (mode === slot.MODE_SCALAR) return () => 0;
  if (mode === slot.MODE_ROW) return (i) => i % columns;
  if (mode === slot.MODE_ROWS) return (i) => Math.floor(i / columns) * div + (i % columns);
  return (i) => Math.floor(Math.floor(i / columns) / div) % mod;
}
