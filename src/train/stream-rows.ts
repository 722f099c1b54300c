// Rows of a stream on their way: what is known of each of their tensors, blocks of rows, and a queue of these.
import type { NumericArray } from "../data/array.ts";
import { type DType, type Shape, sizeOf } from "../shape.ts";
import { type CheckedSamples, partsOf } from "./dataset.ts";

type Data = NumericArray["data"];

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

/** The columns of samples. */
export function columnsOf(samples: CheckedSamples): Column[] {
  return partsOf(samples).map(
    ([
      name,
      {
        data,
        dtype,
        shape: [, ...shape],
      },
    ]) => {
      const width = sizeOf(shape);
      const Kind = data.constructor as Float32ArrayConstructor;
      return { name, dtype, shape, width, make: (rows) => new Kind(rows * width) as Data };
    },
  );
}

/** Samples as a block. */
export function blockOf(samples: CheckedSamples): Block {
  return { data: partsOf(samples).map(([, { data }]) => data), rows: samples.rows };
}

/** Room for so many rows. */
export function newBlock(columns: readonly Column[], rows: number): Block {
  return { data: columns.map(({ make }) => make(rows)), rows };
}

/** Some rows of a block, where they are. */
export function part(columns: readonly Column[], { data }: Block, start: number, rows: number): Block {
  const views = columns.map(({ width }, i) => data[i].subarray(start * width, (start + rows) * width));
  return { data: views, rows };
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
    const all = start === 0 && rows === from.rows;
    to.data[i].set(all ? source : source.subarray(start * width, (start + rows) * width), at * width);
  }
}

/** Copies one row: rows are short, and views of them would cost more than their copies. */
export function copyRow(columns: readonly Column[], from: Block, row: number, to: Block, at: number): void {
  for (let i = 0; i < columns.length; i++) {
    const { width } = columns[i];
    const [source, target] = [from.data[i], to.data[i]];
    for (let k = 0; k < width; k++) target[at * width + k] = source[row * width + k];
  }
}

/** Rows in their order. */
export class RowQueue {
  /** How many there are. */
  rows = 0;
  readonly #columns: readonly Column[];
  readonly #blocks: Block[] = [];
  /** Rows of the first block that are gone. */
  #start = 0;

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  push(block: Block): void {
    if (block.rows === 0) return;
    this.#blocks.push(block);
    this.rows += block.rows;
  }

  /** The next rows where they are, if they are in one block: until the next call. */
  view(rows: number): Block | undefined {
    const [first] = this.#blocks;
    if (first === undefined || first.rows - this.#start < rows) return undefined;
    const view = part(this.#columns, first, this.#start, rows);
    this.#skip(rows);
    return view;
  }

  /** Takes rows away into a block. */
  take(rows: number, to: Block): void {
    for (let at = 0; at < rows; ) {
      const [first] = this.#blocks;
      const now = Math.min(rows - at, first.rows - this.#start);
      copyRows(this.#columns, first, this.#start, now, to, at);
      this.#skip(now);
      at += now;
    }
  }

  #skip(rows: number): void {
    this.#start += rows;
    this.rows -= rows;
    if (this.#start < this.#blocks[0].rows) return;
    this.#blocks.shift();
    this.#start = 0;
  }
}
