// Where an instruction reads and writes while loops move it, and whether two such places meet: one measure, by which the compiler puts
// barriers and the verifier asks for them.
import type { Access } from "./access.ts";

/** Words that an instruction reads or writes through one address: `rows` stretches of `run` words, `period` apart. */
export interface Stretches {
  /** First word in the first iteration of all loops (positions count through all regions, see places.ts). */
  readonly start: number;
  readonly run: number;
  readonly rows: number;
  /** 0 for a single row. */
  readonly period: number;
  /** How far each loop moves it, outermost first. */
  readonly strides: readonly number[];
  readonly loops: readonly { readonly count: number }[];
  /** First word, and the first beyond, in any iteration. */
  readonly low: number;
  readonly high: number;
}

/** What an access to `position` covers inside these loops; one that runs once moves nothing. */
export function stretchesOf(
  { first, words, run, period }: Access,
  position: number,
  moves: readonly number[],
  loops: Stretches["loops"],
): Stretches {
  const start = position + first;
  const strides = loops.map(({ count }, depth) => (count > 1 ? (moves[depth] ?? 0) : 0));
  const rows = period > run ? Math.ceil(words / period) : 1;
  let [low, high] = [start, start + words];
  if (words > 0)
    strides.forEach((stride, depth) => {
      const reach = stride * Math.max(0, loops[depth].count - 1);
      low += Math.min(0, reach);
      high += Math.max(0, reach);
    });
  return { start, run: rows > 1 ? run : words, rows, period: rows > 1 ? period : 0, strides, loops, low, high };
}

/**
 * Whether two touches that no barrier separates can meet: `a` in an iteration, `b` in the same one, or in a later one of the loop
 * at depth `edge`.
 *
 *     a  ====......====......====       rows of 4 words, 10 apart
 *     b  .....===.......===.......===   of 3 words, 5 words behind: they never meet
 *
 * Rows and iterations move `b` by whole steps against `a`. They meet where a row of `b` then begins before the row of `a` ends, and ends
 * after that begins. Of touches that loops or rows move in different ways, all words from the first to the last count.
 */
export function meet(a: Stretches, b: Stretches, edge = -1): boolean {
  if (a.high <= b.low || b.high <= a.low || a.low === a.high || b.low === b.high) return false;
  if (!moveAlike(a, b) || (a.period !== b.period && a.rows > 1 && b.rows > 1)) return true;
  const apart = b.start - a.start;
  const axes = [...betweenIterations(a, b, edge), ...betweenRows(a, b)];
  return hits(
    -b.run - apart,
    a.run - apart,
    axes.sort((x, y) => y.step - x.step),
  );
}

/** Whether loops move two touches in the same way; a loop that moves neither makes no difference. */
export function moveAlike({ strides: a }: Stretches, { strides: b }: Stretches): boolean {
  const [longer, shorter] = a.length > b.length ? [a, b] : [b, a];
  return longer.every((stride, depth) => stride === (shorter[depth] ?? 0));
}

/** How many steps one touch can be moved against another. */
interface Axis {
  readonly step: number;
  readonly least: number;
  readonly most: number;
}

/** By the loops that are not in the same iteration for both. */
function betweenIterations(a: Stretches, b: Stretches, edge: number): Axis[] {
  const axes: Axis[] = [];
  let shared = true;
  a.strides.forEach((stride, depth) => {
    shared &&= a.loops[depth] === b.loops[depth] && (edge < 0 || depth <= edge);
    if (stride === 0 || (shared && depth !== edge)) return;
    const least = shared ? 1 : 1 - a.loops[depth].count;
    const most = b.loops[depth].count - 1;
    axes.push(stride > 0 ? { step: stride, least, most } : { step: -stride, least: -most, most: -least });
  });
  return axes;
}

/** By their rows. */
function betweenRows(a: Stretches, b: Stretches): Axis[] {
  const step = Math.max(a.period, b.period);
  return step > 0 ? [{ step, least: 1 - a.rows, most: b.rows - 1 }] : [];
}

/** Numbers of steps along an axis that are tried out: enough where the axes after it stay within about a step of it. */
const FEW = 4;

/** Whether steps along the axes, the longest first, can make more than `low` and less than `high`; or that would take many trials. */
function hits(low: number, high: number, [axis, ...shorter]: readonly Axis[]): boolean {
  if (axis === undefined) return low < 0 && high > 0;
  const { step } = axis;
  const down = shorter.reduce((sum, each) => sum + each.step * each.least, 0);
  const up = shorter.reduce((sum, each) => sum + each.step * each.most, 0);
  const first = Math.max(axis.least, Math.floor((low - up) / step) + 1);
  const last = Math.min(axis.most, Math.ceil((high - down) / step) - 1);
  if (shorter.length === 0 || last - first >= FEW) return first <= last;
  for (let n = first; n <= last; n++) if (hits(low - n * step, high - n * step, shorter)) return true;
  return false;
}
