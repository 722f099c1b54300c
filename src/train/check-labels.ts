// Labels that mean nothing to a loss, such as -1 for no where it takes 0. Loaded with the first data.

import type { TypedData } from "../data/array.ts";
import { DataError } from "../errors.ts";
import type { Labels } from "../nn/losses/loss.ts";
import type { Loss } from "../nn/losses.ts";
import { sizeOf } from "../shape.ts";
import { type Bundle, isOne, memberOf, pathOf } from "./bundle.ts";
import type { CheckedSamples } from "./dataset.ts";
import { type Losses, lossesOf } from "./objectives.ts";

/** @throws DataError naming the first row with a label that its loss does not take, of those that have a weight */
export function checkLabels({ y, sampleWeight }: CheckedSamples, loss: Loss | Losses): void {
  for (const [output, { labels }] of lossesOf(loss)) {
    const target = memberOf(y, output) as Bundle<TypedData> | undefined;
    if (labels === undefined || target === undefined || !isOne(target)) continue;
    const weights = sampleWeight === undefined || isOne(sampleWeight) ? sampleWeight : memberOf(sampleWeight, output);
    checkTargets(target, labels, pathOf("y", output), weights as TypedData | undefined);
  }
}

function checkTargets(y: TypedData, labels: Labels, path: string, sampleWeight: TypedData | undefined): void {
  const width = sizeOf(y.shape.slice(1));
  for (const [i, value] of y.data.entries()) {
    const row = Math.floor(i / width);
    if (labels.include(value) || Number.isNaN(value) || sampleWeight?.data[row] === 0) continue;
    const advice = value < -1 ? "; a row that counts nothing has sampleWeight 0" : "";
    throw new DataError(`${path}: row ${row} holds ${value}; the loss takes ${labels.are}${advice}`);
  }
}
