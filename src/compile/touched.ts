// Which memory instructions touch, and whether they may change places.
import { type Buffer, type Item, isLoop } from "../program/lir.ts";
import { rootOf } from "./plan.ts";

/** Buffers that instructions read and write. */
export interface Touched {
  readonly reads: Set<Buffer>;
  readonly writes: Set<Buffer>;
}

export function noMemory(): Touched {
  return { reads: new Set(), writes: new Set() };
}

/** Adds what an item touches. */
export function touch(memory: Touched, item: Item): Touched {
  if (isLoop(item)) for (const each of item.body) touch(memory, each);
  else {
    for (const buffer of item.reads) memory.reads.add(rootOf(buffer));
    for (const buffer of item.writes) memory.writes.add(rootOf(buffer));
  }
  return memory;
}

/** Whether the order of two makes a difference. */
export function depend(a: Touched, b: Touched): boolean {
  return shareAny(a.writes, b.reads) || shareAny(a.writes, b.writes) || shareAny(a.reads, b.writes);
}

function shareAny(a: ReadonlySet<Buffer>, b: ReadonlySet<Buffer>): boolean {
  for (const buffer of b) if (a.has(buffer)) return true;
  return false;
}
