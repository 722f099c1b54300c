// CTC and CTC_GRADIENT against their twins: states in one piece of scratch and in several, wrong sequences among them, on a team of threads.
import { describe, expect, test } from "vitest";
import * as op from "../../assembly/isa/opcode.ts";
import { interpret } from "../../src/runtime/js/interpret.ts";
import { HEAP_AT, JsMemory } from "../../src/runtime/js/memory.ts";
import { builds, instruction, Machine, random } from "./machine.ts";

interface Sizes {
  readonly sequences: number;
  readonly times: number;
  readonly classes: number;
  readonly labels: number;
}

const SIZES: readonly Sizes[] = [
  { sequences: 0, times: 3, classes: 2, labels: 1 },
  { sequences: 2, times: 0, classes: 2, labels: 1 },
  { sequences: 5, times: 1, classes: 2, labels: 0 },
  { sequences: 7, times: 3, classes: 3, labels: 1 },
  { sequences: 9, times: 12, classes: 5, labels: 4 },
  { sequences: 3, times: 40, classes: 33, labels: 17 },
  { sequences: 2, times: 5, classes: 6, labels: 1024 }, // 2049 states: a second piece of one
  { sequences: 1, times: 1300, classes: 4, labels: 1200 },
];

/** What the instructions read; some sequences are too short, some have labels or lengths that are none. */
function contentsOf({ sequences, times, classes, labels }: Sizes) {
  const next = random(sequences + 10 * times + 100 * labels);
  const draw = (low: number, high: number) => low + Math.floor(((next() + 1) / 2) * (high - low + 1));
  const blank = classes - 1;
  const isWild = sequences > 5;
  return {
    from: Float32Array.from({ length: sequences * times * classes }, () => 3 * next() - 3),
    targets: Int32Array.from({ length: sequences * labels }, () => draw(isWild ? -1 : 0, blank - Number(!isWild))),
    inputs: Int32Array.from({ length: sequences }, () => (isWild ? draw(-1, times + 1) : times)),
    lengths: Int32Array.from({ length: sequences }, () => (isWild ? draw(-1, labels + 1) : labels)),
    scale: Float32Array.from({ length: sequences }, (_, n) => (n === 4 ? 0 : next())),
    blank,
  };
}

type Addresses = Readonly<
  Record<"to" | "alphas" | "from" | "targets" | "inputs" | "lengths" | "work" | "scale", number>
>;

function codesOf(sizes: Sizes, blank: number, batchFirst: number, losses: number, it: Addresses): number[][] {
  const { sequences, times, classes, labels } = sizes;
  const numbers = [sequences, times, classes, labels, 2 * labels + 1, blank, batchFirst];
  const read = [it.from, it.targets, it.inputs, it.lengths];
  return [
    instruction(op.CTC, losses, it.alphas, ...read, ...numbers),
    instruction(op.BARRIER),
    instruction(op.CTC_GRADIENT, it.to, it.alphas, ...read, ...numbers, it.work, it.scale),
  ];
}

/** Losses, rows of sums and gradients, as the twins have them. */
function expectedOf(sizes: Sizes, batchFirst: number): Float32Array[] {
  const contents = contentsOf(sizes);
  const { sequences, times, classes, labels } = sizes;
  const states = 2 * labels + 1;
  const memory = new JsMemory(
    "float32",
    HEAP_AT + 4096 + sequences * (times * (2 * classes + states) + 4 * states + 4 + labels),
  );
  let top = HEAP_AT;
  const room = (words: number, data?: Float32Array | Int32Array) => {
    const at = top;
    if (data instanceof Int32Array) memory.i.set(data, at);
    else if (data) memory.f.set(data, at);
    top += words + 1;
    return at;
  };
  const losses = room(sequences);
  const it = {
    to: room(sequences * times * classes),
    alphas: room(sequences * times * states),
    from: room(contents.from.length, contents.from),
    targets: room(contents.targets.length, contents.targets),
    inputs: room(sequences, contents.inputs),
    lengths: room(sequences, contents.lengths),
    work: room(2 * sequences * states),
    scale: room(sequences, contents.scale),
  };
  const code = Int32Array.from(codesOf(sizes, contents.blank, batchFirst, losses, it).flat());
  interpret(memory, code, 0, code.length);
  const taken = (at: number, words: number) => Float32Array.from(memory.f.slice(at, at + words));
  return [
    taken(losses, sequences),
    taken(it.alphas, sequences * times * states),
    taken(it.to, sequences * times * classes),
  ];
}

function foundOf(machine: Machine, sizes: Sizes, batchFirst: number): Float32Array[] {
  machine.clear();
  const contents = contentsOf(sizes);
  const { sequences, times, classes, labels } = sizes;
  const states = 2 * labels + 1;
  const [losses, alphas, to] = [sequences, sequences * times * states, sequences * times * classes].map((words) =>
    machine.f32(words),
  );
  const it = {
    to: to.at,
    alphas: alphas.at,
    from: machine.f32(contents.from).at,
    targets: machine.i32(contents.targets).at,
    inputs: machine.i32(contents.inputs).at,
    lengths: machine.i32(contents.lengths).at,
    work: machine.f32(2 * sequences * states).at,
    scale: machine.f32(contents.scale).at,
  };
  machine.run(codesOf(sizes, contents.blank, batchFirst, losses.at, it));
  return [losses, alphas, to].map(({ data }) => Float32Array.from(data));
}

describe.each(builds)("CTC, %s build", (build) => {
  const machine = new Machine(build);

  test.each(SIZES)("$sequences sequences of $times, $classes classes, $labels labels", (sizes) => {
    for (const batchFirst of [0, 1]) {
      const expected = expectedOf(sizes, batchFirst);
      for (const [part, found] of foundOf(machine, sizes, batchFirst).entries())
        for (const [i, value] of found.entries()) {
          const wanted = expected[part][i];
          // A logarithm of a sum is off by 1e-7 a step, and by the rounding of its size.
          const allowed = 2e-6 * Math.max(1, Math.abs(wanted)) * Math.max(1, Math.sqrt(sizes.times));
          const isNear = Object.is(value + 0, wanted + 0) || Math.abs(value - wanted) <= allowed;
          if (!isNear) expect.fail(`part ${part}, word ${i}: ${value}, not ${wanted}`);
        }
    }
  });
});
