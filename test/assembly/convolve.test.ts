// CONVOLVE and CONVOLVE_FILTER against their twins. Small integers make every sum exact, so results must be equal, not close; and bits of
// any numbers are those of one thread.
import { describe, expect, test } from "vitest";
import { ADD, RELU } from "../../assembly/isa/map-code.ts";
import { BARRIER } from "../../assembly/isa/opcode.ts";
import { interpret } from "../../src/runtime/js/interpret.ts";
import { HEAP_AT, JsMemory } from "../../src/runtime/js/memory.ts";
import { generator } from "../ops/inputs.ts";
import { anyConvolution, type Convolution, convolveWords, filterWords, lengthsOf } from "./convolutions.ts";
import { builds, instruction, Machine, type Place } from "./machine.ts";
import { column, full, mapWords, operand, output } from "./map-program.ts";
import { Team, THREADS } from "./team.ts";

const KINDS = ["plain", "epilogue", "filter"] as const;
type Kind = (typeof KINDS)[number];

/** Addresses of results, of what meets the images, of images, and of a number for each channel. */
type Addresses = readonly [to: number, left: number, from: number, bias: number];

const PARTS = 3;
const CASES = 400;

/** Elements at each address. */
function sizesOf(it: Convolution, kind: Kind): number[] {
  const { from, filters, to } = lengthsOf(it);
  const sizes = kind === "filter" ? [PARTS * filters, to] : [to, filters];
  return [...sizes, from, it.groups * it.rows];
}

/** Of the kind "epilogue": relu of the sum of a result and the number of its channel. */
function wordsOf(it: Convolution, kind: Kind, [to, left, from, bias]: Addresses): number[] {
  if (kind === "filter") return filterWords(it, to, left, from, PARTS);
  if (kind === "plain") return convolveWords(it, to, left, from);
  const data = new Float32Array();
  const map = mapWords({
    n: lengthsOf(it).to,
    columns: it.positions.reduce((product, each) => product * each),
    operands: [full({ at: to, data }), column({ at: bias, data }, 1, Math.max(1, it.groups * it.rows))],
    outputs: [{ at: to, data }],
    steps: [
      [ADD, 0, operand(0), operand(1)],
      [RELU, output(0), 0],
    ],
  });
  return convolveWords(it, to, left, from, map);
}

/** What lies at each address before the instruction runs; nothing where results go. */
function contentsOf(it: Convolution, kind: Kind, next: () => number, isWhole: boolean): Float32Array[] {
  return sizesOf(it, kind).map((length, i) =>
    Float32Array.from({ length: i === 0 ? 0 : length }, () => (isWhole ? Math.floor(9 * next()) - 4 : 2 * next() - 1)),
  );
}

function placed(machine: Machine, it: Convolution, kind: Kind, contents: readonly Float32Array[]): [number[], Place] {
  const places = contents.map((content, i) => machine.f32(i === 0 ? sizesOf(it, kind)[0] : content));
  return [wordsOf(it, kind, places.map(({ at }) => at) as unknown as Addresses), places[0]];
}

/** What the twin writes. */
function expectedOf(it: Convolution, kind: Kind, contents: readonly Float32Array[]): Float64Array {
  const sizes = sizesOf(it, kind);
  const memory = new JsMemory("float64", HEAP_AT + sizes.reduce((sum, each) => sum + each + 1, 0));
  let top = HEAP_AT;
  const addresses = sizes.map((size, i) => {
    memory.f.set(contents[i], top);
    top += size + 1;
    return top - size - 1;
  });
  const code = Int32Array.from(wordsOf(it, kind, addresses as unknown as Addresses));
  interpret(memory, code, 0, code.length);
  return Float64Array.from(memory.f.slice(addresses[0], addresses[0] + sizes[0]));
}

/** Kinds that a convolution can be of: a filter's gradient knows no spacing. */
function kindsOf({ spacing }: Convolution): readonly Kind[] {
  return spacing.some((each) => each > 1) ? ["plain", "epilogue"] : KINDS;
}

function convolutions(seed: number, count: number): Convolution[] {
  const next = generator(seed);
  return Array.from({ length: count }, () => anyConvolution(next));
}

