// Convolutions: samples of their ops, and right arguments of their functions.
import * as f from "../../src/functions/index.ts";
import { constant } from "../../src/index.ts";
import { convolveFilterOp } from "../../src/ops/convolution.ts";
import { apply, type Tensor } from "../../src/tensor.ts";
import { type Call, call } from "../bad-input/harness.ts";
import * as a from "../bad-input/kinds.ts";
import { real } from "./inputs.ts";
import type { Sample, Samples } from "./sample.ts";

type Convolution = (x: Tensor, weight: Tensor, options: { readonly bias?: Tensor }) => Tensor;

/** Shapes of x, of the weight and, if there is one, of the bias, in a text each. */
function sample(entry: string, run: Convolution, ...larger: string[]): Sample {
  return {
    golden: `convolution/${entry}`,
    build: (x, weight, bias) => run(x, weight, bias === undefined ? {} : { bias }),
    larger: larger.map((shapes) => shapes.split(" ").map((shape) => real(shape))),
  };
}

/** Bands of positions, blocks of taps and rows of several chunks, and sizes around those of panels. */
export const convolutionSamples: Record<"convolve" | "convolveTransposed" | "convolveFilter", Samples> = {
  convolve: [
    {
      ...sample("conv1d", f.conv1d),
      // Its cases differ by options, as the bias tells.
      build: (x, weight, bias) =>
        bias === undefined ? f.conv1d(x, weight) : f.conv1d(x, weight, { bias, stride: 2, padding: 2, dilation: 2 }),
      larger: ["2x3x700 5x3x7", "1x70x130 13x70x3", "3x2x40 9x2x4 9"].map((shapes) =>
        shapes.split(" ").map((shape) => real(shape)),
      ),
    },
    sample(
      "conv2d",
      (x, w, o) => f.conv2d(x, w, { ...o, padding: 1 }),
      ...[
        "2x3x33x17 7x3x3x3 7",
        "1x3x42x14 7x3x3x3 7",
        "3x20x14x14 26x20x3x3",
        "1x1x28x28 8x1x5x5",
        "2x12x9x9 100x12x1x1",
        "1x4x5x150 2x4x3x3",
      ],
    ),
    sample(
      "conv2d strided",
      (x, w, o) => f.conv2d(x, w, { ...o, stride: [2, 1], padding: [1, 0], groups: 2 }),
      ...["2x6x15x13 10x3x3x4 10", "1x40x12x11 14x20x4x3"],
    ),
    sample(
      "conv2d depthwise",
      (x, w, o) => f.conv2d(x, w, { ...o, padding: 1, groups: 3 }),
      ...["2x3x15x13 3x1x3x3 3", "1x3x40x37 6x1x5x5"],
    ),
    sample("conv3d", (x, w, o) => f.conv3d(x, w, { ...o, stride: [1, 2, 1], padding: 1 }), "2x3x5x6x7 4x3x3x3x2 4"),
    sample("convTranspose1d", f.convTranspose1d, "2x5x100 5x7x4 7"),
  ],
  convolveTransposed: [
    sample(
      "convTranspose2d",
      (x, w, o) => f.convTranspose2d(x, w, { ...o, stride: 2, padding: 1, outputPadding: 1, groups: 2 }),
      ...["2x6x9x11 6x5x3x3 10", "1x40x7x7 40x8x4x4", "1x2x2x90 2x60x3x5"],
    ),
    sample(
      "convTranspose3d",
      (x, w, o) => f.convTranspose3d(x, w, { ...o, stride: [2, 1, 3], dilation: [1, 2, 1] }),
      "1x3x4x3x5 3x2x3x2x4 2",
    ),
  ],
  convolveFilter: [
    sample(
      "filters",
      (x, y) => {
        const [size, positions] = [x.shape.slice(2), y.shape.slice(2)];
        const attrs = { groups: 1, stride: [2, 1], dilation: [1, 1], before: [1, 1], size, taps: [2, 3], positions };
        return apply(convolveFilterOp, [x, y], attrs);
      },
      ...["3x20x12x15 3x70x7x15", "2x5x4x140 2x9x3x140"],
    ),
  ],
};

// Right arguments

/** Ones of a shape. */
function ones(...shape: number[]): Tensor {
  return constant(new Float32Array(shape.reduce((size, each) => size * each)).fill(1), { shape });
}

/** A whole number, or one for each of so many axes. */
export function perAxis(axes: number, value: number): a.Argument {
  return axes === 2 ? a.also(a.whole(value), ["a list", "one for each axis"]) : a.whole(value);
}

function ofAxes(axes: number, run: Call["run"], own: Readonly<Record<string, a.Argument>>): Call {
  const images = ones(1, 1, ...Array<number>(axes).fill(4));
  const filters = ones(1, 1, ...Array<number>(axes).fill(2));
  const options = { bias: a.tensor(ones(1)), stride: perAxis(axes, 1), dilation: perAxis(axes, 1), groups: a.whole(1) };
  return call(run, a.tensor(images), a.tensor(filters), a.options({ ...options, ...own }));
}

const padding = (axes: number) => ({ padding: perAxis(axes, 1) });
const cutOff = (axes: number) => ({ ...padding(axes), outputPadding: a.whole(0) });

export const convolutionCalls: Readonly<Record<string, Call>> = {
  conv1d: ofAxes(1, f.conv1d, padding(1)),
  conv2d: ofAxes(2, f.conv2d, padding(2)),
  conv3d: ofAxes(3, f.conv3d, padding(3)),
  convTranspose1d: ofAxes(1, f.convTranspose1d, cutOff(1)),
  convTranspose2d: ofAxes(2, f.convTranspose2d, cutOff(2)),
  convTranspose3d: ofAxes(3, f.convTranspose3d, cutOff(3)),
};
