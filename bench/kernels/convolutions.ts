// Convolutions of the bench: forward, by images and by filters. A multiplication is one of the direct sum, whatever a kernel makes of it.
import { input, type Tensor } from "../../src/index.ts";
import { backToImages, type ConvolutionAttrs, convolveFilterOp, convolveOp } from "../../src/ops/convolution.ts";
import { apply } from "../../src/tensor.ts";
import type { Case } from "./cases.ts";

interface Layer {
  readonly inputs: number;
  readonly outputs: number;
  readonly side: number;
  readonly taps: number;
  readonly stride?: number;
  readonly groups?: number;
  /** Images have one axis, not two. */
  readonly flat?: boolean;
}

/** Multiplications of a case, about: images are as many as make them. */
const MULTIPLICATIONS = 4e7;

const LAYERS: readonly Layer[] = [
  ...[8, 16, 32, 64].flatMap((channels) =>
    [14, 28, 56].flatMap((side) => [3, 5].map((taps) => ({ inputs: channels, outputs: channels, side, taps }))),
  ),
  { inputs: 3, outputs: 32, side: 56, taps: 3 },
  { inputs: 1, outputs: 8, side: 28, taps: 5 },
  { inputs: 64, outputs: 128, side: 28, taps: 3, stride: 2 },
  { inputs: 64, outputs: 128, side: 14, taps: 1 },
  { inputs: 64, outputs: 64, side: 28, taps: 3, groups: 64 },
  { inputs: 64, outputs: 64, side: 28, taps: 3, stride: 2, groups: 64 },
  { inputs: 64, outputs: 64, side: 512, taps: 5, flat: true },
];

function attrsOf({ side, taps, stride = 1, groups = 1, flat = false }: Layer): ConvolutionAttrs {
  const each = (number: number) => (flat ? [number] : [number, number]);
  const before = taps >> 1;
  const positions = Math.floor((side + 2 * before - taps) / stride) + 1;
  return {
    groups,
    stride: each(stride),
    dilation: each(1),
    before: each(before),
    size: each(side),
    taps: each(taps),
    positions: each(positions),
  };
}

function casesOf(layer: Layer): Case[] {
  const { inputs, outputs, side, taps, stride = 1, groups = 1, flat = false } = layer;
  const attrs = attrsOf(layer);
  const area = (sizes: readonly number[]) => sizes.reduce((product, size) => product * size, 1);
  const each = (area(attrs.positions) * area(attrs.taps) * inputs * outputs) / groups;
  const images = Math.max(1, Math.round(Math.min(MULTIPLICATIONS, 64 * each) / each));
  const shapes = {
    x: [images, inputs, ...attrs.size],
    w: [outputs, inputs / groups, ...attrs.taps],
    y: [images, outputs, ...attrs.positions],
  };
  const name = [
    `${inputs}-${outputs} ${flat ? "1d " : ""}${side} by ${taps}`,
    ...(stride === 1 ? [] : [`stride ${stride}`]),
    ...(groups === 1 ? [] : [`groups ${groups}`]),
  ].join(", ");
  const made = (
    kind: string,
    names: readonly (keyof typeof shapes)[],
    make: (a: Tensor, b: Tensor) => Tensor,
  ): Case => ({
    name: `${kind} ${name}`,
    flops: 2 * images * each,
    computation() {
      const [a, b] = names.map((each) => input(shapes[each]));
      return { inputs: { a, b }, outputs: { c: make(a, b) } };
    },
  });
  return [
    made("conv", ["x", "w"], (x, w) => apply(convolveOp, [x, w], attrs)),
    made("conv to images", ["y", "w"], (y, w) => backToImages(y, w, attrs)),
    made("conv to filters", ["x", "y"], (x, y) => apply(convolveFilterOp, [x, y], attrs)),
  ];
}

export const convolutions: readonly Case[] = LAYERS.flatMap(casesOf);
