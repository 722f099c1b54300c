// How good predictions are, in Float64: the same figures for a network and for what knows less than it.

import { meanOf } from "../data/mean.ts";

/** Figures by their names. */
export type Scores = Readonly<Record<string, number>>;

/**
 * Of probabilities [rows, classes]: the share of right classes, the mean of the classes' F1 (of those that are there or were told), and
 * the mean of -log of the probability that the right class was given.
 */
export function classScores(probabilities: ArrayLike<number>, y: Int32Array, classes: number): Scores {
  const table = confusion(largest(probabilities, classes), y, classes);
  const told = table[0].map((_, c) => table.reduce((sum, row) => sum + row[c], 0));
  const f1 = table.flatMap((row, c) => {
    const given = row.reduce((sum, count) => sum + count, 0);
    return given + told[c] === 0 ? [] : [(2 * row[c]) / (given + told[c])];
  });
  const right = table.reduce((sum, row, c) => sum + row[c], 0);
  const logs = y.reduce((sum, c, i) => sum - Math.log(Math.max(probabilities[i * classes + c], 1e-15)), 0);
  return { accuracy: right / y.length, f1: meanOf(f1), logLoss: logs / y.length };
}

/** Of each row the class with the largest number, of equals the first. */
export function largest(values: ArrayLike<number>, classes: number): Int32Array {
  return Int32Array.from({ length: values.length / classes }, (_, row) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (values[row * classes + c] > values[row * classes + best]) best = c;
    return best;
  });
}

/** Counts of rows: those of class i that were taken for j are [i][j]. */
export function confusion(told: Int32Array, y: Int32Array, classes: number): number[][] {
  const table = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < y.length; row++) table[y[row]][told[row]]++;
  return table;
}

/** Of numbers: the root of the mean squared error, the mean absolute one, and the share of the variance that is explained. */
export function numberScores(told: ArrayLike<number>, y: Float64Array): Scores {
  const errors = y.map((value, i) => value - told[i]);
  const average = meanOf(y);
  const squares = meanOf(errors.map((error) => error * error));
  const variance = meanOf(y.map((value) => (value - average) ** 2));
  return {
    rootMeanSquaredError: Math.sqrt(squares),
    meanAbsoluteError: meanOf(errors.map(Math.abs)),
    r2: 1 - squares / variance,
  };
}

/** Shares of the classes, which is what is known of a row that nobody has seen. */
export function shares(y: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const each of y) counts[each]++;
  return counts.map((count) => count / y.length);
}
