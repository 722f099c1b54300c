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

/** A member's change of the weights, and how many samples made it. */
export interface Change {
  readonly samples: number;
  readonly values: StateDict;
}

/** From the weights of the last round to those of now: before minus after, as a gradient points. */
export function changeOf(before: StateDict, after: StateDict): StateDict {
  const entries = Object.entries(before).map(([name, { data, shape }]) => {
    const change = Float32Array.from(data);
    const now = after[name].data;
    for (let i = 0; i < change.length; i++) change[i] = data[i] - now[i];
    return [name, { data: change, shape: [...shape] }];
  });
  return Object.fromEntries(entries);
}

/** What makes a change unfit to be averaged, or undefined. */
export function unfit(change: StateDict, weights: StateDict): string | undefined {
  const [given, wanted] = [Object.keys(change).sort(), Object.keys(weights).sort()];
  if (given.join() !== wanted.join()) return "it has other variables";
  for (const [name, { data, shape }] of Object.entries(change)) {
    if (shape.join() !== weights[name].shape.join()) return `${name} has shape [${shape}]`;
    if (!data.every(Number.isFinite)) return `${name} holds NaN or an infinity`;
  }
  return undefined;
}

/** The weights after a round of these changes, in this order. What is not trained, as running statistics, is the members' mean. */
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
  const names = Object.keys(weights).sort();
  const isWhole = (name: string) => !(weights[name].data instanceof Float32Array);
  const cutTo = (group: readonly string[]) => changes.map(({ values }, k) => shares[k] * cut(values, group, maxNorm));
  const ofTrained = cutTo(names.filter((name) => !averaged.has(name)));
  const ofAveraged = cutTo(names.filter((name) => averaged.has(name) && !isWhole(name)));
  const [next, speeds]: [StateDict, StateDict] = [{}, {}];
  for (const [name, { data, shape }] of Object.entries(weights)) {
    const isMean = averaged.has(name);
    const factors = !isMean ? ofTrained : isWhole(name) ? shares : ofAveraged;
    const [rate, kept] = isMean ? [1, 0] : [learningRate, keep];
    const parts = changes.map(({ values }) => values[name].data);
    const before = momentum[name]?.data;
    const speed = new Float32Array(data.length);
    const moved = data.slice();
    for (let i = 0; i < data.length; i++) {
      let mean = 0;
      for (let k = 0; k < parts.length; k++) mean += factors[k] * parts[k][i];
      speed[i] = kept * (before?.[i] ?? 0) + mean;
      // Nesterov's: the mean once more, as torch.optim.SGD has it.
      const value = data[i] - rate * (mean + kept * speed[i]);
      moved[i] = isWhole(name) ? Math.round(value) : value;
    }
    next[name] = { data: moved, shape: [...shape] };
    if (!isMean && keep > 0) speeds[name] = { data: speed, shape: [...shape] };
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
