// Pooling kernels against their twins in JavaScript: to the bit, in windows of all kinds, with guards around their buffers, on a team.
import { describe, expect, test } from "vitest";
import * as op from "../../assembly/isa/opcode.ts";
import { INSTRUCTIONS, type Named } from "../../src/program/instructions.ts";
import { interpret } from "../../src/runtime/js/interpret.ts";
import { HEAP_AT, JsMemory } from "../../src/runtime/js/memory.ts";
import { builds, instruction, Machine, type Place, random } from "./machine.ts";
import { Team, THREADS } from "./team.ts";

const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40, 3e38, -3e38];

/** [size, out, kernel, stride, padding, dilation]; a kernel of 0 covers the axis. */
type Axis = readonly [number, number, number, number, number, number];

const NONE: Axis = [1, 1, 1, 1, 0, 1];

/** All windows that fit, and one that is cut off. */
function fitting(size: number, kernel: number, stride: number, padding: number, dilation = 1): Axis {
  const out = Math.max(0, Math.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride) + 2);
  return [size, out, kernel, stride, padding, dilation];
}

const covering = (size: number, out: number): Axis => [size, out, 0, 1, 0, 1];

const LINES: readonly Axis[] = [
  ...[1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 100].flatMap((size) => [
    fitting(size, 2, 2, 0),
    fitting(size, 3, 2, 1),
    fitting(size, 3, 1, 1),
    fitting(size, 5, 3, 2),
    fitting(size, 2, 1, 1, 3),
    fitting(size, 3, 4, 0, 2),
    fitting(size, 1, 1, 0),
    fitting(size, 4, 2, 2, 2),
    covering(size, 1),
    covering(size, Math.ceil(size / 2)),
    covering(size, 3),
    covering(size, size + 2),
  ]),
  fitting(9000, 3, 2, 1),
  fitting(9000, 2, 1, 0),
  fitting(9000, 7, 5, 3),
  covering(9000, 7),
  [5, 0, 2, 2, 0, 1],
  [0, 3, 2, 1, 1, 1],
  [4, 3, 2, 9, 8, 1], // first windows in the padding, last ones beyond the end
  [3, 5, 70_000, 3, 35_000, 1],
  [4, 1, 2, 4_000_000, 0, 1], // nothing beyond a window is read, however far the next one would be
];

const shapes: readonly (readonly [planes: number, ...axes: Axis[]])[] = [
  ...LINES.flatMap((w): (readonly [number, Axis, Axis, Axis])[] => [
    [2, NONE, NONE, w],
    [3, NONE, fitting(5, 3, 2, 1), w],
    [1, NONE, covering(5, 3), w],
  ]),
  ...LINES.slice(0, 36).map((h): readonly [number, Axis, Axis, Axis] => [2, NONE, h, fitting(9, 2, 2, 0)]),
  ...LINES.slice(0, 36).map((d): readonly [number, Axis, Axis, Axis] => [
    2,
    d,
    fitting(4, 3, 2, 1, 2),
    fitting(6, 3, 1, 1),
  ]),
  [0, NONE, fitting(4, 2, 2, 0), fitting(4, 2, 2, 0)],
  [700, NONE, fitting(4, 2, 2, 0), fitting(5, 3, 2, 1)],
];

type Windows = Omit<Named[typeof op.SUM_POOL], "to" | "from">;

function windowsOf([planes, ...axes]: (typeof shapes)[number]): Windows {
  const names = ["size", "out", "kernel", "stride", "padding", "dilation"];
  const entries = axes.flatMap((axis, i) => axis.map((value, k) => [names[k] + "DHW"[i], value] as const));
  return { planes, ...Object.fromEntries(entries) } as Windows;
}

/** What an instruction holds: numbers, and what stands at its addresses before it runs; results are given by their lengths. */
interface Trial {
  readonly opcode: keyof typeof INSTRUCTIONS;
  readonly numbers: Readonly<Record<string, number>>;
  readonly operands: Readonly<Record<string, Float32Array | Int32Array>>;
  readonly results: Readonly<Record<string, number>>;
}

function numbers(length: number, wild: boolean, next: () => number): Float32Array {
  return Float32Array.from({ length }, () => {
    if (wild && next() > 0.8) return SPECIAL[Math.floor(((next() + 1) / 2) * SPECIAL.length)];
    return next() < 0 ? Math.round(next() * 4) : next();
  });
}

/** The three kernels of windows. */
function trialsOf(shape: (typeof shapes)[number], wild: boolean): Trial[] {
  const windows = windowsOf(shape);
  const { planes, sizeD, sizeH, sizeW, outD, outH, outW } = windows;
  const next = random(shape.flat().reduce((sum, each) => 31 * sum + each, 7) | 0);
  const [places, outs] = [planes * sizeD * sizeH * sizeW, planes * outD * outH * outW];
  const from = numbers(places, wild, next);
  return [
    { opcode: op.MAX_POOL, numbers: { ...windows }, operands: { from }, results: { to: outs, indices: outs } },
    { opcode: op.SUM_POOL, numbers: { ...windows }, operands: { from }, results: { to: outs } },
    {
      opcode: op.SUM_POOL_TRANSPOSED,
      numbers: { ...windows },
      operands: { from: numbers(outs, wild, next) },
      results: { to: places },
    },
  ];
}

