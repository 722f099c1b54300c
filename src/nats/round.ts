// The arithmetic of a round: what a member changed, what is wrong with it, and the step that all members make of all changes. Sums and products of
// doubles in a fixed order, each rounded as IEEE 754 says, so that all members get the same bits on every machine.
// Source: Douillard et al., "DiLoCo: Distributed Low-Communication Training of Language Models", 2023, algorithm 1; with rate 1 and momentum 0
// it is McMahan et al., "Communication-Efficient Learning of Deep Networks from Decentralized Data", 2017, algorithm 1.
import type { StateDict } from "../train/state.ts";
import type { Sharing } from "../variable.ts";

/** What all members hold after a round. */
export interface Anchor {
  readonly round: number;
  readonly weights: StateDict;
  /** Of the outer step; empty before the first. */
  readonly momentum: StateDict;
}

/** What is agreed on of the outer step. */
interface Outer {
  readonly learningRate: number;
  readonly momentum: number;
  readonly maxNorm: number | null;
}

/** Variables whose values come as they are, and what a round makes of them: the members' mean, or the first member's, whole. */
export type AsIs = ReadonlyMap<string, "mean" | "first">;

/**
 * Which variables come as they are: what is not trained, and where the step is the mean of whole changes, all: so that no change is rounded, and
 * one member alone has the bits that it has without a run.
 */
export function asTheyAre(
  kinds: ReadonlyMap<string, Sharing | "trained">,
  { learningRate, momentum, maxNorm, precision }: Outer & { readonly precision: "f32" | "f16" },
): AsIs {
  const isMean = learningRate === 1 && momentum === 0 && maxNorm === null && precision === "f32";
  const taken = new Map<string, "mean" | "first">();
  for (const [name, kind] of kinds)
    if (kind === "trained" ? isMean : kind !== "own") taken.set(name, kind === "first" ? "first" : "mean");
  return taken;
}

/**
 * A member's change of the weights, and how many samples made it. What is not trained, as running statistics, comes as it is. What is as it
 * was, as frozen parameters are, is not in it.
 */
export interface Change {
  readonly samples: number;
  readonly values: StateDict;
}

/**
 * From the weights of the last round to those of now, where they are others: before minus after, as a gradient points; of what comes as it is the
 * value of now.
 */
export function changeOf(before: StateDict, after: StateDict, asIs: AsIs = new Map()): StateDict {
  const entries = Object.entries(before).flatMap(([name, { data, shape }]) => {
    const now = after[name].data;
    if (sameNumbers(data, now)) return [];
    const change = asIs.has(name) ? now : Float32Array.from(data, (value, i) => value - now[i]);
    return [[name, { data: change, shape: [...shape] }]];
  });
  return Object.fromEntries(entries);
}

/** Whether two states of the same variables have the same bits. */
export function sameWeights(one: StateDict, other: StateDict): boolean {
  return Object.entries(one).every(([name, { data }]) => sameNumbers(data, other[name].data));
}

function sameNumbers(one: ArrayLike<number>, other: ArrayLike<number>): boolean {
  for (let i = 0; i < one.length; i++) if (!Object.is(one[i], other[i])) return false;
  return true;
}

/** No number of a change, or of a state, is larger: means and momentum of such have room in f32. */
const LARGE = 1e18;

/** What makes a state unfit for these weights, or undefined. */
export function unfit(given: StateDict, weights: StateDict): string | undefined {
  const isWhole = Object.keys(weights).every((name) => Object.hasOwn(given, name));
  return isWhole ? unfitChange(given, weights) : "it has other variables";
}

/** What makes a change, which may lack variables, unfit for these weights, or undefined. */
export function unfitChange(given: StateDict, weights: StateDict): string | undefined {
  if (!Object.keys(given).every((name) => Object.hasOwn(weights, name))) return "it has other variables";
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
 * The weights after a round of these changes, in this order. What comes as it is, as running statistics do, is the members' mean, which no norm
 * cuts: a variance that is the mean of variances is none below 0; or what the first change has of it. What a change lacks is as it was.
 */
export function outerStep(
  { round, weights, momentum }: Anchor,
  changes: readonly Change[],
  { learningRate, momentum: keep, maxNorm }: Outer,
  asIs: AsIs = new Map(),
): Anchor {
  const all = changes.reduce((sum, { samples }) => sum + samples, 0);
  const shares = changes.map(({ samples }) => samples / all);
  const stepped = Object.keys(weights)
    .filter((name) => !asIs.has(name))
    .sort();
  const factors = changes.map(({ values }, k) => shares[k] * cut(values, stepped, maxNorm));
  const [next, speeds]: [StateDict, StateDict] = [{}, {}];
  for (const [name, { data, shape }] of Object.entries(weights)) {
    const kind = asIs.get(name);
    const isThere = changes.some(({ values }) => Object.hasOwn(values, name));
    const unchanged = kind === undefined ? new Float32Array(data.length) : data;
    const parts = changes.map(({ values }) => values[name]?.data ?? unchanged);
    const mean = (i: number, of: readonly number[]) => parts.reduce((sum, part, k) => sum + of[k] * part[i], 0);
    const moved = data.slice();
    next[name] = { data: moved, shape: [...shape] };
    if (kind === "first") moved.set(parts[0]);
    if (kind === "mean" && isThere) {
      const isWhole = !(data instanceof Float32Array);
      for (let i = 0; i < data.length; i++) moved[i] = isWhole ? Math.round(mean(i, shares)) : mean(i, shares);
    }
    if (kind !== undefined) continue;
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
  for (const name of names) for (const value of values[name]?.data ?? []) squares += value * value;
  const norm = Math.sqrt(squares);
  return norm > most ? most / norm : 1;
}
