// A map as one loop: each vector of its results is computed in registers, from operands that are read once. The block machine
// (assembly/map.ts) does a pass over a block for each step, and is what maps keep that have little but long steps. For relu(x + b), where b
// is a row, the function does:
//
//     position = 4 * first; end = 4 * end; x, b and y = their addresses
//     inRow = 4 * (first % columns)
//     while position < end
//       y[position] = max(x[position] + b[inRow], 0)    one turn: four elements of every operand and result
//       inRow += 16, or 0 again at the end of a row     what has a place of its own goes on (`advances`)
//       position += 16
//
// Where all lies in order and there are few steps, two turns come before each look at the end. A map with long steps has several loops,
// one after the other on each block of elements (stages.ts).
import { BLOCK, SCRATCH_COUNTERS } from "../../../../assembly/isa/sizes.ts";
import {
  ELEMENT_BYTE,
  ELEMENT_WORD,
  MAP_COLUMNS,
  MAP_COUNTS,
  MAP_FIRST,
  MAP_N,
  MAP_OPERAND_WORDS,
  MAP_OUTPUT_WORDS,
  MODE_COLUMN,
  MODE_FULL,
  MODE_ROW,
  MODE_ROWS,
  MODE_SCALAR,
} from "../../../../assembly/isa/slots.ts";
import { type MapStep, stepsOf } from "../../../program/map-steps.ts";
import { type Item, stagesOf } from "./stages.ts";
import { isShort, Stepper, type Value } from "./steps.ts";
import { FunctionBody, I32, op, type Signature, simd, V128 } from "./writer.ts";

/** Address of the map's word MAP_N, its first element and the one after its last: whole vectors. Then the thread's scratch. */
export const MAP_SIGNATURE: Signature = { parameters: 4, results: 0 };
const [AT, START, END, SCRATCH] = [0, 1, 2, 3];

/** With more steps between two turns of the loop, its bookkeeping is nothing. */
const FEW_STEPS = 8;

/** Bytes from block to block in scratch: not a power of two, so that they do not evict one another. */
const STRIDE = 4 * (BLOCK + 16);

/** How a loop reads an operand: leaves its vector at the position and `offset` bytes behind it in a register. */
type Stream = (offset: number) => Value;

/** Words from row to row of each output, 0 where rows follow one another. */
export function rowsOfOutputs(code: Int32Array, map: number): number[] {
  const counts = code[map + MAP_COUNTS];
  const first = map + MAP_FIRST + MAP_OPERAND_WORDS * (counts & 0xff);
  return Array.from({ length: (counts >> 8) & 0xff }, (_, o) => code[first + MAP_OUTPUT_WORDS * o + 1]);
}

/**
 * A function for the map at `map` of a program, or undefined if it has to be left to the block machine. `step` is the number of the
 * kernels' own step(code, to, a, b, c, d, first, count, bytes).
 */
export function mapFunction(code: Int32Array, map: number, fused: boolean, step: number): FunctionBody | undefined {
  const counts = code[map + MAP_COUNTS];
  const columns = code[map + MAP_COLUMNS];
  const operands = Array.from({ length: counts & 0xff }, (_, k) => map + MAP_FIRST + k * MAP_OPERAND_WORDS);
  if (!operands.every((at) => isReadable(code, map, at))) return undefined;
  const rows = rowsOfOutputs(code, map);
  if (columns % 4 !== 0 && rows.some((row) => row !== 0)) return undefined;
  const steps = [...stepsOf(code, map)];
  const outputs = rows.map((_, o) => map + MAP_FIRST + MAP_OPERAND_WORDS * operands.length + MAP_OUTPUT_WORDS * o);
  const stages = stagesOf(steps, {
    operands: operands.length,
    outputs: rows.length,
    lies: (k) => isWhole(code, operands[k]),
    isFree: (o, unread) => rows[o] === 0 && !operands.some((at, k) => unread.has(k) && code[at] === code[outputs[o]]),
  });
  if (stages === undefined) return undefined;
  const { loops, long, results, blocks } = stages;
  if (loops.length > 1 && !isWorth(steps, loops, movedOf(code, operands, rows))) return undefined;
  if (blocks * STRIDE > 4 * SCRATCH_COUNTERS) return undefined;

  const whole = new MapBody(map, fused, operands, outputs);
  const { body } = whole;
  const ways = loops.map((items, i) => {
    const way = new MapLoop(whole);
    const ends = i === loops.length - 1 ? results : [];
    const read = new Set([...items.flatMap(({ sources }) => sources), ...ends].map(({ operand }) => operand));
    for (const k of read) if (k >= 0) way.streams.set(k, stream(code, map, operands[k], whole.from[k], way));
    const places = ends.map((_, o) => placeOf(columns, rows[o], whole.to[o], way));
    return { way, turn: (offset: number) => writeTurn(way, items, ends, places, offset) };
  });
  const [{ way, turn }] = ways;
  if (ways.length === 1) {
    if (steps.length <= FEW_STEPS && way.advances.length === 0) whole.inPairs(turn);
    whole.repeat(END, 16, () => turn(0));
    return body;
  }
  whole.inBlocks((end) => {
    ways.forEach((each, i) => {
      whole.toBlock();
      whole.repeat(end, 16, () => each.turn(0));
      for (const item of long[i]) writeLong(whole, item, end, step);
    });
  });
  return body;
}

