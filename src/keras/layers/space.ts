// Pools, and what adds places to images or takes them away.
import { concat, constant } from "../../create.ts";
import { avgPool, maxPool } from "../../functions/pooling.ts";
import { interpolate } from "../../functions/resize.ts";
import { arange, type Tensor } from "../../tensor.ts";
import { type LayerFile, type Made, single } from "../layer-file.ts";
import { asFirst, asLast } from "../value.ts";
import { padSpace, samePads, type Window, windowsOf } from "../windows.ts";
import { inSpace } from "./elements.ts";

type Axes = 1 | 2 | 3;

export function pool(axes: Axes, kind: "max" | "average"): (file: LayerFile) => Made {
  return ({ settings }) => {
    const kernel = settings.perAxis("pool_size", axes, 2);
    const stride = settings.perAxis("strides", axes, kernel);
    const isSame = settings.word("padding", "valid", "same") === "same";
    const windows = windowsOf(kernel, stride);
    const isFirst = settings.isChannelsFirst;
    const pooled = kind === "max" ? largest : mean;
    return single((x) =>
      inSpace(x, isFirst, (each) => {
        const pads = isSame ? samePads(each.shape.slice(2), windows) : kernel.map(() => [0, 0] as const);
        return pooled(each, windows, pads);
      }),
    );
  };
}

type Pads = readonly (readonly [number, number])[];

function largest(x: Tensor, windows: readonly Window[], pads: Pads): Tensor {
  const kernel = windows.map((each) => each.kernel);
  return maxPool(padSpace(x, pads, Number.NEGATIVE_INFINITY), kernel, { stride: windows.map((each) => each.stride) });
}

/** Means of what is there: places that were added do not count. */
function mean(x: Tensor, windows: readonly Window[], pads: Pads): Tensor {
  const kernel = windows.map((each) => each.kernel);
  const stride = windows.map((each) => each.stride);
  if (pads.every(([before, after]) => before + after === 0)) return avgPool(x, kernel, { stride });
  const sums = avgPool(padSpace(x, pads), kernel, { stride, divisorOverride: 1 });
  const counts = windows.map((each, axis) =>
    countsOf(each, x.shape[axis + 2], pads[axis][0], sums.shape[axis + 2]).map((count) => 1 / count),
  );
  const shares = counts.map((each, axis) =>
    constant(each, { shape: [each.length, ...Array<number>(counts.length - 1 - axis).fill(1)] }),
  );
  return shares.reduce((part, share) => part.mul(share), sums);
}

/** How many elements of an axis each window covers. */
function countsOf({ kernel, stride }: Window, size: number, before: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const start = i * stride - before;
    return Math.min(size, start + kernel) - Math.max(0, start);
  });
}

export function globalPool(axes: Axes, kind: "max" | "average"): (file: LayerFile) => Made {
  return ({ settings }) => {
    const keepDims = settings.flag("keepdims", false);
    const isFirst = settings.isChannelsFirst;
    return single((x) => {
      const places = Array.from({ length: axes }, (_, i) => i + 2);
      const value = isFirst ? x.last : x.first;
      if (kind === "average" && x.mask !== undefined && axes === 1 && !isFirst)
        return asLast(meanOfSeen(x.last, x.mask, keepDims));
      const result = kind === "max" ? value.max(places, { keepDims }) : value.mean(places, { keepDims });
      return keepDims && !isFirst ? asFirst(result) : asLast(result);
    });
  };
}

/** The mean of the steps [N, T, C] that count. */
function meanOfSeen(x: Tensor, mask: Tensor, keepDims: boolean): Tensor {
  const seen = mask.cast("f32").unsqueeze(-1);
  return x.mul(seen).sum(1, { keepDims }).div(seen.sum(1, { keepDims }));
}

export function zeroPadding(axes: Axes): (file: LayerFile) => Made {
  return ({ settings }) => {
    const pads = settings.pairs("padding", axes, 1);
    const isFirst = settings.isChannelsFirst;
    return single((x) => inSpace(x, isFirst, (each) => padSpace(each, pads)));
  };
}

export function cropping(axes: Axes): (file: LayerFile) => Made {
  return ({ settings }) => {
    const cuts = settings.pairs("cropping", axes, 0);
    const isFirst = settings.isChannelsFirst;
    return single((x) =>
      inSpace(x, isFirst, (each) =>
        cuts.reduce(
          (part, [before, after], axis) => part.narrow(axis + 2, before, part.shape[axis + 2] - before - after),
          each,
        ),
      ),
    );
  };
}

export function upSampling(axes: Axes): (file: LayerFile) => Made {
  return ({ settings }) => {
    const factors = settings.perAxis("size", axes, 2);
    if (factors.some((factor) => factor > MOST_TIMES)) throw settings.wrong("size", `${MOST_TIMES} at the most`);
    const isFirst = settings.isChannelsFirst;
    const mode = axes === 2 ? settings.word("interpolation", "nearest", "bilinear") : "nearest";
    const isOld = settings.dialect === "tensorflow.js";
    return single((x) =>
      inSpace(x, isFirst, (each) => {
        if (mode === "bilinear" && isOld)
          return factors.reduce((part, factor, axis) => between(part, axis + 2, factor), each);
        return interpolate(each, { scaleFactor: [...factors], mode });
      }),
    );
  };
}

/** How many times as long an axis becomes at the most: weights of what lies between are made for each place. */
const MOST_TIMES = 4096;

/** An axis with so many times as many elements: each old one stays, those behind it lead on to the next one, as TensorFlow.js has it. */
function between(x: Tensor, axis: number, factor: number): Tensor {
  const size = x.shape[axis];
  const last = x.narrow(axis, size - 1, 1);
  const next = size === 1 ? last : concat([x.narrow(axis, 1, size - 1), last], axis);
  const change = next.sub(x);
  const shares = arange(factor)
    .cast("f32")
    .mul(1 / factor)
    .reshape([factor, ...x.shape.slice(axis + 1).map(() => 1)]);
  const parts = x.unsqueeze(axis + 1).add(change.unsqueeze(axis + 1).mul(shares));
  return parts.reshape(x.shape.with(axis, size * factor));
}
