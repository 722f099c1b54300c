// The arithmetic of a round: what a member changed, what is wrong with it, and the step that all members make of all changes. Sums and products of
// doubles in a fixed order, each rounded as IEEE 754 says, so that all members get the same bits on every machine.
// Source: Douillard et al., "DiLoCo: Distributed Low-Communication Training of Language Models", 2023, algorithm 1; with rate 1 and momentum 0
// it is McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", 2017, algorithm 1.
import type { StateDict } from "../train/state.ts";

/** What all members hold after a round. */
export interface Anchor {
  readonly round: number;
  readonly weights: StateDict;
  /** Of the outer step; empty before the first. */
  readonly momentum: StateDict;
}

/** A member's change of the weights, and how many samples made it. What is not trained, as running statistics, comes as it is. */
export interface Change {
  readonly samples: number;
  readonly values: StateDict;
}

/** From the weights of the last round to those of now: before minus after, as a gradient points; of what is not trained the value of now. */
export function changeOf(before: StateDict, after: StateDict, averaged: ReadonlySet<string> = new Set()): StateDict {
  const entries = Object.entries(before).map(([name, { data, shape }]) => {
    const now = after[name].data;
    const change = averaged.has(name) ? now : Float32Array.from(data, (value, i) => value - now[i]);
    return [name, { data: change, shape: [...shape] }];
  });
  return Object.fromEntries(entries);
}

/** No number of a change, or of a state, is larger: means and momentum of such have room in f32. */
const LARGE = 1e18;

/** What makes a change, or a state, unfit for these weights, or undefined. */
export function unfit(given: StateDict, weights: StateDict): string | undefined {
  if (Object.keys(given).sort().join() !== Object.keys(weights).sort().join()) return "it has other variables";
  for (const [name, { data, shape }] of Object.entries(given)) {
    const wanted = weights[name];
    if (shape.join() !== wanted.shape.join()) return `${name} has shape [${shape}]`;
    if (data.constructor !== wanted.data.constructor || data.length !== wanted.data.length)
      return `${name} is ${data.length} numbers of another dtype`;
    if (!data.every(Number.isFinite)) return `${name} holds NaN or an infinity`;
    const large = data.find((value) => Math.abs(value) > LARGE);
    if (large !== undefined) return `${name} holds ${large}`;
  }
  return undefined;
}

/**
 * The weights after a round of these changes, in this order. What is not trained, as running statistics, is the members' mean, which no norm
 * cuts: a variance that is the mean of variances is none below 0.
 */
export function outerStep(
  { round, weights, momentum }: Anchor,
  changes: readonly Change[],
  {
    learningRate,
    momentum: keep,
    maxNorm,
  }: { readonly learningRate: number; readonly momentum: number; readonly maxNorm: number | null },
  averaged: ReadonlySet<string> = new Set(),
): Anchor {
  const all = changes.reduce((sum, { samples }) => sum + samples, 0);
  const shares = changes.map(({ samples }) => samples / all);
  const trained = Object.keys(weights)
    .filter((name) => !averaged.has(name))
    .sort();
  const factors = changes.map(({ values }, k) => shares[k] * cut(values, trained, maxNorm));
  const [next, speeds]: [StateDict, StateDict] = [{}, {}];
  for (const [name, { data, shape }] of Object.entries(weights)) {
    const parts = changes.map(({ values }) => values[name].data);
    const mean = (i: number, of: readonly number[]) => parts.reduce((sum, part, k) => sum + of[k] * part[i], 0);
    const moved = data.slice();
    next[name] = { data: moved, shape: [...shape] };
    if (averaged.has(name)) {
      const isWhole = !(data instanceof Float32Array);
      for (let i = 0; i < data.length; i++) moved[i] = isWhole ? Math.round(mean(i, shares)) : mean(i, shares);
      continue;
    }
    const before = momentum[name]?.data;
    const speed = new Float32Array(data.length);
    for (let i = 0; i < data.length; i++) {
      const own = mean(i, factors);
      speed[i] = keep * (before?.[i] ?? 0) + own;
      // Nesterov's: the mean once more, as torch.optim.SGD has it.
      moved[i] = data[i] - learningRate * (own + keep * speed[i]);
    }
    if (keep > 0) speeds[name] = { data: speed, shape: [...shape] };
  }
  return { round: round + 1, weights: next, momentum: speeds };
}

/** The factor that brings what a change has of these names to the norm it may have. */
function cut(values: StateDict, names: readonly string[], most: number | null): number {
  if (most === null) return 1;
  let squares = 0;
  for (const name of names) for (const value of values[name].data) squares += value * value;
  const norm = Math.sqrt(squares);
  return norm > most ? most / norm : 1;
}
