// Phases: an instruction that need not wait comes before those that must, so that fewer barriers stand between them. The arena does not
// grow by it.
import { type Item, isLoop } from "../program/lir.ts";
import { plan, wordsOf } from "./plan.ts";
import { depend, noMemory, type Touched, touch } from "./touched.ts";

/** Instructions among which one is looked for: not many, since neighbours find in the caches what they share; fewer if the arena grows. */
const REACHES = [8, 4, 2];

/** Part of the arena that may be taken up earlier by what an instruction writes. */
const SHARE = 1 / 16;

/** Plans the arena for the instructions, in an order with fewer barriers if that needs no more of it. */
export function arrange(items: readonly Item[]): { readonly items: readonly Item[]; readonly arenaWords: number } {
  const arenaWords = plan(items);
  for (const reach of REACHES) {
    const closer = together(items, SHARE * arenaWords, reach);
    const words = plan(closer);
    if (words <= arenaWords) return { items: closer, arenaWords: words };
  }
  return { items, arenaWords: plan(items) }; // once more: offsets are those of the last plan
}

interface Waiting {
  readonly item: Item;
  readonly memory: Touched;
  /** That it writes. */
  readonly words: number;
}

/** The same instructions, those that write `most` words or less before others that would wait. */
function together(items: readonly Item[], most: number, reach: number): Item[] {
  const result: Item[] = [];
  const waiting: Waiting[] = [];
  let phase = noMemory(); // of what no barrier separates
  for (let taken = 0; result.length < items.length; ) {
    for (; taken < items.length && waiting.length < reach; taken++) waiting.push(waitingFor(items[taken], most, reach));
    const free = firstFree(waiting, phase, most);
    if (free < 0) phase = noMemory();
    else {
      const [{ item }] = waiting.splice(free, 1);
      result.push(item);
      phase = isLoop(item) ? noMemory() : touch(phase, item); // a loop ends with a barrier
    }
  }
  return result;
}

function waitingFor(item: Item, most: number, reach: number): Waiting {
  const memory = touch(noMemory(), item);
  let words = 0;
  for (const { size, dtype } of memory.writes) words += wordsOf(size, dtype);
  return { item: isLoop(item) ? { ...item, body: together(item.body, most, reach) } : item, memory, words };
}

/** Index of the first that depends neither on the phase nor on those before it; -1 without one. Loops stay behind what is before them. */
function firstFree(waiting: readonly Waiting[], phase: Touched, most: number): number {
  const passed = noMemory();
  for (const [i, { item, memory, words }] of waiting.entries()) {
    if (i > 0 && isLoop(item)) return -1;
    if ((i === 0 || words <= most) && !depend(phase, memory) && !depend(passed, memory)) return i;
    touch(passed, item);
  }
  return -1;
}
