// Boxes around what is found in images: how far two of them overlap, and which ones are of the same thing.

/** From its first pixel up to where it ends, the end not in it. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A box, and how sure it is: more is surer. */
export interface Found {
  readonly box: Box;
  readonly score: number;
}

/** Its area; 0 where it ends before it begins. */
export function area({ left, top, right, bottom }: Box): number {
  return Math.max(0, right - left) * Math.max(0, bottom - top);
}

/** What two boxes share. */
export function shared(a: Box, b: Box): Box {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  };
}

/** The area that two boxes share, over that which they cover together: 0 to 1. */
export function overlap(a: Box, b: Box): number {
  const common = area(shared(a, b));
  return common === 0 ? 0 : common / (area(a) + area(b) - common);
}

/** The surest first, without those that overlap a surer one by more than `most`. */
export function distinct(found: readonly Found[], most: number): Found[] {
  const kept: Found[] = [];
  for (const each of bySureness(found)) if (kept.every(({ box }) => overlap(box, each.box) <= most)) kept.push(each);
  return kept;
}

/** The surest first. */
export function bySureness<T extends Found>(found: readonly T[]): T[] {
  return [...found].sort((a, b) => b.score - a.score);
}