/** Whole numbers, so that all are equal. */
function compare(build: (typeof builds)[number], all: readonly Convolution[]): void {
  const machine = new Machine(build);
  const next = generator(5);
  for (const it of all)
    for (const kind of kindsOf(it)) {
      machine.clear();
      const contents = contentsOf(it, kind, next, true);
      const [code, { data }] = placed(machine, it, kind, contents);
      machine.run([code]);
      const expected = expectedOf(it, kind, contents);
      const wrong = expected.findIndex((value, i) => value !== data[i]);
      if (wrong >= 0) expect.fail(`${kind} ${JSON.stringify(it)}: ${wrong} is ${data[wrong]}, not ${expected[wrong]}`);
    }
}

const plain: Convolution = {
  images: 24,
  groups: 1,
  rows: 3,
  channels: 2,
  taps: [1, 3, 3],
  size: [1, 30, 30],
  positions: [1, 30, 30],
  step: [1, 1, 1],
  apart: [1, 1, 1],
  first: [0, -1, -1],
  spacing: [1, 1, 1],
};
const depthwise: Convolution = { ...plain, images: 3, groups: 8, rows: 1, channels: 1 };
const spaced: Partial<Convolution> = {
  positions: [1, 59, 60],
  apart: [1, -1, -1],
  first: [0, 1, 1],
  spacing: [1, 2, 2],
};

/** Epilogues are done for all bands of such at once; filters of one row, without and with gaps between positions, are kernels of their own. */
const MANY: readonly Convolution[] = [
  plain,
  depthwise,
  { ...plain, ...spaced },
  { ...depthwise, ...spaced },
  { ...depthwise, apart: [1, -1, -1], first: [0, 1, 1] },
  { ...depthwise, size: [1, 59, 60], step: [1, 2, 2] },
  { ...depthwise, size: [1, 7, 9], positions: [1, 4, 5], step: [1, 2, 2] },
  { ...depthwise, rows: 2, size: [1, 59, 60], step: [1, 2, 2] },
  { ...plain, taps: [1, 1, 1], first: [0, 0, 0] },
  { ...plain, size: [1, 59, 59], step: [1, 2, 2] },
];

/** Every number of filters that is cut into tiles in its own way, of few taps and of many, in rows that end anywhere in a tile. */
const TILES: readonly Convolution[] = Array.from({ length: 26 }, (_, i) => {
  const width = 7 + (i % 12);
  const all = { ...plain, images: 2, rows: i + 1, size: [1, 8, width], positions: [1, 8, width] } as const;
  return [
    { ...all, channels: 3 },
    { ...all, channels: 20 },
    { ...all, channels: 30, taps: [1, 5, 5], first: [0, -2, -2] } as const, // of several blocks of channels
    { ...all, channels: 11, taps: [1, 1, 1], first: [0, 0, 0] } as const,
  ];
}).flat();

describe.each(builds)("%s build", (build) => {
  test("is what its twin is, and touches nothing else", () => {
    compare(build, convolutions(3, CASES));
  });

  test("is what its twin is where there are many groups of images, each of several bands", () => {
    compare(build, MANY);
  });

  test("is what its twin is in tiles of any number of filters and positions", () => {
    compare(build, TILES);
  });

  test("gives a team of threads the bits of one", async () => {
    const mixture = (machine: Machine) => {
      const next = generator(9);
      return convolutions(11, 30).flatMap((it) =>
        kindsOf(it).map((kind) => placed(machine, it, kind, contentsOf(it, kind, next, false))),
      );
    };
    const bitsOf = (all: readonly [number[], Place][]) =>
      all.map(([, { data }]) => new Int32Array(data.buffer, data.byteOffset, data.length));
    const programOf = (all: readonly [number[], Place][]) => all.flatMap(([code]) => [code, instruction(BARRIER)]);
    const alone = new Machine(build);
    const single = mixture(alone);
    alone.run(programOf(single));
    const team = new Team(new Machine(build, { threads: THREADS }));
    try {
      const shared = mixture(team.machine);
      await team.run(programOf(shared), 3);
      expect(bitsOf(shared)).toEqual(bitsOf(single));
    } finally {
      await team.end();
    }
  });
});