/** Whether loops around long steps are fewer passes than the block machine makes, which moves so many operands and results by one each. */
function isWorth(steps: readonly MapStep[], loops: readonly (readonly Item[])[], moved: number): boolean {
  const short = steps.filter(({ code }) => isShort(code)).length;
  const copies = loops.flat().length - short;
  return short + moved >= loops.length + copies;
}

/** How many operands and results the block machine puts side by side, block by block. */
function movedOf(code: Int32Array, operands: readonly number[], rows: readonly number[]): number {
  const isMoved = (at: number) => {
    const mode = code[at + 1] & 0xff;
    return mode === MODE_COLUMN || mode === MODE_ROWS || (mode === MODE_FULL && !isWhole(code, at));
  };
  return operands.filter(isMoved).length + rows.filter((row) => row !== 0).length;
}

/** Whether an operand's elements lie side by side, as words. */
function isWhole(code: Int32Array, at: number): boolean {
  return code[at + 1] === (MODE_FULL | (ELEMENT_WORD << 8));
}

/** One vector of each step of a loop. All that is read is read before a result is written, for one may lie where an operand does. */
function writeTurn(
  way: MapLoop,
  items: readonly Item[],
  results: readonly Item[],
  places: readonly Place[],
  offset: number,
): void {
  const { whole, streams, advances } = way;
  const { body, stepper, position } = whole;
  const known = new Map<Item, Value>();
  const read = (item: Item): Value => {
    const value =
      known.get(item) ??
      streams.get(item.operand)?.(offset) ??
      stepper.kept(() => {
        const skipped = whole.placeOf(item, position);
        body.memory(simd.load, skipped + offset);
      });
    known.set(item, value);
    return value;
  };
  for (const item of items) {
    const sources = item.sources.map(read);
    const value = stepper.kept(() => stepper.write(item.code, sources));
    known.set(item, value);
    if (item.block < 0) continue;
    const skipped = whole.placeOf(item, position);
    value();
    body.memory(simd.store, skipped + offset);
  }
  const values = results.map((item, o) => (item.result === o ? undefined : read(item)));
  values.forEach((value, o) => {
    if (value === undefined) return; // a long step has written it
    places[o]();
    value();
    body.memory(simd.store, offset);
  });
  for (const advance of advances) advance();
}

/** Has the kernels do a long step for a block that ends at the position in the local `end`. */
function writeLong(whole: MapBody, item: Item, end: number, step: number): void {
  const { body, block } = whole;
  const [a, b = a, c = a, d = a] = item.sources;
  const bytes = () => {
    body.get(end);
    body.get(block);
    body.put(op.sub);
  };
  body.i32(item.code);
  for (const each of [item, a, b, c, d]) body.with(op.add, whole.placeOf(each, block));
  body.get(block);
  body.with(op.shrU, 2);
  bytes();
  body.with(op.shrU, 2);
  bytes();
  body.put(op.call, step);
}

/** The function being written, and what all of its loops go by. */
class MapBody {
  readonly body = new FunctionBody(MAP_SIGNATURE.parameters);
  readonly stepper: Stepper;
  /** A local: bytes from an operand's or a result's beginning to the vector whose turn it is. */
  readonly position: number;
  /** A local: the position where the block begins. */
  readonly block: number;
  /** Locals: the addresses of operands and results. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** A local: where scratch begins, less the position where the block does. */
  readonly #scratch: number;

