// Numbers and tables as people read them.

/** A number in few digits. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return count(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return size >= 1000 ? count(Math.round(value)) : String(Number(value.toPrecision(4)));
}

/** A whole number with commas. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 row", "2 rows". */
export function several(value: number, word: string): string {
  return `${count(value)} ${word}${value === 1 ? "" : "s"}`;
}

/** Rows of cells under one another: the first column to the left, numbers to the right. */
export function columns(rows: readonly (readonly string[])[], { left = 1 }: { readonly left?: number } = {}): string {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), []);
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < left ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A name of a column as it is written in a list: in quotes where it has a comma, as in CSV files. */
export function quoted(name: string): string {
  return /[",\r\n]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
}

/** A list in a line, cut off where it is long. */
export function listed(items: readonly string[], most = 12): string {
  const more = items.length - most;
  return more > 0 ? `${items.slice(0, most).join(", ")} and ${count(more)} more` : items.join(", ");
}
