// The order in which a map is computed where some of its steps are long (e^x, tanh): loops of short steps, and after each loop but the
// last what the kernels do for long ones, all on a block of elements. Of sigmoid(x + b) * tanh(y - b):
//
//     loop 0    x + b, y - b          to blocks of scratch
//     long      sigmoid, tanh         from block to block
//     loop 1    their product         to the result
//
// A long step comes as soon as it can, a short one as late as all who read it allow, so that little has to wait in scratch.
import { COPY_BITS, UNIFORM } from "../../../../assembly/isa/map-code.ts";
import { REGISTER_OPERAND, REGISTER_OUTPUT } from "../../../../assembly/isa/slots.ts";
import type { MapStep } from "../../../program/map-steps.ts";
import { isShort } from "./steps.ts";

/** What a map reads, or one of its steps makes: a register that is written again holds another one. */
export interface Item {
  /** Its number if it is an operand, else -1. */
  readonly operand: number;
  readonly code: number;
  readonly sources: readonly Item[];
  readonly isLong: boolean;
  /** The loop that computes it; of a long step the one that it comes after. Infinite if nobody reads it. */
  loop: number;
  /** Where it waits in scratch, -1 if it does not. */
  block: number;
  /** Of a long step that writes a result where that is wanted: its number; else -1. */
  result: number;
}

export interface Stages {
  /** The short steps of each loop. */
  readonly loops: readonly (readonly Item[])[];
  /** The long steps after each. */
  readonly long: readonly (readonly Item[])[];
  /** What the last loop writes. */
  readonly results: readonly Item[];
  /** How many blocks of scratch there are. */
  readonly blocks: number;
}

/** What is known of a map's operands and results. */
export interface Ends {
  readonly operands: number;
  readonly outputs: number;
  /** Whether a long step can read an operand where it lies. */
  readonly lies: (operand: number) => boolean;
  /** Whether it can write a result where that is wanted, when operands have still to be read from these places. */
  readonly isFree: (output: number, unread: ReadonlySet<number>) => boolean;
}

/** Deals a map's steps to loops; undefined if that cannot be, or is not worth it. */
export function stagesOf(steps: readonly MapStep[], ends: Ends): Stages | undefined {
  if (steps.some(({ code }) => code === UNIFORM)) return undefined; // counts in sixteens
  const read = itemsOf(steps, ends);
  if (read === undefined) return undefined;
  const { items, results } = read;
  const readers = new Map(items.map((item) => [item, items.filter(({ sources }) => sources.includes(item))]));
  const readersOf = (item: Item) => readers.get(item) ?? [];
  const count = placeInLoops(items, results, readersOf);
  const used = items.filter(({ loop }) => loop < count);
  writeDirectly(used, results, ends);
  const blocks = keep(used, results, readersOf, count - 1);
  const inLoops = (isLong: boolean) =>
    Array.from({ length: count }, (_, i) => used.filter((item) => item.loop === i && item.isLong === isLong));
  return { loops: inLoops(false), long: inLoops(true), results, blocks };
}

/** The items of all steps in their order, and those that are results. */
function itemsOf(steps: readonly MapStep[], { operands, outputs, lies }: Ends) {
  const operand = (i: number): Item => ({
    operand: i,
    code: -1,
    sources: [],
    isLong: false,
    loop: -1,
    block: -1,
    result: -1,
  });
  const registers = new Map(Array.from({ length: operands }, (_, i) => [REGISTER_OPERAND + i, operand(i)]));
  const items: Item[] = [];
  const add = (code: number, sources: readonly Item[]) => {
    const item: Item = { operand: -1, code, sources, isLong: !isShort(code), loop: 0, block: -1, result: -1 };
    items.push(item);
    return item;
  };
  const copies = new Map<Item, Item>();
  /** As a long step can read it. */
  const lying = (item: Item) => {
    if (item.operand < 0 || lies(item.operand)) return item;
    const copy = copies.get(item) ?? add(COPY_BITS, [item]);
    copies.set(item, copy);
    return copy;
  };
  for (const { code, target, sources } of steps) {
    const found = sources.map((register) => registers.get(register));
    if (!found.every((each) => each !== undefined)) return undefined;
    registers.set(target, add(code, isShort(code) ? found : found.map(lying)));
  }
  const results = Array.from({ length: outputs }, (_, o) => registers.get(REGISTER_OUTPUT + o));
  return results.every((each) => each !== undefined) ? { items, results } : undefined;
}

/** Says of each item which loop it belongs to; returns how many loops there are. */
function placeInLoops(
  items: readonly Item[],
  results: readonly Item[],
  readersOf: (item: Item) => readonly Item[],
): number {
  const from = ({ loop, isLong }: Item) => loop + (isLong ? 1 : 0); // the first loop that can read it
  for (const item of items) item.loop = Math.max(0, ...item.sources.map(from));
  const last = Math.max(0, ...items.map(from));
  for (const item of [...items].reverse()) {
    if (item.isLong) continue;
    const end = results.includes(item) ? last : Number.POSITIVE_INFINITY;
    item.loop = Math.min(end, ...readersOf(item).map(({ loop }) => loop));
  }
  return last + 1;
}

/** Has long steps write results, unless somebody after them reads an operand there. */
function writeDirectly(items: readonly Item[], results: readonly Item[], { isFree }: Ends): void {
  for (const item of items) {
    const o = results.indexOf(item);
    if (!item.isLong || o < 0) continue;
    const after = items.filter(
      (each) => each !== item && (each.isLong ? each.loop >= item.loop : each.loop > item.loop),
    );
    if (isFree(o, new Set(after.flatMap(({ sources }) => sources.map(({ operand }) => operand))))) item.result = o;
  }
}

/**
 * Gives blocks of scratch to what others than its own loop read, as the last loop does results; returns how many. A long step writes over
 * what only it reads from there.
 */
function keep(
  items: readonly Item[],
  results: readonly Item[],
  readersOf: (item: Item) => readonly Item[],
  last: number,
): number {
  let blocks = 0;
  for (const item of items) {
    if (!item.isLong) {
      const isWritten = item.loop < last && results.includes(item);
      if (isWritten || readersOf(item).some(({ isLong, loop }) => isLong || loop > item.loop)) item.block = blocks++;
      continue;
    }
    if (item.result >= 0) continue;
    const [source] = item.sources;
    const isLast = readersOf(source).every((each) => each === item || (!each.isLong && each.loop <= item.loop));
    item.block = source.block >= 0 && isLast && !results.includes(source) ? source.block : blocks++;
  }
  return blocks;
}
