// Plan: offsets in the arena for buffers whose lives overlap nowhere in time or nowhere in memory. Best fit over a sorted free list, in
// program order (sub-quadratic), or by size, whichever needs less. A result may take over the memory of an operand that dies in the same
// map.
import { ALIGN } from "../../assembly/isa/sizes.ts";
import { firstIndex } from "../program/first-index.ts";
import { type Buffer, type Instruction, type Item, isLoop } from "../program/lir.ts";
import type { DType } from "../shape.ts";
import { addTo } from "./lists.ts";

/** Words a buffer occupies: whole, padded, never none. */
export function wordsOf(size: number, dtype: DType): number {
  const words = dtype === "u8" ? Math.ceil(size / 4) : size;
  return Math.max(ALIGN, Math.ceil(words / ALIGN) * ALIGN);
}

/** The memory behind a loop's element. */
export function rootOf(buffer: Buffer): Buffer {
  let root = buffer;
  while (root.element !== undefined) root = root.element.of;
  return root;
}

/** First and last instruction that touches a buffer. */
interface Life {
  start: number;
  end: number;
}

interface Timeline {
  readonly sequence: readonly Instruction[];
  readonly lives: ReadonlyMap<Buffer, Life>;
}

/** Lives in program order. What a loop shares with the outside lives as long as the loop at least. */
export function timeline(items: readonly Item[]): Timeline {
  const sequence: Instruction[] = [];
  const lives = new Map<Buffer, Life>();
  const loops: Life[] = [];
  const touch = (buffer: Buffer) => {
    const root = rootOf(buffer);
    const life = lives.get(root);
    if (life === undefined) lives.set(root, { start: sequence.length, end: sequence.length });
    else life.end = sequence.length;
  };
  const walk = (list: readonly Item[]) => {
    for (const item of list) {
      if (isLoop(item)) {
        const loop = { start: sequence.length, end: 0 };
        walk(item.body);
        loop.end = sequence.length - 1;
        loops.push(loop); // inner loops before the loops around them
        continue;
      }
      item.reads.forEach(touch);
      item.writes.forEach(touch);
      sequence.push(item);
    }
  };
  walk(items);
  for (const loop of loops) widen(loop, lives, sequence);
  return { sequence, lives };
}

function widen(loop: Life, lives: ReadonlyMap<Buffer, Life>, sequence: readonly Instruction[]): void {
  const inside = new Set<Buffer>();
  for (let i = loop.start; i <= loop.end; i++)
    for (const list of [sequence[i].reads, sequence[i].writes]) for (const buffer of list) inside.add(rootOf(buffer));
  for (const buffer of inside) {
    const life = lives.get(buffer) as Life;
    if (life.start >= loop.start && life.end <= loop.end) continue;
    life.start = Math.min(life.start, loop.start);
    life.end = Math.max(life.end, loop.end);
  }
}

/** Buffers that share one place, each taking over from the one before, and the time from the first to the last. */
interface Block extends Life {
  readonly buffers: Buffer[];
  readonly words: number;
}

/** Blocks up to which placing them by size is tried, too: it looks at all pairs. */
const MANY = 1000;

/** Gives every arena buffer its offset. @returns words of the arena */
export function plan(items: readonly Item[]): number {
  const blocks = blocksOf(items);
  const plans = [inOrder(blocks), ...(blocks.length <= MANY ? [bySize(blocks)] : [])];
  const [best] = plans.sort((a, b) => a.top - b.top);
  blocks.forEach(({ buffers }, i) => {
    for (const buffer of buffers) buffer.offset = best.offsets[i];
  });
  return best.top;
}

