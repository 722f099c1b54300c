// Encode: instructions over placed buffers become words, with a barrier wherever chunks of different threads could meet.
import { BARRIER, END, INDEX, LOOP } from "../../assembly/isa/opcode.ts";
import {
  CLAIM_SLOTS,
  REGION_ARENA,
  REGION_CONSTANTS,
  REGION_IO,
  REGION_SHIFT,
  REGION_STATE,
} from "../../assembly/isa/sizes.ts";
import { accessesOf } from "../program/access.ts";
import { type Address, type Element, type Instruction, type Item, isLoop, type Loop } from "../program/lir.ts";
import { meet, type Stretches, stretchesOf } from "../program/meet.ts";

const regions = { state: REGION_STATE, io: REGION_IO, arena: REGION_ARENA, constants: REGION_CONSTANTS };

/** Instructions that no barrier separates, and what they touch. */
class Phase {
  #instructions = 0;
  readonly #reads: Stretches[] = [];
  readonly #writes: Stretches[] = [];

  get isEmpty(): boolean {
    return this.#instructions === 0;
  }

  /** One instruction; `moves` says of its slots how far loops move them, outermost first. */
  static of(code: Int32Array, moves: ReadonlyMap<number, readonly number[]>, loops: readonly Loop[]): Phase {
    const phase = new Phase();
    phase.#instructions = 1;
    for (const access of accessesOf(code, 0)) {
      const { slot, write } = access;
      const touched = stretchesOf(access, code[slot] >>> 0, moves.get(slot) ?? [], loops);
      (write ? phase.#writes : phase.#reads).push(touched);
    }
    return phase;
  }

  /** Whether `next` must wait for a barrier. A phase is short, so that looking at all pairs takes no longer in a longer program. */
  excludes(next: Phase): boolean {
    const meets = (a: readonly Stretches[], b: readonly Stretches[]) => a.some((p) => b.some((q) => meet(p, q)));
    return (
      this.#instructions + next.#instructions > CLAIM_SLOTS / 2 ||
      meets(this.#writes, next.#reads) ||
      meets(this.#writes, next.#writes) ||
      meets(this.#reads, next.#writes)
    );
  }

  join(next: Phase): void {
    this.#instructions += next.#instructions;
    this.#reads.push(...next.#reads);
    this.#writes.push(...next.#writes);
  }
}

/** Offset of an address, and the elements through which loops move it, innermost first. */
function resolve({ buffer, words }: Address): { readonly word: number; readonly elements: readonly Element[] } {
  let offset = words;
  let root = buffer;
  const elements: Element[] = [];
  for (; root.element !== undefined; root = root.element.of) {
    offset += root.element.start;
    elements.push(root.element);
  }
  return { word: (regions[root.region] << REGION_SHIFT) | (root.offset + offset), elements };
}

/** The code of a program, or of a loop's body. */
class Code {
  readonly words: number[] = [];
  readonly labels: string[] = [];
  readonly #loops: readonly Loop[];
  /** What comes before the first barrier, and what since the last. */
  readonly #first = new Phase();
  #current = this.#first;

  constructor(items: readonly Item[], loops: readonly Loop[]) {
    this.#loops = loops;
    for (const item of items) {
      if (isLoop(item)) this.#loop(item);
      else this.#instruction(item);
    }
  }

  put(opcode: number, slots: readonly number[], label = ""): void {
    this.words.push(opcode | ((slots.length + 1) << 8), ...slots);
    this.labels.push(label);
  }

  #barrier(): void {
    this.put(BARRIER, []);
    this.#current = new Phase();
  }

  #join(next: Phase): void {
    if (this.#current.excludes(next)) this.#barrier();
    this.#current.join(next);
  }

  #instruction({ opcode, slots, label }: Instruction): void {
    const moving: number[] = [];
    const moves = new Map<number, number[]>();
    const words = slots.map((slot, i) => {
      if (typeof slot === "number") return slot;
      const { word, elements } = resolve(slot);
      const strides = this.#loops.map(() => 0);
      for (const { depth, stride } of elements) {
        moving.push(i + 1, depth, stride);
        strides[depth] = stride;
      }
      moves.set(i + 1, strides);
      return word;
    });
    this.#join(Phase.of(Int32Array.of(opcode, ...words), moves, this.#loops));
    if (moving.length > 0) this.put(INDEX, [moving.length / 3, ...moving]);
    this.put(opcode, words, label);
  }

  /** Every iteration ends with a barrier, so that what is before a loop can meet only what is before the first barrier in it. */
  #loop(loop: Loop): void {
    const body = new Code(loop.body, [...this.#loops, loop]);
    if (!body.#current.isEmpty) body.#barrier(); // empty behind a loop, which ends with one
    this.#join(body.#first);
    this.put(LOOP, [loop.count, body.words.length, loop.depth], loop.label);
    for (const word of body.words) this.words.push(word);
    for (const label of body.labels) this.labels.push(label);
    this.#current = new Phase();
  }
}

export function encode(items: readonly Item[]): { readonly code: Int32Array; readonly labels: string[] } {
  const whole = new Code(items, []);
  whole.put(END, []);
  return { code: Int32Array.from(whole.words), labels: whole.labels };
}
