// Whether stretches of words are covered by others, which need not be cut alike: rows of one period are rectangles of rows and columns,
// and all that can be said in these is.
import type { Touch } from "./decode.ts";

/** Rows of words: `rows` stretches of `run`, `period` apart; one stretch if there is one row. */
export type Rows = Pick<Touch, "start" | "run" | "rows" | "period">;

/** Words in rows top..bottom and columns left..right of a plane whose rows are a period long. */
interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Rows of another period that are looked at one by one. */
const FEW = 64;

/** Whether all words of `wanted` are in some of `given`. */
export function covered(wanted: Rows, given: readonly Rows[]): boolean {
  const end = wanted.start + endOf(wanted);
  const near = given.filter((each) => each.start < end && each.start + endOf(each) > wanted.start);
  // In one row up to the end of all that is wanted few rows find their places, whatever their periods.
  const periods = new Set([wanted, ...near].flatMap(({ rows, period }) => (rows > 1 ? [period] : [])).concat(end));
  for (const period of periods) {
    let left = rectanglesOf(wanted, period);
    for (const each of left === undefined ? [] : near)
      for (const rectangle of rectanglesOf(each, period) ?? [])
        left = left?.flatMap((rest) => without(rest, rectangle));
    if (left?.length === 0) return true;
  }
  return false;
}

function endOf({ run, rows, period }: Rows): number {
  return (rows - 1) * period + run;
}

/** Rows as rectangles of a plane; undefined where they would be many. */
function rectanglesOf({ start, run, rows, period: own }: Rows, period: number): Rectangle[] | undefined {
  if (rows > 1 && own !== period) {
    const side = period / own;
    const isFiner = Number.isInteger(side) && side <= FEW;
    if (!isFiner && rows > FEW) return undefined;
    const parts = Array.from({ length: Math.min(rows, isFiner ? side : rows) }, (_, i) => ({
      start: start + i * own,
      run,
      rows: isFiner ? Math.ceil((rows - i) / side) : 1,
      period,
    }));
    return parts.flatMap((part) => rectanglesOf(part, period) ?? []);
  }
  const top = Math.floor(start / period);
  const left = start - top * period;
  const whole = Math.floor((left + run) / period);
  const right = left + run - whole * period;
  // The first row's rest, all of the rows after it, and the beginning of the last.
  const pieces =
    whole === 0
      ? [{ top, bottom: top + rows, left, right }]
      : [
          { top, bottom: top + rows, left, right: period },
          { top: top + 1, bottom: top + whole, left: 0, right: period },
          { top: top + whole, bottom: top + whole + rows, left: 0, right },
        ];
  return pieces.filter((piece) => piece.top < piece.bottom && piece.left < piece.right);
}

/** What is left of a rectangle without another. */
function without(a: Rectangle, b: Rectangle): Rectangle[] {
  if (b.bottom <= a.top || b.top >= a.bottom || b.right <= a.left || b.left >= a.right) return [a];
  const [top, bottom] = [Math.max(a.top, b.top), Math.min(a.bottom, b.bottom)];
  const pieces = [
    { ...a, bottom: top },
    { ...a, top: bottom },
    { top, bottom, left: a.left, right: b.left },
    { top, bottom, left: b.right, right: a.right },
  ];
  return pieces.filter((piece) => piece.top < piece.bottom && piece.left < piece.right);
}