function scattering(planes: number, size: number, count: number, last: number, wild: boolean): Trial {
  const next = random(planes + 31 * size + 7 * count + last);
  const index = Int32Array.from({ length: planes * count }, () => Math.floor(((next() + 1) / 2) * (size + 3)) - 1);
  return {
    opcode: op.SCATTER_PLANES,
    numbers: { planes, size, count, last },
    operands: { from: numbers(planes * count, wild, next), index },
    results: { to: planes * size },
  };
}

function wordsOf({ opcode, numbers }: Trial, addresses: Readonly<Record<string, number>>): number[] {
  const words: Readonly<Record<string, number>> = { ...numbers, ...addresses };
  return instruction(opcode, ...Object.keys(INSTRUCTIONS[opcode].named).map((name) => words[name]));
}

function bitsOf({ buffer, byteOffset, length }: Float32Array | Int32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}

/** The instruction on a machine, and where it writes. */
function placed(machine: Machine, trial: Trial): { code: number[]; results: Place[] } {
  const operands = Object.entries(trial.operands).map(
    ([name, data]) => [name, machine.f32(new Float32Array(data.buffer)).at] as const,
  );
  const results = Object.entries(trial.results).map(([name, length]) => [name, machine.f32(length)] as const);
  const addresses = Object.fromEntries([...operands, ...results.map(([name, { at }]) => [name, at] as const)]);
  return { code: wordsOf(trial, addresses), results: results.map(([, place]) => place) };
}

/** What the twin writes. */
function expectedOf(trial: Trial): Int32Array[] {
  const lengths = [
    ...Object.entries(trial.operands).map(([name, { length }]) => [name, length] as const),
    ...Object.entries(trial.results),
  ];
  const memory = new JsMemory("float32", HEAP_AT + lengths.reduce((sum, [, length]) => sum + length + 1, 0));
  const starts: Record<string, number> = {};
  let top = HEAP_AT;
  for (const [name, length] of lengths) {
    starts[name] = top;
    if (name in trial.operands) memory.i.set(bitsOf(trial.operands[name]), top);
    top += length + 1;
  }
  const code = Int32Array.from(wordsOf(trial, starts));
  interpret(memory, code, 0, code.length);
  return Object.entries(trial.results).map(([name, length]) =>
    Int32Array.from(memory.i.slice(starts[name], starts[name] + length)),
  );
}

/** Whether words are the same, or NaN both. */
function isSame(a: number, b: number): boolean {
  const isNumber = (bits: number) => (bits & 0x7fffffff) <= 0x7f800000;
  return a === b || !(isNumber(a) || isNumber(b));
}

function check(machine: Machine, trial: Trial): void {
  machine.clear();
  const { code, results } = placed(machine, trial);
  machine.run([code]);
  expectedOf(trial).forEach((expected, i) => {
    const found = bitsOf(results[i].data);
    const wrong = found.findIndex((word, k) => !isSame(word, expected[k]));
    if (wrong < 0 && found.length === expected.length) return;
    const where = `${INSTRUCTIONS[trial.opcode].name} ${JSON.stringify(trial.numbers)}, result ${i}`;
    expect.fail(`${where}: word ${wrong} is ${found[wrong]}, not ${expected[wrong]}`);
  });
}

describe.each(builds)("%s build", (build) => {
  const machine = new Machine(build);

  test.each([false, true])("windows are what the twins make of them; special numbers: %s", (wild) => {
    for (const shape of shapes) for (const trial of trialsOf(shape, wild)) check(machine, trial);
  });

  test("scattering into planes is what its twin is", () => {
    for (const planes of [0, 1, 3, 700])
      for (const size of [0, 1, 5, 64])
        for (const count of [0, 1, 7, 100])
          for (const last of [0, 1])
            for (const wild of [false, true]) check(machine, scattering(planes, size, count, last, wild));
    check(machine, scattering(2, 9000, 20_000, 0, false));
  });

  test("a team of threads has the bits of one", async () => {
    const trials = [
      ...shapes.filter(([planes], i) => planes > 100 || i % 17 === 0).flatMap((shape) => trialsOf(shape, false)),
      ...trialsOf([9, NONE, fitting(65, 3, 2, 1), fitting(130, 3, 2, 1)], false),
      ...trialsOf([9, NONE, fitting(65, 3, 1, 1), covering(130, 40)], false),
      scattering(300, 100, 150, 0, false),
      scattering(300, 100, 150, 1, false),
    ];
    const programOf = (target: Machine) => {
      target.clear();
      const all = trials.map((trial) => placed(target, trial));
      return { code: all.flatMap(({ code }) => [code, instruction(op.BARRIER)]), all };
    };
    const single = programOf(machine);
    machine.run(single.code);
    const team = new Team(new Machine(build, { threads: THREADS }));
    try {
      const shared = programOf(team.machine);
      await team.run(shared.code, 3);
      const bits = ({ results }: { results: Place[] }) => results.map(({ data }) => bitsOf(data));
      shared.all.forEach((each, i) => {
        expect({ [i]: bits(each) }).toEqual({ [i]: bits(single.all[i]) });
      });
    } finally {
      await team.end();
    }
  });
});
