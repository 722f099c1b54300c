// The table of an instance of the kernels, and the functions that were made for programs in it. Every thread of a team has the same
// ones at the same places.
import type { Generated } from "./jit/index.ts";

/** What a module of made functions imports from an instance of the kernels, and where they go. */
export interface Helpers {
  execute(first: number, end: number): number;
  step(...all: readonly number[]): void;
  readonly table: WebAssembly.Table;
  /** 1 if a * b + c is rounded once. */
  readonly fused: WebAssembly.Global;
}

/** A compiled module, and the places of its functions. */
export interface Functions {
  readonly module: WebAssembly.Module;
  readonly places: readonly number[];
}

/** Puts an instance's functions into the kernels' table. */
export function placeInTable(
  instance: WebAssembly.Instance,
  places: readonly number[],
  table: WebAssembly.Table,
): void {
  const missing = Math.max(...places) + 1 - table.length;
  if (missing > 0) table.grow(missing);
  places.forEach((at, i) => {
    table.set(at, instance.exports[i]);
  });
}

/** What a module of functions is instantiated with. */
export function importsOf({ execute, step }: Helpers, memory: WebAssembly.Memory): WebAssembly.Imports {
  return { env: { memory, execute, step } };
}

/** A program's functions, with the places of the table where they are put. */
export interface Prepared {
  readonly generated: Generated;
  readonly places: readonly number[];
}

/** Places of the table that nobody has. The first stays free: 0 means "none". */
export class TablePlaces {
  #free: number[] = [];
  #next = 1;

  take(count: number): number[] {
    return Array.from({ length: count }, () => this.#free.pop() ?? this.#next++);
  }

  give(places: readonly number[]): void {
    this.#free.push(...places);
  }
}

/** Tells a program's instructions of its functions. */
export function link(code: Int32Array, { generated, places }: Prepared): void {
  for (const [position, number] of generated.maps) code[position] = places[number];
}
