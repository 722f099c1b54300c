// GridSample and RoiAlign: elements of planes at places that are data, by one index into the flat tensor, so that gradients go back to them.
import { DataError } from "../../errors.ts";
import { checkShape, showShape, sizeOf } from "../../shape.ts";
import { arange, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";

/** Whole places of an axis, f32, turned into those of elements, and 1 where there is such an element. */
type Bound = (place: Tensor, size: number, alignCorners: boolean) => readonly [inside: Tensor, isThere?: Tensor];

const bounds: Readonly<Record<string, Bound>> = {
  zeros(place, size) {
    const inside = place.clamp(0, size - 1);
    return [inside, inside.equal(place)];
  },
  border: (place, size) => [place.clamp(0, size - 1)],
  // To and fro: from one end to the other and back, the ends themselves once or twice.
  reflection(place, size, alignCorners) {
    if (size === 1) return [place.mul(0)];
    const period = alignCorners ? 2 * (size - 1) : 2 * size;
    const at = place.remainder(period);
    return [at.minimum(at.neg().add(alignCorners ? period : period - 1))];
  },
};

/** Elements that have a say along an axis, and how much of it. */
function shares(place: Tensor, mode: string): [place: Tensor, weight: Tensor | undefined][] {
  if (mode === "nearest") return [[place.round(), undefined]];
  const first = place.floor();
  const t = place.sub(first);
  const rest = t.neg().add(1);
  if (mode === "linear")
    return [
      [first, rest],
      [first.add(1), t],
    ];
  const a = -0.75; // of the cubic convolution kernel (Keys 1981)
  const polynomial = (d: Tensor, ...factors: readonly number[]) =>
    factors.slice(1).reduce((sum, factor) => sum.mul(d).add(factor), d.like(factors[0]));
  const near = (d: Tensor) => polynomial(d, a + 2, -(a + 3), 0, 1);
  const far = (d: Tensor) => polynomial(d, a, -5 * a, 8 * a, -4 * a);
  return [far(t.add(1)), near(t), near(rest), far(rest.add(1))].map((weight, k) => [first.add(k - 1), weight]);
}

function gridSample(node: Node) {
  const [x, grid] = [node.tensor(0), node.tensor(1)];
  const [axes, modes] = [
    grid.shape.at(-1) ?? 0,
    { bilinear: "linear", bicubic: "cubic", cubic: "cubic", linear: "linear", nearest: "nearest" },
  ];
  const said = node.text("mode", node.version < 20 ? "bilinear" : "linear");
  if (!Object.hasOwn(modes, said)) throw new DataError(`there is no mode ${said}`);
  const mode = modes[said as keyof typeof modes];
  const padding = node.text("padding_mode", "zeros");
  if (!Object.hasOwn(bounds, padding)) throw new DataError(`there is no padding_mode ${padding}`);
  const alignCorners = node.flag("align_corners");
  const [batch, channels, ...spatial] = x.shape;
  if (spatial.length !== axes || grid.shape.length !== axes + 2 || grid.shape[0] !== batch || sizeOf(x.shape) === 0)
    throw new DataError(`a grid of ${showShape(grid.shape)} does not fit ${showShape(x.shape)}`);
  const places = grid.shape.slice(1, -1);
  // The last axis of the grid has the coordinate of the last axis of x first.
  const found = spatial.map((size, i) => {
    const at = grid.narrow(-1, axes - 1 - i, 1).reshape([batch, 1, ...places]);
    const place = alignCorners ? at.add(1).mul((size - 1) / 2) : at.add(1).mul(size).sub(1).mul(0.5);
    return shares(place, mode).map(([whole, weight]) => {
      const [inside, isThere] = bounds[padding](whole, size, alignCorners);
      return { index: inside.cast("i32"), factors: [isThere, weight].filter((each) => each !== undefined) };
    });
  });
  const starts = arange(batch * channels)
    .mul(sizeOf(spatial))
    .reshape([batch, channels, ...places.map(() => 1)]);
  const flat = x.reshape([sizeOf(x.shape)]);
  checkShape([batch, channels, ...places], "GridSample");
  const combinations = found.reduce<{ index: Tensor; factors: Tensor[] }[]>(
    (list, along, axis) =>
      list.flatMap(({ index, factors }) =>
        along.map((each) => ({
          index: index.mul(spatial[axis]).add(each.index),
          factors: [...factors, ...each.factors],
        })),
      ),
    [{ index: found[0][0].index.mul(0), factors: [] }],
  );
  const parts = combinations.map(({ index, factors }) =>
    factors.reduce((value, factor) => value.mul(factor), flat.gather(index.add(starts))),
  );
  return node.like(
    0,
    parts.reduce((sum, part) => sum.add(part)),
  );
}

/** Of each region [4] a grid of bins, each of a grid of samples between four elements; their mean, or the largest share. */
function roiAlign(node: Node) {
  const [x, rois, batches] = [node.tensor(0), node.tensor(1), node.tensor(2)];
  if (x.shape.length !== 4 || rois.shape.length !== 2 || rois.shape[1] !== 4)
    throw new DataError(`takes x [N, C, H, W] and rois [R, 4], got ${showShape(x.shape)} and ${showShape(rois.shape)}`);
  const mode = node.text("mode", "avg");
  if (mode !== "avg" && mode !== "max") throw new DataError(`there is no mode ${mode}`);
  const ratio = node.int("sampling_ratio", 0);
  if (ratio <= 0) throw new Refusal("sampling_ratio 0 has as many samples as the regions' sizes say, which are data");
  const isHalf = node.text("coordinate_transformation_mode", node.version < 16 ? "output_half_pixel" : "half_pixel");
  const offset = isHalf === "half_pixel" ? 0.5 : 0;
  const scale = node.float("spatial_scale", 1);
  const [images, channels, height, width] = x.shape;
  const count = rois.shape[0];
  const corner = (i: number) => rois.narrow(1, i, 1).mul(scale).sub(offset); // [R, 1]

  // Samples along an axis: [R, bins x ratio], their two neighbours, their weights, and whether they are near enough to count.
  const along = (axis: number, size: number, bins: number) => {
    const start = corner(axis);
    const length = corner(axis + 2).sub(start);
    const bin = (offset > 0 ? length : length.maximum(1)).div(bins);
    checkShape([count, bins * ratio], "RoiAlign");
    const steps = arange(bins * ratio)
      .cast("f32")
      .add(0.5)
      .div(ratio)
      .reshape([1, bins * ratio]);
    const place = start.add(bin.mul(steps));
    const isNear = place.less(-1).add(place.greater(size)).equal(0);
    const inside = place.clamp(0, size - 1);
    const low = inside.floor();
    const share = inside.sub(low);
    return [
      { index: low.cast("i32"), weight: share.neg().add(1).mul(isNear) },
      {
        index: low
          .add(1)
          .minimum(size - 1)
          .cast("i32"),
        weight: share.mul(isNear),
      },
    ];
  };
  const [outHeight, outWidth] = [node.int("output_height", 1), node.int("output_width", 1)];
  const [rows, columns] = [along(1, height, outHeight), along(0, width, outWidth)];
  const pixels = x.permute([0, 2, 3, 1]).reshape([images * height * width, channels]);
  const starts = batches.mul(height * width).reshape([count, 1, 1]);
  const samples = rows.flatMap((row) =>
    columns.map((column) => {
      const index = starts.add(row.index.mul(width).unsqueeze(2)).add(column.index.unsqueeze(1));
      const weight = row.weight.unsqueeze(2).mul(column.weight.unsqueeze(1)).unsqueeze(3);
      return pixels.gather(index).mul(weight); // [R, rows, columns, C]
    }),
  );
  const combined = samples.reduce((a, b) => (mode === "avg" ? a.add(b) : a.maximum(b)));
  const bins = combined.reshape([count, outHeight, ratio, outWidth, ratio, channels]);
  const pooled = mode === "avg" ? bins.mean([2, 4]) : bins.max([2, 4]);
  return node.like(0, pooled.permute([0, 3, 1, 2]));
}

export const sampling: Rules = { GridSample: gridSample, RoiAlign: roiAlign };
