// Samples of simdgrad/functions, each beside the op that it is mostly made of.
import { concat } from "../../src/create.ts";
import * as f from "../../src/functions/index.ts";
import type { OpName } from "../../src/ops/index.ts";
import { ACCURACY } from "../../src/runtime/wasm/accuracy.ts";
import type { Tensor } from "../../src/tensor.ts";
import { goldenEntries } from "../golden.ts";
import { real, whole } from "./inputs.ts";
import type { Sample, Samples } from "./sample.ts";

const sample = (entry: string, build: Sample["build"], ...larger: NonNullable<Sample["larger"]>): Sample => ({
  golden: `functions/${entry}`,
  build,
  larger,
});

/** A function of one number, as far off in Float32 as is stated of it. */
function unary(f: (x: Tensor) => Tensor, low: number, high: number): Sample {
  const name = f.name as keyof typeof ACCURACY;
  const larger = ["1", "33", "1021", "3x5x257"].map((shape) => [real(shape, low, high)]);
  const { relaxed, portable } = ACCURACY[name];
  return { ...sample(name, f, ...larger), ulps: Math.max(relaxed, portable) };
}

const turned = (parts: Tensor[]) => concat(parts.reverse(), -1);
const pairs = [[whole("33x17", 0, 2), whole("17", 0, 2)]];

/** Ops that only functions make. */
export const ownSamples: Record<"log2" | "log10" | "atan2" | "unfold", Samples> = {
  unfold: [
    sample("unfold", (x) => f.unfold(x, 0, 2), [real("33x17")]),
    sample("unfold -1 3 2", (x) => f.unfold(x, -1, 3, 2), [real("5x33")]),
    sample("unfold 1 2 2", (x) => f.unfold(x, 1, 2, 2), [real("3x33x5")]),
    sample("unfold 0 2 3", (x) => f.unfold(x, 0, 2, 3), [real("33x17")]),
  ],
  log2: [unary(f.log2, 0.01, 100)],
  log10: [unary(f.log10, 0.01, 100)],
  atan2: [
    sample(
      "atan2",
      f.atan2,
      ...["1031 1031", "513 scalar", "7x33 33", "33x1 1x17"].map((pair) => pair.split(" ").map((shape) => real(shape))),
    ),
    unary(f.atan, -30, 30),
    unary(f.asin, -1, 1),
    unary(f.acos, -1, 1),
  ],
};

export const functionSamples: Partial<Record<OpName, readonly Sample[]>> = {
  constant: [
    sample("full", () => f.full([2, 3], 1.5)),
    sample("zeros", () => f.zeros([3], { dtype: "i32" })),
    sample("ones", () => f.ones([2, 0])),
    sample("linspace", () => f.linspace(-1, 2.5, 11)),
    sample("linspace one", () => f.linspace(3, 5, 1)),
  ],
  mul: [
    sample("logicalAnd", f.logicalAnd, ...pairs),
    { ...sample("prod", (x) => f.prod(x), [real("33", -1.5, 1.5)], [real("7x5", -1.5, 1.5)]), ulps: 16 },
    { ...sample("prod 1 kept", (x) => f.prod(x, 1, { keepDims: true }), [real("5x17x33")]), ulps: 16 },
    { ...sample("prod 0 2", (x) => f.prod(x, [0, 2]), [real("3x33x5")]), ulps: 16 },
    sample("prod i32", (x) => f.prod(x, 1), [whole("33x17", -99, 99)]),
  ],
  maximum: [sample("logicalOr", f.logicalOr, ...pairs)],
  equal: [
    sample("logicalXor", f.logicalXor, ...pairs),
    sample("logicalNot", f.logicalNot, [real("33")]),
    sample("isNaN", f.isNaN, [real("33")]),
    sample("isInfinite", f.isInfinite, [real("33")]),
    sample("any", (x) => f.any(x, x.shape.length > 1 ? 1 : undefined), [whole("33x5", 0, 2)]),
    sample("all", (x) => f.all(x, x.shape.length > 1 ? 1 : undefined), [whole("33x5", 0, 9)]),
  ],
  select: [
    sample("tril", (x) => f.tril(x), [real("33x17")], [real("3x5x33")]),
    sample("tril -1", (x) => f.tril(x, -1), [real("33x17")]),
    sample("triu", (x) => f.triu(x), [real("33x17")], [real("3x5x33")]),
    sample("triu 2", (x) => f.triu(x, 2), [real("33x17")]),
  ],
  matmul: goldenEntries("functions").flatMap((entry) => {
    const [name, equation] = entry.split(" ");
    return name === "einsum" ? [sample(entry, (...operands) => f.einsum(equation, ...operands))] : [];
  }),
  less: [sample("isFinite", f.isFinite, [real("33")])],
  slice: [
    sample("split", (x) => turned(f.split(x, 2, -1)), [real("17x33")]),
    sample("split sizes", (x) => turned(f.split(x, [1, 0, 4], -1)), [real("33x5")]),
    sample("chunk", (x) => turned(f.chunk(x, 3, -1)), [real("17x33")]),
    sample("diagonal", (x) => f.diagonal(x), [real("33x17")]),
    sample("diagonal 1", (x) => f.diagonal(x, 1), [real("17x33")], [real("5x7x3")]),
    sample("diagonal -1 of others", (x) => f.diagonal(x, -1, -1, 0), [real("7x5x9")]),
    sample("flip", (x) => f.flip(x, [0, -1]), [real("7x33x17")]),
    sample("flip all", (x) => f.flip(x), [real("33x17")]),
  ],
  concat: [
    sample("roll", (x) => f.roll(x, 2), [real("33x17")]),
    sample("roll axes", (x) => f.roll(x, [-7, 1], [0, 1]), [real("33x17")]),
  ],
  broadcastTo: [
    sample("repeat", (x) => f.repeat(x, [2, 1, 3]), [real("7x17")]),
    sample("repeat never", (x) => f.repeat(x, [0, 2])),
    sample("repeatInterleave", (x) => f.repeatInterleave(x, 3), [real("7x17")]),
    sample("repeatInterleave 1", (x) => f.repeatInterleave(x, 2, 1), [real("7x17")]),
  ],
  sin: [unary(f.tan, -30, 30)],
  exp: [unary(f.sinh, -20, 20), unary(f.cosh, -20, 20)],
  log1p: [unary(f.asinh, -100, 100), unary(f.acosh, 1, 100), unary(f.atanh, -1, 1)],
};
