// L-BFGS: steps by an approximate inverse Hessian, from the last few steps and what they did to the gradient.
import { aNumberWithin, aPositiveNumber, aWholeNumber, checkOptions, oneOf } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { type LinePoint, strongWolfe } from "./line-search.ts";
import type { Minimizer } from "./minimizer.ts";
import { newStep, type Optimizer } from "./transform.ts";

/** When L-BFGS stops, and how it searches. */
export interface LbfgsOptions {
  /** Moves a step; default 20. */
  readonly maxIter?: number;
  /** Evaluations of the loss a step, never more. Default: a step ends with the move that makes them 1.25 times as many, as PyTorch's. */
  readonly maxEval?: number;
  /** Ends a step where no element of the gradient is larger; default 1e-7. */
  readonly toleranceGrad?: number;
  /** Ends a step where neither loss nor parameters change by more; default 1e-9. */
  readonly toleranceChange?: number;
  /** Moves that are remembered; default 100. */
  readonly historySize?: number;
  /** How far to go: as far as the rate says, or until the strong Wolfe conditions hold. */
  readonly lineSearchFn?: "strongWolfe";
}

/** What a move s did to the gradient: y, and 1 / (s y). */
interface Pair {
  readonly s: Float64Array;
  readonly y: Float64Array;
  readonly ro: number;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** a += share * b */
function addScaled(a: Float64Array, b: Float64Array, share: number): void {
  for (let i = 0; i < a.length; i++) a[i] += share * b[i];
}

function largest(a: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]));
  return most;
}

/** The two loops of Nocedal 1980: minus the inverse Hessian times the gradient, its diagonal `scale` before any pair. */
function directionOf(gradient: Float64Array, pairs: readonly Pair[], scale: number): Float64Array {
  const d = gradient.map((g) => -g);
  const shares = pairs.map(() => 0);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { s, y, ro } = pairs[i];
    shares[i] = dot(s, d) * ro;
    addScaled(d, y, -shares[i]);
  }
  for (let i = 0; i < d.length; i++) d[i] *= scale;
  for (const [i, { s, y, ro }] of pairs.entries()) addScaled(d, s, shares[i] - dot(y, d) * ro);
  return d;
}

