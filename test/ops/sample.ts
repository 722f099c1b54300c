// What a sample of an op is, and makers of samples for families of ops: methods of one or two operands, reductions, products.
import { uniform } from "../../src/ops/random.ts";
import type { Tensor } from "../../src/tensor.ts";
import { goldenCases } from "../golden.ts";
import { type Random, real, shapeOf } from "./inputs.ts";

/** One way to use an op. */
export interface Sample {
  /** Entry of the golden files that holds inputs, value and derivatives: `family/entry`. */
  readonly golden: string;
  /** The graph over these inputs, made by the public methods. */
  build(...inputs: Tensor[]): Tensor;
  /** How far the value may be off in Float32, in ulp, where not as far as the op's own. */
  readonly ulps?: number;
  /** Further inputs, larger ones, on which executors are compared with the oracle. */
  readonly larger?: readonly (readonly Random[])[];
}

/** At least one. */
export type Samples = readonly [Sample, ...Sample[]];

/** Names of the methods that take nothing. */
export type Unary = {
  [K in keyof Tensor]: Tensor[K] extends (...args: infer P) => Tensor ? (P["length"] extends 0 ? K : never) : never;
}[keyof Tensor];
type Binary = { [K in keyof Tensor]: Tensor[K] extends (other: Tensor) => Tensor ? K : never }[keyof Tensor];

/** The range of the golden inputs of an entry, special values apart. */
function rangeOf(entry: string): readonly [low: number, high: number] {
  const data = goldenCases(entry).flatMap(({ inputs, weights }) => (weights === undefined ? [] : inputs[0].data));
  return [Math.min(...data), Math.max(...data)];
}

/** One method without arguments, over shapes around the sizes of blocks and vectors. */
export function unary(name: Unary, ...others: string[]): Samples {
  return unaryWithin(name, ...rangeOf(`elementwise/${name}`), ...others);
}

/** The same, its larger inputs from a range of its own. */
export function unaryWithin(name: Unary, low: number, high: number, ...others: string[]): Samples {
  const larger = ["1", "15", "33", "513", "1021", "3x5x1025"].map((shape) => [real(shape, low, high)]);
  const build = (x: Tensor) => x[name]();
  return [
    { golden: `elementwise/${name}`, build, larger },
    ...others.map((entry) => ({ golden: `elementwise/${entry}`, build })),
  ];
}

/** Pairs of shapes: equal, and broadcasting in every mode that a map has and in some that it has not. */
const pairs = [
  "1031 1031",
  "513 scalar",
  "1 1",
  "7x33 33",
  "7x33 7x1",
  "33x1 1x17",
  "2x3x5x7 3x1x1",
  "2x3x5x7 2x1x5x1",
  "3x1x5 7x1",
  "0x5 5",
  "40x100 100",
  "40x100 40x1",
].map((pair) => pair.split(" "));

export function binary(
  name: Binary,
  first: readonly [number, number],
  second: readonly [number, number],
  ...others: string[]
): Samples {
  const larger = pairs.map(([a, b]) => [real(a, ...first), real(b, ...second)]);
  const build = (a: Tensor, b: Tensor) => a[name](b);
  return [
    { golden: `elementwise/${name}`, build, larger },
    ...others.map((entry) => ({ golden: `elementwise/${entry}`, build })),
  ];
}

type Fold = (x: Tensor) => Tensor;

/** A reduction by the axes it is used on: sizes around the parts that long sums are cut into (4096). */
export function reduction(name: "sum" | "max"): Samples {
  const golden = (axes: string) => `reduction/${name} ${axes}`.trim();
  const sample = (axes: string, build: Fold, shapes: string): Sample => ({
    golden: golden(axes),
    build,
    larger: shapes.split(" ").map((shape) => [real(shape)]),
  });
  return [
    sample("", (x) => x[name](), "1 513 8191 8192 12301 33x257 1x1x3"),
    sample("0", (x) => x[name](0), "33x17 1x33 8200x3 17x2x5"),
    sample("-1 kept", (x) => x[name](-1, { keepDims: true }), "5x33 33x1 2x8200 3x17x5"),
    sample("0 2", (x) => x[name]([0, 2]), "3x17x5 5x1x33 2x3x5x7"),
    sample("1", (x) => x[name](1), "3x17x5 5x33x1 2x3x5x7"),
  ];
}

/** Sizes around those of tiles (4, 6, 8, 12), of panels (24), of half the depth of a block (256) and of the columns of a chunk (528). */
const products = [
  "1x1 1x1",
  "7x9 9x13",
  "6x8 8x24",
  "17x33 33x25",
  "64x257 257x10",
  "5x600 600x3",
  "20x300 300x540",
  "1x100 100x50",
  "50x3 3x1",
  "3x7x33 33x9",
  "3x7x33 3x33x9",
  "7x33 3x33x9",
  "2x1x3x5 3x5x2",
].map((pair) => pair.split(" "));

/** The last two sizes swapped. */
function swapped(shape: string): string {
  return shape.replace(/(\d+)x(\d+)$/, "$2x$1");
}

export function product(entry: string, transposeA: boolean, transposeB: boolean): Sample {
  return {
    golden: `contraction/${entry}`,
    build: (a, b) => a.matmul(b, { transposeA, transposeB }),
    larger: products.map(([a, b]) => [real(transposeA ? swapped(a) : a), real(transposeB ? swapped(b) : b)]),
  };
}

/** Uniform numbers of a shape from a key given as inputs. */
export function drawn(shape: string): Sample {
  const build = (a: Tensor, b: Tensor) => uniform([a, b], shapeOf(shape));
  return { golden: `random/uniform ${shape}`, build };
}