/** In the order of their beginnings. */
function blocksOf(items: readonly Item[]): Block[] {
  const { sequence, lives } = timeline(items);
  const starting = new Map<number, Buffer[]>();
  for (const [buffer, { start }] of lives) if (buffer.region === "arena") addTo(starting, start, buffer);
  const blocks: Block[] = [];
  const blockOf = new Map<Buffer, Block>();
  sequence.forEach(({ replaceable = [], writes }, i) => {
    const taken = new Set<Buffer>();
    for (const buffer of starting.get(i) ?? []) {
      const words = wordsOf(buffer.size, buffer.dtype);
      // Of the same size: a result that is a part of a larger buffer lies elsewhere in it than the operand would.
      const fits = (old: Buffer) => old.size === buffer.size && blockOf.get(old)?.words === words;
      const heir = writes.includes(buffer)
        ? replaceable.find((old) => lives.get(old)?.end === i && !taken.has(old) && fits(old))
        : undefined;
      const { end } = lives.get(buffer) as Life;
      const fresh: Block = { buffers: [], words, start: i, end };
      const block = (heir && blockOf.get(heir)) ?? fresh;
      if (block === fresh) blocks.push(block);
      if (heir !== undefined) taken.add(heir);
      block.buffers.push(buffer);
      block.end = end;
      blockOf.set(buffer, block);
    }
  });
  return blocks;
}

interface Offsets {
  readonly top: number;
  /** Parallel to the blocks. */
  readonly offsets: readonly number[];
}

/** Each where it fits best when its time comes. */
function inOrder(blocks: readonly Block[]): Offsets {
  const ending = new Map<number, number[]>();
  blocks.forEach(({ end }, i) => {
    addTo(ending, end, i);
  });
  const space = new FreeList();
  const offsets: number[] = [];
  let now = 0;
  blocks.forEach(({ start, words }, i) => {
    for (; now < start; now++)
      for (const dead of ending.get(now) ?? []) space.release(offsets[dead], blocks[dead].words);
    offsets[i] = space.allocate(words);
  });
  return { top: space.top, offsets };
}

/** The largest first, each as low as those before it let it (Pisarchyk and Lee 2020, "greedy by size"). */
function bySize(blocks: readonly Block[]): Offsets {
  const offsets: number[] = [];
  const placed: number[] = [];
  let top = 0;
  for (const i of [...blocks.keys()].sort((a, b) => blocks[b].words - blocks[a].words || a - b)) {
    const { start, end, words } = blocks[i];
    let offset = 0;
    for (const other of placed) {
      if (blocks[other].start > end || blocks[other].end < start) continue;
      if (offsets[other] >= offset + words) break;
      offset = Math.max(offset, offsets[other] + blocks[other].words);
    }
    offsets[i] = offset;
    top = Math.max(top, offset + words);
    const at = placed.findIndex((other) => offsets[other] > offset);
    placed.splice(at < 0 ? placed.length : at, 0, i);
  }
  return { top, offsets };
}

/** Free intervals below `top`, sorted by offset. */
class FreeList {
  top = 0;
  readonly #starts: number[] = [];
  readonly #sizes: number[] = [];

  allocate(words: number): number {
    let best = -1;
    for (let i = 0; i < this.#starts.length; i++)
      if (this.#sizes[i] >= words && (best < 0 || this.#sizes[i] < this.#sizes[best])) best = i;
    if (best < 0) return this.#extend(words);
    const start = this.#starts[best];
    this.#starts[best] += words;
    this.#sizes[best] -= words;
    if (this.#sizes[best] === 0) this.#remove(best);
    return start;
  }

  /** Grows the arena, using a free interval at its end. */
  #extend(words: number): number {
    const last = this.#starts.length - 1;
    const open = last >= 0 && this.#starts[last] + this.#sizes[last] === this.top;
    const start = open ? this.#starts[last] : this.top;
    if (open) this.#remove(last);
    this.top = start + words;
    return start;
  }

  release(start: number, words: number): void {
    const low = firstIndex(this.#starts.length, (i) => this.#starts[i] >= start);
    const joinsBefore = low > 0 && this.#starts[low - 1] + this.#sizes[low - 1] === start;
    const joinsAfter = low < this.#starts.length && start + words === this.#starts[low];
    if (joinsBefore) {
      this.#sizes[low - 1] += words + (joinsAfter ? this.#sizes[low] : 0);
      if (joinsAfter) this.#remove(low);
    } else if (joinsAfter) {
      this.#starts[low] = start;
      this.#sizes[low] += words;
    } else {
      this.#starts.splice(low, 0, start);
      this.#sizes.splice(low, 0, words);
    }
  }

  #remove(i: number): void {
    this.#starts.splice(i, 1);
    this.#sizes.splice(i, 1);
  }
}
