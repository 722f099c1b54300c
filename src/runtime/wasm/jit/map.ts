// A map as one loop: each vector of its results is computed in registers, from operands that are read once. The block machine
// (assembly/map.ts) does a pass over a block for each step, and is what maps keep whose steps are not short.
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

/** An operand as the loop goes over it. */
interface Stream {
  /** Its vector at the loop's position and `offset` bytes. */
  readonly value: (offset: number) => Value;
  /** Goes on to the next vector, unless the position says it all. */
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
  const operands = Array.from({ length: counts & 0xff }, (_, k) => map + MAP_FIRST + k * MAP_OPERAND_WORDS);
  if (!operands.every((at) => isReadable(code, map, at))) return undefined;
  const rows = rowsOfOutputs(code, map);
  if (code[map + MAP_COLUMNS] % 4 !== 0 && rows.some((row) => row !== 0)) return undefined;
  const steps = [...stepsOf(code, map)];
  if (!steps.every((step) => isShort(step.code))) return undefined;

  const body = new FunctionBody(MAP_SIGNATURE.parameters);
  const stepper = new Stepper(body, fused);
  const position = body.local(I32); // bytes from an operand's or a result's beginning
  const shifted = (parameter: number, to: number) => {
    body.put(op.get, parameter);
    body.i32(2);
    body.put(op.shl);
    body.put(op.set, to);
  };
  shifted(START, position);
  shifted(END, END);
  /** The address in a slot, in a local. */
  const address = (slot: number) => {
    const local = body.local(I32);
    body.put(op.get, AT);
    body.load(4 * (slot - map - MAP_N));
    body.put(op.set, local);
    return local;
  };
  const loop = { body, stepper, position, address };
  const streams = operands.map((at) => stream(code, map, at, loop));
  const results = rows.map((row, o): Result => {
    const from = address(map + MAP_FIRST + MAP_OPERAND_WORDS * operands.length + MAP_OUTPUT_WORDS * o);
    return row === 0 ? wholeResult(from, loop) : partsOfRows(code[map + MAP_COLUMNS], row, from, loop);
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
  const advance = (bytes: number) => {
    body.put(op.get, position);
    body.i32(bytes);
    body.put(op.add);
    body.put(op.tee, position);
  };
  const whileBefore = (end: () => void, bytes: number, turns: () => void) => {
    body.put(op.get, position);
    end();
    body.put(op.ltU);
    body.if();
    body.loop();
    turns();
    advance(bytes);
    end();
    body.put(op.ltU);
    body.put(op.brIf, 0);
    body.end();
    body.end();
  };

  if (steps.length <= FEW_STEPS && moving.every((each) => each.advance === undefined)) {
    const pairs = body.local(I32);
    body.put(op.get, END);
    body.put(op.get, START);
    body.i32(2);
    body.put(op.shl);
    body.put(op.sub);
    body.i32(-32);
    body.put(op.and);
    body.put(op.get, position);
    body.put(op.add);
    body.put(op.set, pairs);
    whileBefore(
      () => body.put(op.get, pairs),
      32,
      () => {
        turn(0);
        turn(16);
      },
    );
  }
  whileBefore(
    () => body.put(op.get, END),
    16,
    () => turn(0),
  );
  return body;
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

interface Loop {
  readonly body: FunctionBody;
  readonly stepper: Stepper;
  readonly position: number;
  readonly address: (slot: number) => number;
}

function stream(code: Int32Array, map: number, at: number, loop: Loop): Stream {
  const { body, stepper, position, address } = loop;
  const from = address(at);
  switch (code[at + 1] & 0xff) {
    case MODE_FULL:
      return {
        value: (offset) => stepper.kept(() => loadFull(loop, from, code[at + 1] >> 8 === ELEMENT_BYTE, offset)),
      };
    case MODE_SCALAR: {
      const value = stepper.kept(() => {
        body.put(op.get, from);
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
      throw new RangeError(`mode ${code[at + 1]} of an operand at ${position}`);
  }
}

function loadFull({ body, position }: Loop, from: number, isBytes: boolean, offset: number): void {
  body.put(op.get, from);
  body.put(op.get, position);
  if (isBytes) {
    body.i32(2);
    body.put(op.shrU);
  }
  body.put(op.add);
  if (!isBytes) body.memory(simd.load, offset);
  else {
    body.memory(simd.load32Zero, offset / 4);
    body.vector(simd.extendLow8);
    body.vector(simd.extendLow16);
  }
}

/** Where a result is written. */
interface Result {
  /** Puts the address of its vector at the loop's position on the stack; returns the bytes from there to `offset`. */
  readonly at: (offset: number) => number;
  readonly advance?: () => void;
}

function wholeResult(from: number, { body, position }: Loop): Result {
  return {
    at: (offset) => {
      body.put(op.get, from);
      body.put(op.get, position);
      body.put(op.add);
      return offset;
    },
  };
}

/** at[i / columns * row + i % columns]: an address of its own that skips to the next row's part at the end of each. */
function partsOfRows(columns: number, row: number, from: number, { body }: Loop): Result {
  const [at, end] = [body.local(I32), body.local(I32)];
  const get = (local: number) => body.put(op.get, local);
  const startOver = (opcode: number) => {
    get(START);
    body.i32(columns);
    body.put(opcode);
  };
  startOver(op.divU);
  body.i32(4 * row);
  body.put(op.mul);
  get(from);
  body.put(op.add);
  body.put(op.tee, end);
  startOver(op.remU);
  body.i32(2);
  body.put(op.shl);
  body.put(op.add);
  body.put(op.set, at);
  get(end);
  body.i32(4 * columns);
  body.put(op.add);
  body.put(op.set, end);
  return {
    at: (offset) => {
      get(at);
      return offset;
    },
    advance: () => {
      get(at);
      body.i32(16);
      body.put(op.add);
      body.put(op.tee, at);
      get(end);
      body.put(op.eq);
      body.if();
      get(at);
      body.i32(4 * (row - columns));
      body.put(op.add);
      body.put(op.set, at);
      get(end);
      body.i32(4 * row);
      body.put(op.add);
      body.put(op.set, end);
      body.end();
    },
  };
}

/** at[i % columns]: an address of its own that begins anew at each row. */
function rowStream(columns: number, from: number, { body, stepper }: Loop): Stream {
  const [at, end] = [body.local(I32), body.local(I32)];
  const get = (local: number) => body.put(op.get, local);
  get(START);
  body.i32(columns);
  body.put(op.remU);
  body.i32(2);
  body.put(op.shl);
  get(from);
  body.put(op.add);
  body.put(op.set, at);
  get(from);
  body.i32(4 * columns);
  body.put(op.add);
  body.put(op.set, end);
  return {
    value: () =>
      stepper.kept(() => {
        get(at);
        body.memory(simd.load, 0);
      }),
    advance: () => {
      get(from);
      get(at);
      body.i32(16);
      body.put(op.add);
      body.put(op.tee, at);
      get(at);
      get(end);
      body.put(op.eq);
      body.put(op.select);
      body.put(op.set, at);
    },
  };
}

/** at[(i / run) % mod]: a vector of one element, which is loaded anew after each run. */
function columnStream(run: number, mod: number, from: number, { body }: Loop): Stream {
  const [index, left] = [body.local(I32), body.local(I32)];
  const get = (local: number) => body.put(op.get, local);
  get(START);
  body.i32(run);
  body.put(op.divU);
  body.i32(mod);
  body.put(op.remU);
  body.put(op.set, index);
  body.i32(run);
  get(START);
  body.i32(run);
  body.put(op.remU);
  body.put(op.sub);
  body.put(op.set, left);
  const value = body.local(V128);
  const load = () => {
    get(from);
    get(index);
    body.i32(2);
    body.put(op.shl);
    body.put(op.add);
    body.memory(simd.load32Splat, 0);
    body.put(op.set, value);
  };
  load();
  return {
    value: () => () => body.put(op.get, value),
    advance: () => {
      get(left);
      body.i32(4);
      body.put(op.sub);
      body.put(op.tee, left);
      body.put(op.eqz);
      body.if();
      body.i32(0);
      get(index);
      body.i32(1);
      body.put(op.add);
      body.put(op.tee, index);
      get(index);
      body.i32(mod);
      body.put(op.eq);
      body.put(op.select);
      body.put(op.set, index);
      load();
      body.i32(run);
      body.put(op.set, left);
      body.end();
    },
  };
}
