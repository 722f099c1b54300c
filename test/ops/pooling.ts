// Functions of windows, of padding and of sizes: samples, each beside the op that it is mostly made of, and right arguments.
import * as f from "../../src/functions/index.ts";
import { constant } from "../../src/index.ts";
import { ops } from "../../src/ops/index.ts";
import { apply, type Tensor } from "../../src/tensor.ts";
import { type Call, call } from "../bad-input/harness.ts";
import * as a from "../bad-input/kinds.ts";
import { real, whole } from "./inputs.ts";
import type { Sample, Samples } from "./sample.ts";

const sample = (entry: string, build: Sample["build"], ...larger: NonNullable<Sample["larger"]>): Sample => ({
  golden: `pooling/${entry}`,
  build,
  larger,
});

const axis = { stride: 2, padding: 1, dilation: 1, kernel: 3 };
const sevenByFive = {
  axes: [
    { size: 1, out: 1, kernel: 1, stride: 1, padding: 0, dilation: 1 },
    { size: 7, out: 4, ...axis },
    { size: 5, out: 3, ...axis },
  ],
} as const;

const dilated = { stride: [3, 1], padding: [1, 1], dilation: [2, 2], ceilMode: true };
const weighted: readonly (readonly [entry: string, options: f.InterpolateOptions, larger: string])[] = [
  ["linear", { size: 7, mode: "linear" }, "2x3x40"],
  ["bilinear", { scaleFactor: 2, mode: "bilinear" }, "2x3x17x9"],
  ["corners", { size: [5, 3], mode: "bilinear", alignCorners: true }, "2x3x17x9"],
  ["bicubic", { size: [5, 7], mode: "bicubic" }, "2x3x17x9"],
  ["trilinear", { scaleFactor: [2, 1.5, 1], mode: "trilinear" }, "2x3x4x5x9"],
];

/** Ops of windows, by their names. */
export const poolingSamples: Record<"maxPool" | "sumPool" | "sumPoolTransposed" | "scatterPlanes", Samples> = {
  maxPool: [
    sample("maxPool", (x) => f.maxPool(x, [2, 2]), [real("3x5x33x18")], [real("2x1x7x300")], [real("1x1x2x2")]),
    sample(
      "maxPool 3 by 2 around",
      (x) => f.maxPool(x, [3, 3], { stride: 2, padding: 1 }),
      [real("2x33x17x35")],
      [real("1x300x5x9")],
    ),
    sample("maxPool dilated", (x) => f.maxPool(x, [2, 3], dilated), [real("2x3x21x40")]),
    sample("maxPool 1", (x) => f.maxPool(x, [3], { stride: 1, padding: 1 }), [real("3x5x1031")], [real("1x1x8200")]),
    sample("maxPool 3", (x) => f.maxPool(x, [2, 1, 2], { stride: [1, 2, 2] }), [real("2x3x7x9x11")]),
    sample("maxPool of ties", (x) => f.maxPool(x, [2, 2])),
    sample("maxPoolWithIndices", (x) => f.maxPoolWithIndices(x, [2, 2], { stride: 1 }).indices, [real("2x3x19x23")]),
    sample("maxPoolWithIndices 1", (x) => f.maxPoolWithIndices(x, [2]).indices, [real("2x3x19")]),
    sample("adaptiveMaxPool", (x) => f.adaptiveMaxPool(x, [3, 5]), [real("2x33x17x32")], [real("300x6x10")]),
    sample("adaptiveMaxPoolWithIndices", (x) => f.adaptiveMaxPoolWithIndices(x, [3, 5]).indices, [real("2x33x17x32")]),
  ],
  sumPool: [
    sample("avgPool", (x) => f.avgPool(x, [2, 2]), [real("3x5x33x18")], [real("2x1x7x300")], [real("1x1x2x2")]),
    sample(
      "avgPool 3 around",
      (x) => f.avgPool(x, [3, 3], { stride: 2, padding: 1, ceilMode: true }),
      [real("2x33x17x36")],
      [real("1x300x5x9")],
    ),
    sample("avgPool 3 within", (x) => f.avgPool(x, [3, 3], { stride: 1, padding: 1, countIncludePad: false }), [
      real("2x3x21x40"),
    ]),
    sample("avgPool 1", (x) => f.avgPool(x, [4], { stride: 3 }), [real("3x5x1031")], [real("1x1x9000")]),
    sample("avgPool 1 wild", (x) => f.avgPool(x, [3], { stride: 1 })),
    sample(
      "avgPool 3",
      (x) =>
        f.avgPool(x, [2, 3, 2], { stride: [1, 2, 2], padding: [1, 1, 0], countIncludePad: true, divisorOverride: 7 }),
      [real("2x3x7x9x11")],
    ),
    sample("adaptiveAvgPool", (x) => f.adaptiveAvgPool(x, [3, 5]), [real("2x33x17x32")], [real("300x6x10")]),
    sample("adaptiveAvgPool to one", (x) => f.adaptiveAvgPool(x, [1, 1]), [real("3x33x17x5")]),
    sample("lpPool", (x) => f.lpPool(x, 3, [2, 2], { stride: 1 }), [real("2x3x17x21", 0.1, 3)]),
    sample("lpPool ceil", (x) => f.lpPool(x, 2, [3, 3], { stride: 2, ceilMode: true })),
  ],
  sumPoolTransposed: [
    sample("sumPoolTransposed", (x) => apply(ops.sumPoolTransposed, [x], sevenByFive), [real("900x1x4x3")]),
  ],
  scatterPlanes: [
    sample("maxUnpool", (x, index) => f.maxUnpool(x, index, [2, 2], { outputSize: [4, 5] }), [
      real("3x33x2x2"),
      whole("3x33x2x2", -1, 21),
    ]),
    sample("maxUnpool of several", (x, index) => f.maxUnpool(x, index, [2]), [
      real("2x3x500"),
      whole("2x3x500", 0, 1000),
    ]),
  ],
};

