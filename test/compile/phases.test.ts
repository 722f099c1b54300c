// Instructions that need not wait come before others that must: no two change places of which one depends on the other, and the arena
// does not grow.
import { describe, expect, test } from "vitest";
import { MAP } from "../../assembly/isa/opcode.ts";
import { arrange } from "../../src/compile/phases.ts";
import { plan, rootOf } from "../../src/compile/plan.ts";
import { Buffers } from "../../src/compile/scope.ts";
import { type Buffer, type Instruction, type Item, isLoop } from "../../src/program/lir.ts";
import { numbers } from "../random.ts";

const buffers = new Buffers();

function buffer(label: string, size = 16): Buffer {
  return buffers.create(size, "f32", label, 0);
}

function instruction(label: string, reads: readonly Buffer[], writes: readonly Buffer[]): Instruction {
  return { opcode: MAP, slots: [], reads, writes, label };
}

function labels(items: readonly Item[]): string {
  return items.map((item) => (isLoop(item) ? `(${labels(item.body)})` : item.label)).join(" ");
}

describe("an instruction that needs nothing of the last", () => {
  const large = buffer("large", 4096);
  const [a, b, c, d] = ["a", "b", "c", "d"].map((label) => buffer(label));
  const first = instruction("first", [], [a, large]);
  const second = instruction("second", [a, large], [b]);

  const other = instruction("other", [], [c]);

  test("comes before one that does", () => {
    const last = instruction("last", [b, c], [buffer("larger", 8192)]);
    expect(labels(arrange([first, second, other, last]).items)).toBe("first other second last");
  });

  test("stays where it is if the arena would grow", () => {
    const last = instruction("last", [b, c], [d]);
    expect(labels(arrange([first, second, other, last]).items)).toBe("first second other last");
  });

  test("stays behind one whose result it reads, or whose operand it overwrites", () => {
    expect(labels(arrange([first, second, instruction("reader", [b], [c])]).items)).toBe("first second reader");
    expect(labels(arrange([first, second, instruction("writer", [], [a])]).items)).toBe("first second writer");
  });

  test("stays where it is if it writes much", () => {
    const much = instruction("much", [], [buffer("much", 4096)]);
    expect(labels(arrange([first, second, much]).items)).toBe("first second much");
  });

  test("stays behind a loop that is free to begin, and in its own loop", () => {
    const end = instruction("end", [], [d]);
    const loop = { count: 3, depth: 0, body: [first, second, other], label: "loop" };
    expect(labels(arrange([loop, end]).items)).toBe("(first other second) end");
  });
});

test("in random programs what depends on one another keeps its order", () => {
  const random = numbers(5);
  const below = (count: number) => Math.floor(random() * count);
  let moved = 0;
  for (let round = 0; round < 200; round++) {
    const all = Array.from({ length: 12 }, (_, i) => buffer(`${i}`, 16 << below(6)));
    const some = (most: number) => Array.from({ length: 1 + below(most) }, () => all[below(all.length)]);
    const items = Array.from({ length: 30 }, (_, i) => instruction(`${i}`, some(3), some(2)));
    const before = plan(items);
    const { items: after, arenaWords } = arrange(items);
    expect(arenaWords).toBeLessThanOrEqual(before);
    expect(plan(after)).toBe(arenaWords);
    expect([...after].sort((a, b) => Number(a.label) - Number(b.label))).toEqual(items);
    const place = new Map(after.map((item, i) => [item.label, i]));
    if (labels(after) !== labels(items)) moved++;
    items.forEach((a, i) => {
      for (const b of items.slice(i + 1))
        if (depend(a, b)) expect(place.get(a.label)).toBeLessThan(place.get(b.label) as number);
    });
  }
  expect(moved).toBeGreaterThan(50);
});

function depend(a: Instruction, b: Instruction): boolean {
  const share = (p: readonly Buffer[], q: readonly Buffer[]) => p.some((each) => q.includes(rootOf(each)));
  return share(a.writes, b.reads) || share(a.writes, b.writes) || share(a.reads, b.writes);
}
