// Rows known again by a checksum of their cells.
import type { Column, Table } from "../data/table.ts";
import { crc32 } from "../io/crc32.ts";

/** A checksum of the cells of columns, which are the same for a table and for a file that it is written to. */
export function checksumOf(table: Table, columns: readonly { readonly name: string }[]): string {
  return crc32(...columns.flatMap(({ name }) => bytesOf(table.column(name))));
}

function bytesOf({ name, values }: Column): Uint8Array[] {
  const head = new TextEncoder().encode(`${JSON.stringify(name)} ${values.length}\n`);
  if (values instanceof Float64Array) return [head, new Uint8Array(Float64Array.from(values, plain).buffer)];
  return [head, ...values.map((value) => new TextEncoder().encode(`${JSON.stringify(value)}\n`))];
}

/** Of all numbers that are equal, or none, the same bits. */
function plain(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value + 0;
}
