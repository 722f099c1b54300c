// A line search for the strong Wolfe conditions (Nocedal and Wright 2006, algorithms 3.5 and 3.6), as torch.optim.LBFGS has it.

const SUFFICIENT_DECREASE = 1e-4;
const CURVATURE = 0.9;
const MOST_TRIALS = 25;

/** What is known at a distance t along the line. */
export interface LinePoint {
  readonly t: number;
  readonly loss: number;
  /** The derivative along the line. */
  readonly slope: number;
  readonly gradient: Float64Array;
}

/** Where the cubic through two points with their slopes is lowest, within bounds; their middle where it has no minimum. */
function cubicMinimum(a: LinePoint, b: LinePoint, least = Math.min(a.t, b.t), most = Math.max(a.t, b.t)): number {
  const [left, right] = a.t <= b.t ? [a, b] : [b, a];
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const d2 = Math.sqrt(d1 * d1 - a.slope * b.slope);
  const share = (right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2);
  const t = right.t - (right.t - left.t) * share;
  return Number.isNaN(t) ? (least + most) / 2 : Math.min(Math.max(t, least), most);
}

/**
 * A point that is low enough and flat enough, or the best one found.
 * @param at evaluates a distance; `start` is distance 0, `t` the first to try
 * @param tolerance of distance: a shorter bracket ends the search
 * @param most trials after the first, at most 25
 */
export async function strongWolfe(
  at: (t: number) => Promise<LinePoint>,
  start: LinePoint,
  t: number,
  tolerance: number,
  most: number,
): Promise<{ readonly point: LinePoint; readonly evaluations: number }> {
  const tooHigh = ({ t, loss }: LinePoint) => !(loss <= start.loss + SUFFICIENT_DECREASE * t * start.slope);
  const flat = ({ slope }: LinePoint) => Math.abs(slope) <= -CURVATURE * start.slope;

  const mostTrials = Math.min(MOST_TRIALS, Math.max(0, most));

  // Farther and farther, until a minimum lies in between.
  let [previous, point] = [start, await at(t)];
  let trials = 0;
  while (trials < mostTrials) {
    if (tooHigh(point) || (trials > 1 && point.loss >= previous.loss)) break;
    if (flat(point)) return { point, evaluations: trials + 1 };
    if (point.slope >= 0) break;
    const next = cubicMinimum(previous, point, point.t + 0.01 * (point.t - previous.t), point.t * 10);
    [previous, point] = [point, await at(next)];
    trials++;
  }

  // Closer and closer between two points, the lower one first.
  const inOrder = (a: LinePoint, b: LinePoint): [LinePoint, LinePoint] => (a.loss <= b.loss ? [a, b] : [b, a]);
  let [low, high] = inOrder(trials === mostTrials ? start : previous, point);
  let stuck = false;
  while (trials < mostTrials && Math.abs(high.t - low.t) >= tolerance) {
    let next = cubicMinimum(low, high);
    const [least, most] = [Math.min(low.t, high.t), Math.max(low.t, high.t)];
    const margin = 0.1 * (most - least);
    if (Math.min(most - next, next - least) < margin) {
      const mustMove: boolean = stuck || next >= most || next <= least;
      if (mustMove) next = Math.abs(next - most) < Math.abs(next - least) ? most - margin : least + margin;
      stuck = !mustMove;
    } else stuck = false;
    point = await at(next);
    trials++;
    if (tooHigh(point) || point.loss >= low.loss) {
      [low, high] = inOrder(low, point);
      continue;
    }
    if (flat(point)) {
      low = point;
      break;
    }
    if (point.slope * (high.t - low.t) >= 0) high = low;
    low = point;
  }
  return { point: low, evaluations: trials + 1 };
}
