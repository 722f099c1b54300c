// A shuffle buffer, as tf.data's: it is filled first; then each row that comes takes the place of one drawn at random, which goes on; at
// the end what is left goes on in random order. What is drawn depends on the seed, the pass and the number of the draw, so an interrupted
// pass is gone on with without reading it from its beginning: which rows are in the buffer is found out by drawing numbers alone.
import { MemoryError } from "../errors.ts";
import { mix } from "../runtime/js/random.ts";
import { type Block, type Column, copyRow, copyRows, type Data, newBlock } from "./stream-rows.ts";

/** Rows that leave at once at the end of a pass. */
const PIECE = 4096;

/** What has left a buffer of a pass before. */
export interface Shuffled {
  /** Rows that have left it. */
  readonly made: number;
  /** Rows of the pass, where it has come to its end by then; else 0. */
  readonly total: number;
}

export class ShuffleBuffer {
  /** The first row that it needs. */
  readonly low: number;
  readonly #size: number;
  readonly #start: number;
  #buffer: Block | undefined;
  #out: Block | undefined;
  /** Rows in it, and the places of those that were in it before and are to be read again. */
  #filled: number;
  readonly #missing = new Map<number, number>();
  /** The first row that was never in it, and the next one that comes. */
  readonly #fresh: number;
  #row: number;
  #draws: number;

  constructor(size: number, seed: number, pass: number, { made, total }: Shuffled) {
    this.#size = size;
    this.#start = mix(mix(seed ^ mix(Math.floor(seed / 2 ** 32))) + Math.imul(pass, 0x9e3779b9));
    this.#draws = made;
    const ids = made === 0 ? [] : this.#simulate(made, total);
    this.#filled = ids.length;
    this.#fresh = made === 0 ? 0 : total > 0 ? total : size + made;
    for (const [place, row] of ids.entries()) this.#missing.set(row, place);
    this.low = ids.reduce((low, row) => Math.min(low, row), this.#fresh);
    this.#row = this.low;
  }

  /** Takes rows in. @returns those that leave for them, good until others do */
  push(columns: readonly Column[], block: Block): Block {
    this.#buffer ??= roomFor(columns, this.#size);
    const { rows } = block;
    const places = new Int32Array(rows); // each row's
    let kept = 0; // rows for which none leaves: they come before the others
    for (let i = 0; i < rows; i++) {
      const row = this.#row++;
      if (row < this.#fresh) places[i] = this.#missing.get(row) ?? -1;
      else if (this.#filled < this.#size) places[i] = this.#filled++;
      else {
        places[i] = this.#draw(this.#size, this.#draws++);
        continue;
      }
      kept++;
    }
    const out = this.#room(columns, rows - kept);
    for (const [c, { width }] of columns.entries())
      exchange(this.#buffer.data[c], block.data[c], out.data[c], width, places, kept);
    return out;
  }

  /** Room for rows that leave, which is used again. */
  #room(columns: readonly Column[], rows: number): Block {
    if (this.#out === undefined || this.#out.rows < rows) this.#out = newBlock(columns, rows);
    return { ...this.#out, rows };
  }

  /** At the end of the pass: all rows, in pieces, each of which is good until the next. */
  *drain(columns: readonly Column[]): Generator<Block> {
    const buffer = this.#buffer as Block; // a pass has rows
    while (this.#filled > 0) {
      const rows = Math.min(PIECE, this.#filled);
      const places = Int32Array.from({ length: rows }, (_, i) => this.#draw(this.#filled - i, this.#draws++));
      const out = this.#room(columns, rows);
      for (const [c, { width }] of columns.entries()) takeOut(buffer.data[c], this.#filled, out.data[c], width, places);
      this.#filled -= rows;
      yield out;
    }
  }

  /** Which rows are in the buffer after so many have left. */
  #simulate(made: number, total: number): number[] {
    const size = total > 0 ? Math.min(this.#size, total) : this.#size;
    const ids = Array.from({ length: size }, (_, i) => i);
    const replaced = total > 0 ? total - size : made;
    for (let i = 0; i < Math.min(made, replaced); i++) ids[this.#draw(size, i)] = size + i;
    for (let i = replaced; i < made; i++) {
      const place = this.#draw(ids.length, i);
      const last = ids.pop() as number;
      if (place < ids.length) ids[place] = last;
    }
    return ids;
  }

  /** A number below `size`, the one of this draw. */
  #draw(size: number, draw: number): number {
    return Math.floor(((mix(this.#start + Math.imul(draw, 0x9e3779b9)) >>> 0) * size) / 2 ** 32);
  }
}

/** Puts rows of a column into their places; but for the first so many, the ones that were there leave. */
function exchange(buffer: Data, rows: Data, out: Data, width: number, places: Int32Array, kept: number): void {
  for (let i = 0; i < places.length; i++) {
    const place = places[i];
    if (i >= kept) copyRow(buffer, place, out, i - kept, width);
    if (place >= 0) copyRow(rows, i, buffer, place, width);
  }
}

/** Takes rows of a column out of their places; the last one of so many fills each gap. */
function takeOut(buffer: Data, filled: number, out: Data, width: number, places: Int32Array): void {
  for (let i = 0; i < places.length; i++) {
    copyRow(buffer, places[i], out, i, width);
    copyRow(buffer, filled - 1 - i, buffer, places[i], width);
  }
}

function roomFor(columns: readonly Column[], rows: number): Block {
  try {
    return newBlock(columns, rows);
  } catch (error) {
    throw new MemoryError(`data: there is no memory for a shuffleBuffer of ${rows} rows`, { cause: error });
  }
}

/** The first rows of what comes, which a last batch is padded with. */
export class FirstRows {
  rows = 0;
  readonly #columns: readonly Column[];
  readonly #block: Block;

  constructor(columns: readonly Column[], most: number) {
    this.#columns = columns;
    this.#block = newBlock(columns, most);
  }

  push(block: Block): void {
    const rows = Math.min(block.rows, this.#block.rows - this.rows);
    if (rows > 0) copyRows(this.#columns, block, 0, rows, this.#block, this.rows);
    this.rows += rows;
  }

  /** Fills a block from a row on to another, with these rows as often as needed. */
  fill(to: Block, from: number, end: number): void {
    for (let at = from; at < end; ) {
      const rows = Math.min(this.rows, end - at);
      copyRows(this.#columns, this.#block, 0, rows, to, at);
      at += rows;
    }
  }
}
