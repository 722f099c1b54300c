// How far apart two texts are.

/** The least number of symbols that are put in, left out or replaced to make one text of the other (Levenshtein 1966). */
export function editDistance<T>(a: readonly T[], b: readonly T[]): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (const [i, symbol] of a.entries()) {
    const row = [i + 1];
    for (const [j, other] of b.entries())
      row.push(Math.min(above[j + 1] + 1, row[j] + 1, above[j] + (symbol === other ? 0 : 1)));
    above = row;
  }
  return above[b.length];
}
