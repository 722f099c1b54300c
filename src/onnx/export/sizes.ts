// Sizes of axes, and other whole numbers of a model, as they are met at several batches: the same in all, or following from the batch.

/** A number in each of the graphs of one model, which are of different batches. */
export interface Growing {
  readonly values: readonly number[];
}

/** A number that is the same in all graphs, or one that is not. */
export type Size = number | Growing;

/** The batch, so many times, and so many more. */
export interface Affine {
  readonly times: number;
  readonly plus: number;
}

/** One number a graph as a size. */
export function sizeFrom(values: readonly number[]): Size {
  return values.every((value) => value === values[0]) ? values[0] : { values };
}

/** One list a graph, all of one length, as sizes. */
export function sizesFrom(lists: readonly (readonly number[])[]): Size[] {
  return lists[0].map((_, i) => sizeFrom(lists.map((list) => list[i])));
}

/** What a size is in one of the graphs. */
export function sizeAt(size: Size, graph: number): number {
  return typeof size === "number" ? size : size.values[graph];
}

/** Equal for equal sizes alone. */
export function keyOf(sizes: readonly Size[]): string {
  return sizes.map((size) => (typeof size === "number" ? `${size}` : `(${size.values})`)).join();
}

export function sameSizes(a: readonly Size[], b: readonly Size[]): boolean {
  return keyOf(a) === keyOf(b);
}

/** The product of sizes, in so many graphs. */
export function productOf(sizes: readonly Size[], graphs: number): Size {
  return sizeFrom(Array.from({ length: graphs }, (_, g) => sizes.reduce<number>((n, each) => n * sizeAt(each, g), 1)));
}

/** How numbers follow from the batch, if they grow by the same number with each row; whole numbers alone. */
export function affineOf(values: readonly number[], batches: readonly number[]): Affine | undefined {
  const times = values.length < 2 ? 0 : (values[1] - values[0]) / (batches[1] - batches[0]);
  const plus = values[0] - times * (batches[0] ?? 0);
  const holds =
    Number.isInteger(times) &&
    Number.isInteger(plus) &&
    values.every((value, g) => value === times * (batches[g] ?? 0) + plus);
  return holds ? { times, plus } : undefined;
}
