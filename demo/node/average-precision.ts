// How well boxes are found: average precision as the PASCAL VOC challenge measures it from 2010 on, at one overlap (Everingham et al. 2010).
import { type Box, bySureness, type Found, overlap } from "./boxes.ts";

/** What was found in an image, and what is there. */
export interface Sight {
  readonly found: readonly Found[];
  readonly wanted: readonly Box[];
}

/**
 * The area under the curve of precision over recall, over all images, 0 to 1. From the surest box on, each is right if of all boxes wanted
 * in its image the one that it overlaps most is overlapped by at least `least`, and was not found before. Precision at a recall is the best
 * one at that recall or above it. Where nothing is wanted it is NaN.
 */
export function averagePrecision(sights: readonly Sight[], least = 0.5): number {
  const count = sights.reduce((sum, { wanted }) => sum + wanted.length, 0);
  const taken = sights.map(({ wanted }) => wanted.map(() => false));
  const all = bySureness(sights.flatMap(({ found }, image) => found.map((each) => ({ ...each, image }))));
  let right = 0;
  const curve = all.map(({ box, image }, i) => {
    const overlaps = sights[image].wanted.map((each) => overlap(box, each));
    const best = overlaps.indexOf(Math.max(...overlaps));
    const isRight = best >= 0 && overlaps[best] >= least && !taken[image][best];
    if (isRight) {
      taken[image][best] = true;
      right++;
    }
    return { isRight, precision: right / (i + 1) };
  });
  // Every box that is right adds 1 / count of recall, at the best precision from there on.
  let [sum, best] = [0, 0];
  for (const { isRight, precision } of curve.reverse()) {
    best = Math.max(best, precision);
    if (isRight) sum += best;
  }
  return sum / count;
}

/** The mean of |found - there| over all images, where only boxes with at least a score count. */
export function countError(sights: readonly Sight[], least: number): number {
  const errors = sights.map(({ found, wanted }) =>
    Math.abs(found.filter(({ score }) => score >= least).length - wanted.length),
  );
  return errors.reduce((sum, error) => sum + error, 0) / sights.length;
}
