// Places of images: from their columns, cut to or filled up to a size, where a map of them leads.
import { constant } from "../../create.ts";
import { DataError, ShapeError } from "../../errors.ts";
import { checkShape, LISTED, normalizeAxes, type Shape, showShape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import type { Value } from "../value.ts";
import { padsOf, perAxis } from "./windows.ts";

/** Coordinates along the axes of a shape of each element, numbered row by row. */
function coordinates(place: number, shape: Shape): number[] {
  const found: number[] = [];
  let left = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    found.unshift(left % shape[axis]);
    left = Math.floor(left / shape[axis]);
  }
  return found;
}

/** Columns [N, C taps, positions] of images, added up where they overlap: what Conv does to gradients, without filters. */
function fromColumns(node: Node): Value {
  const x = node.tensor(0);
  const [size, block] = [checkShape(node.numbers(1), "Col2Im"), checkShape(node.numbers(2), "Col2Im")];
  const axes = size.length;
  if (block.length !== axes || x.shape.length !== 3)
    throw new ShapeError(
      `columns ${showShape(x.shape)} of ${showShape(block)} are not of images of ${showShape(size)}`,
    );
  const [strides, dilations] = [perAxis(node, "strides", axes, 1), perAxis(node, "dilations", axes, 1)];
  const pads = padsOf(node, axes);
  const positions = size.map((each, i) => {
    const room = each + pads[i] + pads[axes + i] - (block[i] - 1) * dilations[i] - 1;
    return Math.floor(room / strides[i]) + 1;
  });
  const [taps, count] = [sizeOf(block), sizeOf(positions)];
  const [n, rows, columns] = x.shape;
  if (positions.some((each) => each < 1) || columns !== count || rows % taps !== 0)
    throw new ShapeError(
      `columns ${showShape(x.shape)} of ${showShape(block)} are not of images of ${showShape(size)}`,
    );
  const places = new Int32Array(sizeOf(checkShape([taps, count], "Col2Im", LISTED)));
  for (let tap = 0; tap < taps; tap++)
    for (let position = 0; position < count; position++)
      places[tap * count + position] = placeOf(coordinates(position, positions), coordinates(tap, block));
  function placeOf(position: readonly number[], tap: readonly number[]): number {
    let place = 0;
    for (let i = 0; i < axes; i++) {
      const at = position[i] * strides[i] + tap[i] * dilations[i] - pads[i];
      if (at < 0 || at >= size[i]) return -1; // in the padding
      place = place * size[i] + at;
    }
    return place;
  }
  const channels = rows / taps;
  const updates = x.reshape([n * channels, taps * count]).transpose();
  const sums = constant(places).scatterAdd(updates, [sizeOf(size), n * channels]);
  return node.like(0, sums.transpose().reshape([n, channels, ...size]));
}

/** The middle of axes, or the whole in the middle of zeros. */
function centred(node: Node): Value {
  const x = node.tensor(0);
  const asked = checkShape(node.numbers(1), "CenterCropPad");
  const named = node.ints("axes", [...x.shape.keys()]);
  normalizeAxes(named, x.shape, "CenterCropPad");
  if (named.length !== asked.length) throw new DataError(`${asked.length} sizes for ${named.length} axes`);
  return node.like(
    0,
    named.reduce((part, axis, i) => {
      const at = axis < 0 ? axis + x.shape.length : axis;
      const more = asked[i] - part.shape[at];
      if (more <= 0) return part.narrow(at, Math.floor(-more / 2), asked[i]);
      const before = Math.floor(more / 2);
      return part.pad(part.shape.map((_, k) => (k === at ? [before, more - before] : [0, 0])));
    }, x),
  );
}

/** Where an affine map takes the places of an image, from -1 to 1 along each axis, the last one first. */
function affineGrid(node: Node): Value {
  const theta = node.tensor(0);
  const [n, , ...size] = checkShape(node.numbers(1), "AffineGrid", LISTED);
  const axes = size.length;
  if (axes < 2 || axes > 3) throw new Refusal(`grids of ${axes} axes`);
  const isAligned = node.flag("align_corners");
  const at = (i: number, count: number) => {
    if (isAligned) return count === 1 ? 0 : (2 * i) / (count - 1) - 1;
    return (2 * i + 1) / count - 1;
  };
  const count = sizeOf(size);
  const base = new Float64Array(count * (axes + 1));
  for (let place = 0; place < count; place++) {
    const along = coordinates(place, size).reverse();
    for (const [k, i] of along.entries()) base[place * (axes + 1) + k] = at(i, size[axes - 1 - k]);
    base[place * (axes + 1) + axes] = 1;
  }
  const places: Tensor = constant(base, { shape: [count, axes + 1] });
  return node.like(0, places.matmul(theta, { transposeB: true }).reshape([n, ...size, axes]));
}

export const geometry: Rules = {
  AffineGrid: { decides: [1], build: affineGrid },
  CenterCropPad: { decides: [1], build: centred },
  Col2Im: { decides: [1, 2], build: fromColumns },
};