/** Functions of other ops. */
export const resizingSamples: Partial<
  Record<"spread" | "concat" | "gather" | "scatterAdd" | "broadcastTo" | "permute", readonly Sample[]>
> = {
  spread: [
    sample("pad", (x) => (x.shape.length === 3 ? f.pad(x, [-1, 2, 0, -1]) : f.pad(x, [1, 2], "constant", 1.5)), [
      real("7x33"),
    ]),
  ],
  concat: (["reflect", "replicate", "circular"] as const).map((mode) =>
    sample(`pad ${mode}`, (x) => f.pad(x, [2, 1, 0, 3], mode), [real("3x5x17x33")]),
  ),
  broadcastTo: [sample("interpolate", (x) => f.interpolate(x, { scaleFactor: 2 }), [real("2x3x17x9")])],
  gather: [
    sample("interpolate nearest", (x) => f.interpolate(x, { size: [5, 2] }), [real("2x3x17x9")]),
    sample("interpolate exact", (x) => f.interpolate(x, { size: [5, 2], mode: "nearest-exact" }), [real("2x3x17x9")]),
  ],
  // Weighted sums: rounded several times, as their gradients are.
  scatterAdd: weighted.map(([entry, options, larger]) =>
    sample(`interpolate ${entry}`, (x) => f.interpolate(x, options), [real(larger)]),
  ),
  permute: [
    sample("pixelShuffle", (x) => f.pixelShuffle(x, 2), [real("2x12x7x5")]),
    sample("pixelUnshuffle", (x) => f.pixelUnshuffle(x, 2), [real("2x3x6x10")]),
  ],
};

const image = constant(
  Float64Array.from({ length: 36 }, (_, i) => i),
  { shape: [1, 1, 6, 6] },
);
const quarter = f.maxPoolWithIndices(image, [2, 2]);
const two = (value: unknown) => a.also(a.list(value), ["a list", "two sizes"]);
const kernel = two([2, 2]);
export const sizesOf = (value: unknown) => a.also(a.whole(value), ["a list", "a size an axis"]);
const stride = { stride: sizesOf(2) };
const window = { ...stride, padding: a.also(sizesOf(1)), ceilMode: a.flag(true) };

export const resizing = {
  size: sizesOf(3),
  scaleFactor: a.also(a.positive(2), ["a list", "a factor an axis"]),
  mode: a.word("bilinear"),
  alignCorners: a.flag(true),
};

/** Options of resizing with what each by itself needs beside it; what are no options stays as it is. */
export function completed(options: f.InterpolateOptions): f.InterpolateOptions {
  if (Object.prototype.toString.call(options) !== "[object Object]" || "scaleFactor" in options) return options;
  return { size: 3, ...("alignCorners" in options && { mode: "bilinear" }), ...options };
}

export const poolingCalls: Readonly<Record<string, Call>> = {
  maxPool: call(f.maxPool, a.tensor(image), kernel, a.options({ ...window, dilation: sizesOf(1) })),
  maxPoolWithIndices: call(
    f.maxPoolWithIndices,
    a.tensor(image),
    kernel,
    a.options({ ...window, dilation: sizesOf(1) }),
  ),
  maxUnpool: call(
    f.maxUnpool,
    a.tensor(quarter.values),
    a.tensor(quarter.indices),
    kernel,
    a.options({ ...stride, padding: a.also(sizesOf(1)), outputSize: a.list([6, 7]) }),
  ),
  avgPool: call(
    f.avgPool,
    a.tensor(image),
    kernel,
    a.options({ ...window, countIncludePad: a.flag(false), divisorOverride: a.positive(3) }),
  ),
  adaptiveAvgPool: call(f.adaptiveAvgPool, a.tensor(image), two([3, 4])),
  adaptiveMaxPool: call(f.adaptiveMaxPool, a.tensor(image), two([3, 4])),
  adaptiveMaxPoolWithIndices: call(f.adaptiveMaxPoolWithIndices, a.tensor(image), two([3, 4])),
  lpPool: call(f.lpPool, a.tensor(image), a.positive(2), kernel, a.options({ ...stride, ceilMode: a.flag(true) })),
  pad: call(f.pad, a.fitting(image), two([1, 1]), a.optional(a.word("constant")), a.optional(a.number(1))),
  interpolate: call(
    (x: Tensor, options: f.InterpolateOptions) => f.interpolate(x, completed(options)),
    a.tensor(image),
    a.options(resizing),
  ),
  pixelShuffle: call(f.pixelShuffle, a.tensor(constant(new Float32Array(16), { shape: [4, 2, 2] })), a.whole(2)),
  pixelUnshuffle: call(f.pixelUnshuffle, a.tensor(image), a.whole(2)),
};