  constructor(map: number, fused: boolean, operands: readonly number[], outputs: readonly number[]) {
    const { body } = this;
    this.stepper = new Stepper(body, fused);
    [this.position, this.block, this.#scratch] = [body.local(I32), body.local(I32), body.local(I32)];
    for (const [parameter, to] of [
      [START, this.position],
      [END, END],
    ]) {
      body.get(parameter);
      body.with(op.shl, 2);
      body.set(to);
    }
    const addressIn = (slot: number) => {
      const local = body.local(I32);
      body.get(AT);
      body.load(4 * (slot - map - MAP_N));
      body.set(local);
      return local;
    };
    this.from = operands.map(addressIn);
    this.to = outputs.map(addressIn);
  }

  /** Writes turns of so many bytes while the position is before that in the local `end`. */
  repeat(end: number, bytes: number, turns: () => void): void {
    const { body, position } = this;
    body.get(position);
    body.get(end);
    body.put(op.ltU);
    body.if();
    body.loop();
    turns();
    body.get(position);
    body.with(op.add, bytes);
    body.put(op.tee, position);
    body.get(end);
    body.put(op.ltU);
    body.put(op.brIf, 0);
    body.end();
    body.end();
  }

  /** Two turns at a time, as long as there are two. */
  inPairs(turn: (offset: number) => void): void {
    const { body, position } = this;
    const end = body.local(I32);
    body.get(END);
    body.get(START);
    body.with(op.shl, 2);
    body.put(op.sub);
    body.with(op.and, -32);
    body.get(position);
    body.put(op.add);
    body.set(end);
    this.repeat(end, 32, () => {
      turn(0);
      turn(16);
    });
  }

  /** Does something for each block of elements, of which there is one at least, with the position of its end in a local. */
  inBlocks(write: (end: number) => void): void {
    const { body, position, block } = this;
    const end = body.local(I32);
    body.get(position);
    body.set(block);
    body.loop();
    // The lesser of a whole block's end and the last.
    body.get(block);
    body.with(op.add, 4 * BLOCK);
    body.put(op.tee, end);
    body.get(END);
    body.get(end);
    body.get(END);
    body.put(op.ltU);
    body.put(op.select);
    body.set(end);
    body.get(SCRATCH);
    body.get(block);
    body.put(op.sub);
    body.set(this.#scratch);
    write(end);
    body.get(end);
    body.put(op.tee, block);
    body.get(END);
    body.put(op.ltU);
    body.put(op.brIf, 0);
    body.end();
  }

  /** Back to where the block begins. */
  toBlock(): void {
    this.body.get(this.block);
    this.body.set(this.position);
  }

  /** Puts the address of what lies in memory, at the position in a local, on the stack; returns the bytes still to be added. */
  placeOf({ operand, result, block }: Item, position: number): number {
    const base = operand >= 0 ? this.from[operand] : result >= 0 ? this.to[result] : this.#scratch;
    this.body.get(base);
    this.body.get(position);
    this.body.put(op.add);
    return base === this.#scratch ? block * STRIDE : 0;
  }
}

/** One of its loops, with what moves along. */
class MapLoop {
  readonly whole: MapBody;
  /** Of the operands that it reads. */
  readonly streams = new Map<number, Stream>();
  /** By how long they are, and after how many they begin anew. */
  readonly runs = new Map<string, Runs>();
  /** What is done after each turn. */
  readonly advances: (() => void)[] = [];
  /** Locals, by the words from row to row: the bytes from the beginning to the vector whose turn it is. */
  readonly #rows = new Map<number, number>();

  constructor(whole: MapBody) {
    this.whole = whole;
  }

  /** A position in rows of so many columns that lie `row` words apart, in a local: it skips what lies between two rows. */
  inRows(columns: number, row: number): number {
    const { body, position } = this.whole;
    const known = this.#rows.get(row);
    if (known !== undefined) return known;
    if (this.#rows.size === 0) this.#endRows(columns);
    const local = body.local(I32);
    this.#rows.set(row, local);
    body.get(position);
    body.get(START);
    body.with(op.divU, columns);
    body.with(op.mul, 4 * (row - columns));
    body.put(op.add);
    body.set(local);
    return local;
  }

  /** Has all positions in rows go on. */
  #endRows(columns: number): void {
    const { body, position } = this.whole;
    const end = body.local(I32); // of the row
    body.get(START);
    body.with(op.divU, columns);
    body.with(op.add, 1);
    body.with(op.mul, 4 * columns);
    body.set(end);
    const move = (local: number, bytes: number) => {
      body.get(local);
      body.with(op.add, bytes);
      body.set(local);
    };
    this.advances.push(() => {
      for (const local of this.#rows.values()) move(local, 16);
      body.get(position);
      body.with(op.add, 16);
      body.get(end);
      body.put(op.eq);
      body.if();
      for (const [row, local] of this.#rows) move(local, 4 * (row - columns));
      move(end, 4 * columns);
      body.end();
    });
  }
}

/** Whether vectors of an operand hold elements that lie side by side, or one element. */
function isReadable(code: Int32Array, map: number, at: number): boolean {
  const mode = code[at + 1] & 0xff;
  const element = code[at + 1] >> 8;
  if (mode === MODE_FULL) return element === ELEMENT_WORD || element === ELEMENT_BYTE;
  if (element !== ELEMENT_WORD) return false;
  if (mode === MODE_ROW || mode === MODE_ROWS) return code[map + MAP_COLUMNS] % 4 === 0;
  return mode === MODE_SCALAR || (code[map + MAP_COLUMNS] * code[at + 2]) % 4 === 0;
}

function stream(code: Int32Array, map: number, at: number, from: number, way: MapLoop): Stream {
  const { whole } = way;
  const { body, stepper } = whole;
  const columns = code[map + MAP_COLUMNS];
  switch (code[at + 1] & 0xff) {
    case MODE_FULL:
      return (offset) => stepper.kept(() => loadFull(whole, from, code[at + 1] >> 8 === ELEMENT_BYTE, offset));
    case MODE_SCALAR: {
      const value = stepper.kept(() => {
        body.get(from);
        body.memory(simd.load32Splat, 0);
      });
      return () => value;
    }
    case MODE_ROW:
      return rowStream(columns, 0, from, way);
    case MODE_COLUMN:
      return columnStream(columns * code[at + 2], code[at + 3], from, way);
    case MODE_ROWS:
      return rowStream(columns, code[at + 2], from, way);
    default:
      throw new RangeError(`mode ${code[at + 1]} of an operand at ${at}`);
  }
}

function loadFull({ body, position }: MapBody, from: number, isBytes: boolean, offset: number): void {
  body.get(from);
  body.get(position);
  if (isBytes) {
    body.with(op.shrU, 2);
  }
  body.put(op.add);
  if (!isBytes) body.memory(simd.load, offset);
  else {
    body.memory(simd.load32Zero, offset / 4);
    body.vector(simd.extendLow8);
    body.vector(simd.extendLow16);
  }
}

/** Puts the address of a result's vector at the loop's position on the stack. */
type Place = () => void;

function placeOf(columns: number, row: number, from: number, way: MapLoop): Place {
  const { body, position } = way.whole;
  const at = row === 0 ? position : way.inRows(columns, row);
  return () => {
    body.get(from);
    body.get(at);
    body.put(op.add);
  };
}

/** at[i / columns * row + i % columns]: of a row that all share, `row` is 0. */
function rowStream(columns: number, row: number, from: number, way: MapLoop): Stream {
  const { body, stepper } = way.whole;
  const at = way.inRows(columns, row);
  return () =>
    stepper.kept(() => {
      body.get(from);
      body.get(at);
      body.put(op.add);
      body.memory(simd.load, 0);
    });
}

/** Runs of elements that meet one element of each of some columns: whose turn it is, for all that have such runs. */
interface Runs {
  /** Loads the element of each column anew. */
  readonly loads: (() => void)[];
  /** A local: which element. */
  readonly index: number;
}

/** at[(i / run) % mod]: a vector of one element, which is loaded anew after each run. The first of several that change together counts for all. */
function columnStream(run: number, mod: number, from: number, { whole, runs, advances }: MapLoop): Stream {
  const { body } = whole;
  const key = `${run};${mod}`;
  const known = runs.get(key);
  const value = body.local(V128);
  const load = (index: number) => {
    body.get(from);
    body.get(index);
    body.with(op.shl, 2);
    body.put(op.add);
    body.memory(simd.load32Splat, 0);
    body.set(value);
  };
  const read = () => () => body.get(value);
  if (known !== undefined) {
    known.loads.push(() => load(known.index));
    load(known.index);
    return read;
  }
  const [index, left] = [body.local(I32), body.local(I32)];
  body.get(START);
  body.with(op.divU, run);
  body.with(op.remU, mod);
  body.set(index);
  body.i32(run);
  body.get(START);
  body.with(op.remU, run);
  body.put(op.sub);
  body.set(left);
  const loads = [() => load(index)];
  runs.set(key, { loads, index });
  load(index);
  advances.push(() => {
    body.get(left);
    body.with(op.sub, 4);
    body.put(op.tee, left);
    body.put(op.eqz);
    body.if();
    body.i32(0);
    body.get(index);
    body.with(op.add, 1);
    body.put(op.tee, index);
    body.get(index);
    body.with(op.eq, mod);
    body.put(op.select);
    body.set(index);
    for (const loadNext of loads) loadNext();
    body.i32(run);
    body.set(left);
    body.end();
  });
  return read;
}
