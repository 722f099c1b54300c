// Rows of a stream on their way: what is known of each of their tensors, blocks of rows, and a queue of these.
import type { NumericArray, TypedData } from "../data/array.ts";
import { roomLike } from "../data/room-like.ts";
import { DataError, DTypeError, ShapeError } from "../errors.ts";
import { type Aval, type DType, type Shape, showShape, sizeOf } from "../shape.ts";
import { type CheckedSamples, likeParts, partsOf } from "./dataset.ts";

export type Data = NumericArray["data"];

/** One of the tensors that a sample is made of. */
export interface Column {
  readonly name: string;
  readonly dtype: DType;
  /** Of one row, and its elements. */
  readonly shape: Shape;
  readonly width: number;
  readonly make: (rows: number) => Data;
}

/** Rows: an array for each column. */
export interface Block {
  readonly data: readonly Data[];
  readonly rows: number;
}

/** One row of samples, of which nothing is known but its shapes: arrays, or records or lists of arrays. */
export type SampleRow = ReturnType<typeof rowLike>;

export function rowLike(samples: CheckedSamples) {
  return likeParts<TypedData, Aval>(samples, ({ dtype, shape }) => ({ dtype, shape: shape.slice(1) }));
}

/** Tensors by their paths. */
type Parts = readonly (readonly [path: string, part: TypedData])[];

/** The tensors of samples, in the order of columns that are known. */
export function partsLike(samples: CheckedSamples, known: readonly Column[] = []): Parts {
  const parts = partsOf<TypedData>(samples);
  if (known.every(({ name }, i) => parts[i]?.[0] === name)) return parts;
  const at = (path: string) => known.findIndex(({ name }) => name === path) >>> 0; // -1 comes last
  return parts.sort(([one], [other]) => at(one) - at(other));
}

/** The columns of samples. */
export function columnsOf(parts: Parts): Column[] {
  return parts.map(
    ([
      name,
      {
        data,
        dtype,
        shape: [, ...shape],
      },
    ]) => {
      const width = sizeOf(shape);
      const empty = roomLike(data, 0); // which does not hold the rows
      return { name, dtype, shape, width, make: (rows) => roomLike(empty, rows * width) };
    },
  );
}

/** @throws DataError, DTypeError, ShapeError for samples that are not made of what the ones before them are */
export function checkAlike(parts: Parts, before: readonly Column[]): void {
  if (parts.length !== before.length || parts.some(([name], i) => name !== before[i].name)) {
    const [names, known] = [parts.map(([name]) => name), before.map(({ name }) => name)];
    throw new DataError(`it has [${names.join(", ")}], the chunks before it [${known.join(", ")}]`);
  }
  for (let i = 0; i < parts.length; i++) {
    const [name, { dtype, shape: whole }] = parts[i];
    const { dtype: known, shape } = before[i];
    if (dtype !== known) throw new DTypeError(`${name} is ${dtype}, in the chunks before it ${known}`);
    if (whole.length === shape.length + 1 && shape.every((size, axis) => size === whole[axis + 1])) continue;
    throw new ShapeError(`${name} has rows ${showShape(whole.slice(1))}, in the chunks before it ${showShape(shape)}`);
  }
}

/** Samples as a block: of the caller's arrays, perhaps, which are good until the source goes on. */
export function blockOf(parts: Parts, rows: number): Block {
  return { data: parts.map(([, { data }]) => data), rows };
}

/** Room for so many rows. */
export function newBlock(columns: readonly Column[], rows: number): Block {
  return { data: columns.map(({ make }) => make(rows)), rows };
}

/** Copies rows of one block into another. */
export function copyRows(
  columns: readonly Column[],
  from: Block,
  start: number,
  rows: number,
  to: Block,
  at: number,
): void {
  for (const [i, { width }] of columns.entries()) {
    const source = from.data[i];
    const all = rows * width === source.length;
    to.data[i].set(all ? source : source.subarray(start * width, (start + rows) * width), at * width);
  }
}

/** A copy. */
export function copyOfBlock(columns: readonly Column[], block: Block): Block {
  const copy = newBlock(columns, block.rows);
  copyRows(columns, block, 0, block.rows, copy, 0);
  return copy;
}

/** Elements from which on a copy is worth a view of them. */
const LONG = 64;

/** Copies one row of a column. */
export function copyRow(from: Data, row: number, to: Data, at: number, width: number): void {
  if (width >= LONG) to.set(from.subarray(row * width, (row + 1) * width), at * width);
  else for (let k = 0; k < width; k++) to[at * width + k] = from[row * width + k];
}

/** Rooms for rows, all of one size, which are used again and again: new memory costs more than what is copied into it. */
export class Rooms {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly #free: Block[] = [];

  constructor(columns: readonly Column[], rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  take(): Block {
    return this.#free.pop() ?? newBlock(this.columns, this.rows);
  }

  /** Nobody needs this one any more. */
  give(room: Block): void {
    this.#free.push(room);
  }
}

/** Rows in their order, in rooms of its own. */
export class RowQueue {
  /** How many there are. */
  rows = 0;
  readonly #rooms: Rooms;
  readonly #blocks: Block[] = [];
  /** Rows of the first room that are gone, and rows of the last one that are there. */
  #start = 0;
  #end = 0;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** Takes in copies of rows, from one of them on. */
  push(block: Block, start = 0): void {
    const { columns, rows: size } = this.#rooms;
    for (let at = start; at < block.rows; ) {
      if (this.#blocks.length === 0 || this.#end === size) {
        this.#blocks.push(this.#rooms.take());
        this.#end = 0;
      }
      const now = Math.min(block.rows - at, size - this.#end);
      copyRows(columns, block, at, now, this.#blocks[this.#blocks.length - 1], this.#end);
      this.#end += now;
      this.rows += now;
      at += now;
    }
  }

  /** The next rows in a room, which holds nothing else that counts: to be given back. */
  take(rows: number): Block {
    const { columns, rows: size } = this.#rooms;
    const isWhole = this.#start === 0 && rows === size;
    if (isWhole) return this.#shift(rows);
    const room = this.#rooms.take();
    for (let at = 0; at < rows; ) {
      const now = Math.min(rows - at, size - this.#start);
      copyRows(columns, this.#blocks[0], this.#start, now, room, at);
      at += now;
      if (this.#start + now === size || now === this.rows) this.#rooms.give(this.#shift(now));
      else {
        this.#start += now;
        this.rows -= now;
      }
    }
    return room;
  }

  /** Takes the first room away, of which so many rows were left. */
  #shift(rows: number): Block {
    this.#start = 0;
    this.rows -= rows;
    return this.#blocks.shift() as Block;
  }
}
