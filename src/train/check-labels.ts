// Labels that mean nothing to a loss, such as -1 for no where it takes 0. Loaded with the first data.
import { DataError } from "../errors.ts";
import type { Loss } from "../nn/losses.ts";
import { sizeOf } from "../shape.ts";
import type { CheckedSamples } from "./dataset.ts";

/** @throws DataError naming the first row with a label that the loss does not take, of those that have a weight */
export function checkLabels({ y, sampleWeight }: CheckedSamples, { labels }: Loss): void {
  if (labels === undefined) return;
  const width = sizeOf(y.shape.slice(1));
  for (const [i, value] of y.data.entries()) {
    const row = Math.floor(i / width);
    if (labels.include(value) || Number.isNaN(value) || sampleWeight?.data[row] === 0) continue;
    const advice = value < -1 ? "; a row that counts nothing has sampleWeight 0" : "";
    throw new DataError(`y: row ${row} holds ${value}; the loss takes ${labels.are}${advice}`);
  }
}
