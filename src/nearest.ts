// Names that are nearly the one that was written.

/** The known name that differs from a given one by the fewest letters, if these are few. */
export function nearest(given: string, known: readonly string[]): string | undefined {
  const wanted = given.toLowerCase();
  const near = known
    .map((name) => ({ name, distance: distance(wanted, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  const isPart = (name: string) => wanted.length > 1 && name.toLowerCase().startsWith(wanted);
  if (near !== undefined && near.distance <= Math.max(1, Math.min(given.length, near.name.length) / 3))
    return near.name;
  return known.find(isPart);
}

/** Letters to be put in, taken out, changed, or neighbours exchanged (Damerau and Levenshtein). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + Number(a[i - 1] !== b[j - 1]));
      const areExchanged = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (areExchanged) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows[i] = row;
  }
  return rows[a.length][b.length];
}