function minimizer(rate: number, options: LbfgsOptions): Minimizer {
  const { maxIter = 20, toleranceGrad = 1e-7, toleranceChange = 1e-9, historySize = 100, lineSearchFn } = options;
  const maxEval = options.maxEval ?? Math.floor(maxIter * 1.25);
  const bound = options.maxEval ?? Number.POSITIVE_INFINITY;
  let pairs: Pair[] = [];
  let scale = 1;
  let last: { readonly gradient: Float64Array; readonly move: Float64Array } | undefined;

  function remember(gradient: Float64Array): void {
    if (last === undefined) return;
    const y = gradient.map((g, i) => g - (last as { gradient: Float64Array }).gradient[i]);
    const curvature = dot(y, last.move);
    if (!(curvature > 1e-10)) return;
    if (pairs.length === historySize) pairs.shift();
    pairs.push({ s: last.move, y, ro: 1 / curvature });
    scale = curvature / dot(y, y);
  }

  return {
    async step(x, evaluate) {
      const first = await evaluate(x);
      let [loss, gradient, evaluations] = [first.loss, first.gradient, 1];
      for (let i = 1; i <= maxIter && largest(gradient) > toleranceGrad; i++) {
        const begins = last === undefined;
        remember(gradient);
        const d = directionOf(gradient, pairs, scale);
        const slope = dot(gradient, d);
        const reach = begins ? Math.min(1, 1 / gradient.reduce((sum, g) => sum + Math.abs(g), 0)) * rate : rate;
        const before = { t: 0, loss, slope, gradient };
        last = { gradient, move: d.map((element) => reach * element) };
        if (!(slope <= -toleranceChange)) break;
        const at = async (t: number): Promise<LinePoint> => {
          const there = x.slice();
          addScaled(there, d, t);
          const found = await evaluate(there);
          return { t, ...found, slope: dot(found.gradient, d) };
        };
        let t = reach;
        if (lineSearchFn === "strongWolfe") {
          const found = await strongWolfe(at, before, reach, toleranceChange / largest(d), bound - evaluations - 1);
          ({ t, loss, gradient } = found.point);
          evaluations += found.evaluations;
        } else if (i < maxIter) {
          ({ loss, gradient } = await at(t)); // after the last move nobody asks
          evaluations++;
        }
        addScaled(x, d, t);
        last = { gradient: before.gradient, move: d.map((element) => t * element) };
        if (evaluations >= maxEval || largest(last.move) <= toleranceChange) break;
        if (Math.abs(loss - before.loss) < toleranceChange) break;
      }
      return first.loss;
    },
    state: () => ({
      ...last,
      ...(pairs.length > 0 && {
        moves: joined(pairs.map(({ s }) => s)),
        changes: joined(pairs.map(({ y }) => y)),
        scale: Float64Array.of(scale),
      }),
    }),
    restore(state, parameters) {
      const { gradient, move, moves, changes, scale: kept, ...others } = state;
      const isLast = gradient?.length === parameters && move?.length === parameters;
      const isPairs = moves?.length === changes?.length && kept?.length === 1 && moves.length % parameters === 0;
      const isWhole = isLast && (isPairs || (moves ?? changes ?? kept) === undefined);
      if (Object.keys(others).length > 0 || !(isWhole || Object.keys(state).length === 0))
        throw new ArgumentError(`lbfgs: this is not what it remembers of ${parameters} parameters`);
      const starts = Array.from({ length: (moves?.length ?? 0) / parameters }, (_, i) => i * parameters);
      pairs = starts.slice(-historySize).map((start) => {
        const [s, y] = [moves, changes].map((all) => all.slice(start, start + parameters));
        return { s, y, ro: 1 / dot(y, s) };
      });
      scale = kept?.[0] ?? 1;
      last = gradient && { gradient: gradient.slice(), move: move.slice() };
    },
  };
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => [...part]));
}

/**
 * L-BFGS (Liu and Nocedal 1989; torch.optim.LBFGS), for few parameters and large or whole batches: a step evaluates loss and gradient
 * many times, for the same batch, so a Trainer is what runs it. It keeps `historySize` moves in Float64, outside the executor.
 * @throws ArgumentError for a rate that is not above 0, counts below 1, negative tolerances; on update, since it has no such graph
 *
 * @example
 * import { lbfgs } from "simdgrad/optim";
 * const x = Float64Array.of(-1.2, 1);
 * const minimizer = lbfgs(1, { lineSearchFn: "strongWolfe", maxIter: 100, toleranceChange: 1e-15 }).minimizer?.();
 * await minimizer?.step(x, async ([a, b]) => ({
 *   loss: (1 - a) ** 2 + 100 * (b - a * a) ** 2,
 *   gradient: Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)),
 * }));
 * x; // => [1.00000, 1.00000]
 */
export function lbfgs(learningRate = 1, options: LbfgsOptions = {}): Optimizer {
  aPositiveNumber(learningRate, "lbfgs: learningRate");
  const [count, tolerance] = [aWholeNumber(1), aNumberWithin(0)];
  checkOptions(options, "lbfgs", {
    maxIter: count,
    maxEval: count,
    historySize: count,
    toleranceGrad: tolerance,
    toleranceChange: tolerance,
    lineSearchFn: oneOf("strongWolfe"),
  });
  return {
    init: (_, step = newStep()) => ({ step, links: [] }),
    update() {
      throw new ArgumentError(
        "lbfgs: its steps are no graph: it takes no wrapper, and a Trainer or minimizer() runs it",
      );
    },
    minimizer: () => minimizer(learningRate, options),
  };
}
