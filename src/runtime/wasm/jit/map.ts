// A map as one loop: each vector of its results is computed in registers, from operands that are read once. The block machine
// (assembly/map.ts) does a pass over a block for each step, and is what maps keep whose steps are not short. For relu(x + b), where b is a
// row, the function does:
//
//     position = 4 * first; end = 4 * end; x, b and y = their addresses
//     atB = b + 4 * (first % columns)
//     while position < end
//       y[position] = max(x[position] + [atB], 0)       one turn: four elements of every operand and result
//       atB += 16, or b again at the end of a row       what has a place of its own goes on (`advance`)
//       position += 16
//
// Where all lies in order and there are few steps, two turns come before each look at the end.
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
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../../../assembly/isa/slots.ts";
import { stepsOf } from "../../../program/map-steps.ts";
import { isShort, Stepper, type Value } from "./steps.ts";
import { FunctionBody, I32, op, type Signature, simd, V128 } from "./writer.ts";

/** Address of the map's word MAP_N, its first element and the one after its last: whole vectors. */
export const MAP_SIGNATURE: Signature = { parameters: 3, results: 0 };
const [AT, START, END] = [0, 1, 2];

/** With more steps between two turns of the loop, its bookkeeping is nothing. */
const FEW_STEPS = 8;

/** How the loop reads an operand. */
interface Stream {
  /** Leaves its vector at the position and `offset` bytes behind it in a register. */
  readonly value: (offset: number) => Value;
  /** Goes on to the next vector; absent where the position alone says which it is. */
  readonly advance?: () => void;
}

/** Words from row to row of each output, 0 where rows follow one another. */
export function rowsOfOutputs(code: Int32Array, map: number): number[] {
  const counts = code[map + MAP_COUNTS];
  const first = map + MAP_FIRST + MAP_OPERAND_WORDS * (counts & 0xff);
  return Array.from({ length: (counts >> 8) & 0xff }, (_, o) => code[first + MAP_OUTPUT_WORDS * o + 1]);
}

/** A function for the map at `map` of a program, or undefined if it has to be left to the block machine. */
export function mapFunction(code: Int32Array, map: number, fused: boolean): FunctionBody | undefined {
  const counts = code[map + MAP_COUNTS];
  const columns = code[map + MAP_COLUMNS];
  const operands = Array.from({ length: counts & 0xff }, (_, k) => map + MAP_FIRST + k * MAP_OPERAND_WORDS);
  if (!operands.every((at) => isReadable(code, map, at))) return undefined;
  const rows = rowsOfOutputs(code, map);
  if (columns % 4 !== 0 && rows.some((row) => row !== 0)) return undefined;
  const steps = [...stepsOf(code, map)];
  if (!steps.every((step) => isShort(step.code))) return undefined;

  const loop = new MapLoop(map, fused);
  const { body, stepper } = loop;
  const streams = operands.map((at) => stream(code, map, at, loop));
  const results = rows.map((row, o): Result => {
    const from = loop.address(map + MAP_FIRST + MAP_OPERAND_WORDS * operands.length + MAP_OUTPUT_WORDS * o);
    return row === 0 ? wholeResult(from, loop) : partsOfRows(columns, row, from, loop);
  });
  const moving = [...streams, ...results];

  /** One vector of each result. All operands are read first, for a result may lie where one does. */
  const turn = (offset: number) => {
    const registers = new Map<number, Value>(streams.map(({ value }, k) => [REGISTER_OPERAND + k, value(offset)]));
    const read = (register: number) => registers.get(register) ?? stepper.zero;
    for (const step of steps) {
      const sources = step.sources.map(read);
      registers.set(
        step.target,
        stepper.kept(() => stepper.write(step.code, sources)),
      );
    }
    results.forEach(({ at }, o) => {
      const inRow = at(offset);
      read(REGISTER_OUTPUT + o)();
      body.memory(simd.store, inRow);
    });
    for (const { advance } of moving) advance?.();
  };
  if (steps.length <= FEW_STEPS && moving.every((each) => each.advance === undefined)) loop.inPairs(turn);
  loop.repeat(END, 16, () => turn(0));
  return body;
}

/** The function being written, and what all parts of its loop go by. */
class MapLoop {
  readonly body = new FunctionBody(MAP_SIGNATURE.parameters);
  readonly stepper: Stepper;
  /** A local: bytes from an operand's or a result's beginning to the vector whose turn it is. */
  readonly position: number;
  /** By how long they are, and after how many they begin anew. */
  readonly runs = new Map<string, Runs>();
  readonly #map: number;

