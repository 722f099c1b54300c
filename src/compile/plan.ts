// Plan: offsets in the arena for buffers whose lives overlap nowhere in time or nowhere in memory. Best fit over a sorted free list,
// in program order (sub-quadratic); a result may take over the memory of an operand that dies in the same map.
import { ALIGN } from "../../assembly/isa/sizes.ts";
import type { DType } from "../shape.ts";
import { type Buffer, type Instruction, type Item, isLoop } from "./lir.ts";

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

/** Gives every arena buffer its offset. @returns words of the arena */
export function plan(items: readonly Item[]): number {
  const { sequence, lives } = timeline(items);
  const starting: Buffer[][] = [];
  const ending: Buffer[][] = [];
  for (const [buffer, { start, end }] of lives) {
    if (buffer.region !== "arena") continue;
    starting[start] = [...(starting[start] ?? []), buffer];
    ending[end] = [...(ending[end] ?? []), buffer];
  }
  const space = new FreeList();
  sequence.forEach(({ replaceable = [], writes }, i) => {
    const dying = new Set(ending[i]);
    const taken = new Set<Buffer>();
    for (const buffer of starting[i] ?? []) {
      const words = wordsOf(buffer.size, buffer.dtype);
      const heir = writes.includes(buffer)
        ? replaceable.find((old) => dying.has(old) && !taken.has(old) && wordsOf(old.size, old.dtype) === words)
        : undefined;
      buffer.offset = heir === undefined ? space.allocate(words) : heir.offset;
      if (heir !== undefined) taken.add(heir);
    }
    for (const buffer of ending[i] ?? [])
      if (!taken.has(buffer)) space.release(buffer.offset, wordsOf(buffer.size, buffer.dtype));
  });
  return space.top;
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
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle] < start) low = middle + 1;
      else high = middle;
    }
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
