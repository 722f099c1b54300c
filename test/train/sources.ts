// Streams for tests: of the rows of a data set in chunks of chosen sizes, with a record of what was asked of them.
import type { Samples } from "simdgrad";
import type { SeekableSource } from "simdgrad/data";
import { trainingData } from "../worker/training.ts";

type Typed = Float32Array | Int32Array;

/** Samples with typed data. */
export interface Rows {
  readonly x: { readonly data: Typed; readonly shape: readonly number[] };
  readonly y: { readonly data: Typed; readonly shape: readonly number[] };
  readonly sampleWeight?: { readonly data: Typed; readonly shape: readonly number[] };
}

/** Some rows of samples. */
export function rowsOf({ x, y, sampleWeight }: Rows, start: number, end: number): Rows {
  const cut = ({ data, shape: [, ...shape] }: Rows["x"]) => {
    const width = shape.reduce((size, length) => size * length, 1);
    return {
      data: data.slice(start * width, end * width),
      shape: [Math.min(end, data.length / width) - start, ...shape],
    };
  };
  return { x: cut(x), y: cut(y), ...(sampleWeight && { sampleWeight: cut(sampleWeight) }) };
}

/** Sizes of chunks, again and again: of none of them does a batch hold a whole number. */
const RAGGED = [7, 1, 40, 19, 33, 2];

/** What a source was asked for. */
export interface Asked {
  /** Rows where it was opened, with their passes. */
  readonly opened: [at: number, pass: number][];
  /** Chunks that were asked for, and times that it was closed before its end. */
  chunks: number;
  closed: number;
}

/** The rows of a data set as a source that can seek. */
export function seekable(
  data: Rows = trainingData,
  sizes: readonly number[] = RAGGED,
  asked: Asked = { opened: [], chunks: 0, closed: 0 },
): SeekableSource<Samples> & { readonly asked: Asked } {
  const [rows] = data.x.shape;
  async function* chunks(at: number): AsyncGenerator<Samples> {
    let isOver = false;
    try {
      for (let [start, i] = [at, 0]; start < rows; i++) {
        asked.chunks++;
        if (i % 3 === 1) await new Promise((resolve) => setTimeout(resolve));
        const end = Math.min(rows, start + sizes[i % sizes.length]);
        yield rowsOf(data, start, end);
        start = end;
      }
      isOver = true;
    } finally {
      if (!isOver) asked.closed++;
    }
  }
  return {
    asked,
    open(at, pass) {
      asked.opened.push([at, pass]);
      return chunks(at);
    },
  };
}

/** The same as a function that gives chunks anew for each pass. */
export function stream(data?: Rows, sizes?: readonly number[]): () => AsyncIterable<Samples> {
  const source = seekable(data, sizes);
  return () => source.open(0, 0) as AsyncIterable<Samples>;
}
