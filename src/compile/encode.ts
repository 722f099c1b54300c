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
import { type Address, type Buffer, type Instruction, type Item, isLoop } from "../program/lir.ts";
import { rootOf, wordsOf } from "./plan.ts";

const regions = { state: REGION_STATE, io: REGION_IO, arena: REGION_ARENA, constants: REGION_CONSTANTS };

/** Memory touched since the last barrier. */
class Pending {
  #count = 0;
  #reads: Buffer[] = [];
  #writes: Buffer[] = [];

  get empty(): boolean {
    return this.#count === 0;
  }

  conflicts({ reads, writes }: Instruction): boolean {
    const meets = (a: readonly Buffer[], b: readonly Buffer[]) =>
      a.some((p) => b.some((q) => overlap(rootOf(p), rootOf(q))));
    return (
      this.#count >= CLAIM_SLOTS / 2 ||
      meets(this.#writes, reads) ||
      meets(this.#writes, writes) ||
      meets(this.#reads, writes)
    );
  }

  add({ reads, writes }: Instruction): void {
    this.#count++;
    this.#reads.push(...reads);
    this.#writes.push(...writes);
  }

  clear(): void {
    this.#count = 0;
    this.#reads = [];
    this.#writes = [];
  }
}

function overlap(a: Buffer, b: Buffer): boolean {
  if (a.region !== b.region) return false;
  return a.offset < b.offset + wordsOf(b.size, b.dtype) && b.offset < a.offset + wordsOf(a.size, a.dtype);
}

/** Offset and loop strides of an address. */
function resolve({ buffer, words }: Address): { word: number; strides: { depth: number; stride: number }[] } {
  let offset = words;
  let root = buffer;
  const strides: { depth: number; stride: number }[] = [];
  for (; root.element !== undefined; root = root.element.of) {
    offset += root.element.start;
    strides.push({ depth: root.element.depth, stride: root.element.stride });
  }
  return { word: (regions[root.region] << REGION_SHIFT) | (root.offset + offset), strides };
}

export function encode(items: readonly Item[]): { readonly code: Int32Array; readonly labels: string[] } {
  const code: number[] = [];
  const labels: string[] = [];
  const pending = new Pending();
  const put = (opcode: number, slots: readonly number[], label: string) => {
    code.push(opcode | ((slots.length + 1) << 8), ...slots);
    labels.push(label);
  };
  const barrier = () => {
    put(BARRIER, [], "");
    pending.clear();
  };
  const instruction = (item: Instruction) => {
    if (pending.conflicts(item)) barrier();
    pending.add(item);
    const moving: number[] = [];
    const slots = item.slots.map((slot, i) => {
      if (typeof slot === "number") return slot;
      const { word, strides } = resolve(slot);
      for (const { depth, stride } of strides) moving.push(i + 1, depth, stride);
      return word;
    });
    if (moving.length > 0) put(INDEX, [moving.length / 3, ...moving], "");
    put(item.opcode, slots, item.label);
  };
  const walk = (list: readonly Item[]) => {
    for (const item of list) {
      if (!isLoop(item)) {
        instruction(item);
        continue;
      }
      if (!pending.empty) barrier();
      const at = code.length;
      put(LOOP, [item.count, 0, item.depth], item.label);
      const start = code.length;
      walk(item.body);
      barrier();
      code[at + 2] = code.length - start;
    }
  };
  walk(items);
  put(END, [], "");
  return { code: Int32Array.from(code), labels };
}
