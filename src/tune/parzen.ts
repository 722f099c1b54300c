// A density made of kernels, one around each observation and a wide one for what was not seen. Bergstra, Bardenet, Bengio, Kégl,
// "Algorithms for hyper-parameter optimization", NeurIPS 2011; of several parameters at once as Falkner, Klein, Hutter, "BOHB", ICML
// 2018, and Optuna have it:
// a kernel is the product of truncated normals and of weighted choices, its widths by Scott's rule.
import type { Draws } from "./draws.ts";
import { exp, log, normalAt, normalBetween } from "./math.ts";
import type { Leaf, Value } from "./space.ts";

/** How wide kernels are, as parts of the range. */
export interface Widths {
  /** Times observations^(-1 / (parameters + 4)): Scott's rule. */
  readonly scott: number;
  /** Of so many kernels none is narrower. */
  readonly least: (kernels: number) => number;
}

/** One parameter's part of all kernels. */
interface Part {
  /** A value of kernel i. */
  draw(kernel: number, draws: Draws): Value;
  /** Adds a value's log density under each kernel to what is there. */
  add(value: Value, sums: Float64Array): void;
}

/** A mixture of kernels over several parameters. */
export class Density {
  readonly #parts: readonly Part[];
  readonly #weights: Float64Array;
  readonly #logs: Float64Array;

  /** Of observations in the order in which they were made, a list of values each, in the order of the leaves. */
  constructor(leaves: readonly Leaf[], observations: readonly (readonly Value[])[], widths: Widths) {
    this.#weights = weightsOf(observations.length);
    this.#logs = this.#weights.map(log);
    this.#parts = leaves.map((leaf, i) => {
      const values = observations.map((observation) => observation[i]);
      return leaf.isNumeric ? numeric(leaf, values, leaves.length, widths) : categorical(leaf, values);
    });
  }

  draw(draws: Draws): Value[] {
    const kernel = draws.weighted(this.#weights);
    return this.#parts.map((part) => part.draw(kernel, draws));
  }

  /** The logarithm of the density, of whole numbers and choices that of the probability. */
  logOf(values: readonly Value[]): number {
    const sums = this.#logs.slice();
    for (const [i, part] of this.#parts.entries()) part.add(values[i], sums);
    const most = sums.reduce((a, b) => Math.max(a, b));
    return most + log(sums.reduce((sum, each) => sum + exp(each - most), 0));
  }
}

/** Observations that all weigh as much as the wide kernel; older ones weigh less. */
const NEW = 25;

/** Weights of the observations and of the wide kernel, with the sum 1. */
function weightsOf(observations: number): Float64Array {
  const old = observations - NEW;
  const first = 1 / observations;
  const weights = Float64Array.from({ length: observations + 1 }, (_, i) => {
    if (i >= old) return 1;
    return old === 1 ? first : first + (i / (old - 1)) * (1 - first);
  });
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function numeric(leaf: Leaf, values: readonly Value[], parameters: number, { scott, least }: Widths): Part {
  const n = values.length;
  const kernels = n + 1;
  const width = scott / exp(log(Math.max(n, 1)) / (parameters + 4));
  const deviation = Math.min(1, Math.max(width, least(kernels)));
  const means = Float64Array.from({ length: kernels }, (_, i) => (i < n ? leaf.place(values[i]) : 0.5));
  const deviations = Float64Array.from({ length: kernels }, (_, i) => (i < n ? deviation : 1));
  const lows = means.map((mean, i) => -mean / deviations[i]);
  const highs = means.map((mean, i) => (1 - mean) / deviations[i]);
  const logMasses = lows.map((low, i) => log(normalBetween(low, highs[i])));
  const logFactors = deviations.map((each) => log(each * Math.sqrt(2 * Math.PI)));
  return {
    draw(kernel, draws) {
      const z = normalAt(draws.next(), lows[kernel], highs[kernel]);
      return leaf.at(Math.min(1, Math.max(0, means[kernel] + deviations[kernel] * z)));
    },
    add(value, sums) {
      const [from, to] = leaf.share(value);
      for (let i = 0; i < kernels; i++) {
        const low = (from - means[i]) / deviations[i];
        const high = (to - means[i]) / deviations[i];
        sums[i] += (to > from ? log(normalBetween(low, high)) : -0.5 * low * low - logFactors[i]) - logMasses[i];
      }
    },
  };
}

function categorical(leaf: Leaf, values: readonly Value[]): Part {
  const { count } = leaf;
  const n = values.length;
  const kernels = n + 1;
  const indexOf = (value: Value) => Math.floor(leaf.place(value) * count);
  const seen = values.map(indexOf);
  const other = 1 / kernels;
  const shareOf = (kernel: number, index: number) => {
    const own = seen[kernel] === index ? 1 : 0;
    return kernel < n ? (other + own) / (count * other + 1) : 1 / count;
  };
  return {
    draw(kernel, draws) {
      return leaf.nth(draws.weighted(Array.from({ length: count }, (_, i) => shareOf(kernel, i))));
    },
    add(value, sums) {
      const index = indexOf(value);
      for (let i = 0; i < kernels; i++) sums[i] += log(shareOf(i, index));
    },
  };
}