  constructor(map: number, fused: boolean) {
    const { body } = this;
    this.#map = map;
    this.stepper = new Stepper(body, fused);
    this.position = body.local(I32);
    for (const [parameter, to] of [
      [START, this.position],
      [END, END],
    ]) {
      body.get(parameter);
      body.with(op.shl, 2);
      body.set(to);
    }
  }

  /** The address in a slot, in a local. */
  address(slot: number): number {
    const local = this.body.local(I32);
    this.body.get(AT);
    this.body.load(4 * (slot - this.#map - MAP_N));
    this.body.set(local);
    return local;
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

function stream(code: Int32Array, map: number, at: number, loop: MapLoop): Stream {
  const { body, stepper } = loop;
  const from = loop.address(at);
  switch (code[at + 1] & 0xff) {
    case MODE_FULL:
      return {
        value: (offset) => stepper.kept(() => loadFull(loop, from, code[at + 1] >> 8 === ELEMENT_BYTE, offset)),
      };
    case MODE_SCALAR: {
      const value = stepper.kept(() => {
        body.get(from);
        body.memory(simd.load32Splat, 0);
      });
      return { value: () => value };
    }
    case MODE_ROW:
      return rowStream(code[map + MAP_COLUMNS], from, loop);
    case MODE_COLUMN:
      return columnStream(code[map + MAP_COLUMNS] * code[at + 2], code[at + 3], from, loop);
    case MODE_ROWS: {
      const { at: place, advance } = partsOfRows(code[map + MAP_COLUMNS], code[at + 2], from, loop);
      const value = () =>
        stepper.kept(() => {
          place(0);
          body.memory(simd.load, 0);
        });
      return { value, advance };
    }
    default:
      throw new RangeError(`mode ${code[at + 1]} of an operand at ${at}`);
  }
}

function loadFull({ body, position }: MapLoop, from: number, isBytes: boolean, offset: number): void {
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

/** How the loop finds where a result is written. */
interface Result {
  /** Puts the address of its vector at the loop's position on the stack; returns the bytes from there to `offset`. */
  readonly at: (offset: number) => number;
  readonly advance?: () => void;
}

function wholeResult(from: number, { body, position }: MapLoop): Result {
  return {
    at: (offset) => {
      body.get(from);
      body.get(position);
      body.put(op.add);
      return offset;
    },
  };
}

/** at[i / columns * row + i % columns]: an address of its own that skips to the next row's part at the end of each. */
function partsOfRows(columns: number, row: number, from: number, { body }: MapLoop): Result {
  const [at, end] = [body.local(I32), body.local(I32)];
  const startOver = (opcode: number) => {
    body.get(START);
    body.with(opcode, columns);
  };
  startOver(op.divU);
  body.with(op.mul, 4 * row);
  body.get(from);
  body.put(op.add);
  body.put(op.tee, end);
  startOver(op.remU);
  body.with(op.shl, 2);
  body.put(op.add);
  body.set(at);
  body.get(end);
  body.with(op.add, 4 * columns);
  body.set(end);
  return {
    at: (offset) => {
      body.get(at);
      return offset;
    },
    advance: () => {
      body.get(at);
      body.with(op.add, 16);
      body.put(op.tee, at);
      body.get(end);
      body.put(op.eq);
      body.if();
      body.get(at);
      body.with(op.add, 4 * (row - columns));
      body.set(at);
      body.get(end);
      body.with(op.add, 4 * row);
      body.set(end);
      body.end();
    },
  };
}

/** at[i % columns]: an address of its own that begins anew at each row. */
function rowStream(columns: number, from: number, { body, stepper }: MapLoop): Stream {
  const [at, end] = [body.local(I32), body.local(I32)];
  body.get(START);
  body.with(op.remU, columns);
  body.with(op.shl, 2);
  body.get(from);
  body.put(op.add);
  body.set(at);
  body.get(from);
  body.with(op.add, 4 * columns);
  body.set(end);
  return {
    value: () =>
      stepper.kept(() => {
        body.get(at);
        body.memory(simd.load, 0);
      }),
    advance: () => {
      body.get(from);
      body.get(at);
      body.with(op.add, 16);
      body.put(op.tee, at);
      body.get(at);
      body.get(end);
      body.put(op.eq);
      body.put(op.select);
      body.set(at);
    },
  };
}

/** Runs of elements that meet one element of each of some columns: whose turn it is, for all that have such runs. */
interface Runs {
  /** Loads the element of each column anew. */
  readonly loads: (() => void)[];
  /** A local: which element. */
  readonly index: number;
}

/** at[(i / run) % mod]: a vector of one element, which is loaded anew after each run. The first of several that change together counts for all. */
function columnStream(run: number, mod: number, from: number, { body, runs }: MapLoop): Stream {
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
    return { value: read };
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
  return {
    value: read,
    advance: () => {
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
    },
  };
}
