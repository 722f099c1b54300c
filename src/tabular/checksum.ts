// Rows known again by a checksum of their cells.
import type { Column, Table } from "../data/table.ts";
import { crc32 } from "../io/crc32.ts";

/** Texts that are made bytes at once. */
const BLOCK = 4096;

const encoder = new TextEncoder();

/** A checksum of the cells of columns, which are the same for a table and for a file that it is written to. */
export function checksumOf(table: Table, columns: readonly { readonly name: string }[]): string {
  const sums = columns.map(({ name }) => [name, crc32(...bytesOf(table.column(name)))]);
  return crc32(encoder.encode(JSON.stringify([table.rows, sums])));
}

function bytesOf({ values }: Column): Uint8Array[] {
  if (values instanceof Float64Array) return [new Uint8Array(Float64Array.from(values, plain).buffer)];
  const blocks = Array.from({ length: Math.ceil(values.length / BLOCK) }, (_, i) => i * BLOCK);
  return blocks.map((start) => encoder.encode(JSON.stringify(values.slice(start, start + BLOCK))));
}

/** Of all numbers that are equal, or none, the same bits. */
function plain(value: number): number {
  return Number.isNaN(value) ? Number.NaN : value + 0;
}
