// Merges maps of a few elements that do not depend on one another: counters, a mean's division, the update of a single bias. Such a
// map is over before it is told apart, so one of five steps takes hardly more time than one of one.
import { MAP } from "../../assembly/isa/opcode.ts";
import { MAX_OPERANDS, MAX_OUTPUTS, MAX_STEPS } from "../../assembly/isa/sizes.ts";
import {
  MAP_COLUMNS,
  MAP_COUNTS,
  MAP_FIRST,
  MAP_N,
  MAP_OPERAND_WORDS,
  MAP_OUTPUT_WORDS,
  MAP_STEP_WORDS,
  REGISTER_OPERAND,
  REGISTER_OUTPUT,
} from "../../assembly/isa/slots.ts";
import { type Instruction, type Item, isLoop } from "../program/lir.ts";
import { depend, noMemory, touch } from "./touched.ts";

/** Elements up to which a map takes as long for its overhead as for its work. */
const FEW = 16;

/** Instructions that are looked through for a map to join: so that the time grows with a program's length only. */
const REACH = 64;

/** The same instructions with small maps moved down to, and made one with, later ones over as many elements. */
export function mergeSmallMaps(items: readonly Item[]): Item[] {
  const merged: (Item | undefined)[] = items.map((item) =>
    isLoop(item) ? { ...item, body: mergeSmallMaps(item.body) } : item,
  );
  merged.forEach((item, i) => {
    if (item === undefined || !isSmallMap(item)) return;
    const touched = touch(noMemory(), item);
    for (let j = i + 1; j < Math.min(merged.length, i + REACH); j++) {
      const later = merged[j];
      if (later === undefined) continue;
      if (isLoop(later)) return;
      const isFree = !depend(touched, touch(noMemory(), later));
      const both = isFree && isSmallMap(later) ? joined(item, later) : undefined;
      if (both !== undefined) {
        merged[j] = both;
        merged[i] = undefined;
        return;
      }
      if (!isFree) return;
    }
  });
  return merged.filter((item) => item !== undefined);
}

function isSmallMap(item: Item): item is Instruction {
  return !isLoop(item) && item.opcode === MAP && wordOf(item, MAP_N) <= FEW;
}

/** A slot that is a number. */
function wordOf({ slots }: Instruction, number: number): number {
  return slots[number - 1] as number;
}

/** The words of a map. */
function partsOf(map: Instruction) {
  const counts = wordOf(map, MAP_COUNTS);
  const outputs = MAP_FIRST - 1 + MAP_OPERAND_WORDS * (counts & 0xff);
  const steps = outputs + MAP_OUTPUT_WORDS * ((counts >> 8) & 0xff);
  return {
    operands: map.slots.slice(MAP_FIRST - 1, outputs),
    outputs: map.slots.slice(outputs, steps),
    steps: map.slots.slice(steps) as readonly number[],
  };
}

/** One map that does what both do, or nothing if they do not fit together. */
function joined(first: Instruction, second: Instruction): Instruction | undefined {
  if (wordOf(first, MAP_N) !== wordOf(second, MAP_N) || wordOf(first, MAP_COLUMNS) !== wordOf(second, MAP_COLUMNS))
    return undefined;
  const [a, b] = [partsOf(first), partsOf(second)];
  const operands = [...a.operands, ...b.operands];
  const outputs = [...a.outputs, ...b.outputs];
  const count = operands.length / MAP_OPERAND_WORDS;
  const written = outputs.length / MAP_OUTPUT_WORDS;
  const steps = [
    ...a.steps,
    ...b.steps.map(renumbered(a.operands.length / MAP_OPERAND_WORDS, a.outputs.length / MAP_OUTPUT_WORDS)),
  ];
  if (count > MAX_OPERANDS || written > MAX_OUTPUTS || steps.length / MAP_STEP_WORDS > MAX_STEPS) return undefined;
  const counts = count | (written << 8) | ((steps.length / MAP_STEP_WORDS) << 16);
  return {
    ...second,
    label: `${first.label}; ${second.label}`,
    slots: [...second.slots.slice(0, MAP_COUNTS - 1), counts, 0, ...operands, ...outputs, ...steps],
    reads: [...new Set([...first.reads, ...second.reads])],
    writes: [...first.writes, ...second.writes],
    // A result of the first might otherwise lie where the second still reads.
    replaceable: [],
  };
}

/** A step's word with its operands' and outputs' registers moved on; the code in the lowest byte of the first stays. */
function renumbered(operands: number, outputs: number) {
  return (word: number, position: number): number => {
    let moved = word;
    const isFirst = position % MAP_STEP_WORDS === 0;
    for (let shift = isFirst ? 8 : 0; shift < (isFirst ? 32 : 16); shift += 8) {
      const register = (word >>> shift) & 0xff;
      if (register >= REGISTER_OUTPUT) moved += outputs << shift;
      else if (register >= REGISTER_OPERAND) moved += operands << shift;
    }
    return moved | 0;
  };
}
