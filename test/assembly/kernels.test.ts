// Kernels against their twins in JavaScript, in every shape, with guards around their buffers, and on a team of threads.
import { describe, expect, test } from "vitest";
import * as op from "../../assembly/isa/opcode.ts";
import { interpret } from "../../src/runtime/js/interpret.ts";
import { HEAP_AT, JsMemory } from "../../src/runtime/js/memory.ts";
import { elementsOf, flagsOf, type Kernel, kernels, sizesOf, type Words, wordsOf } from "./kernels.ts";
import { builds, instruction, Machine, type Place, random } from "./machine.ts";
import { Team, THREADS } from "./team.ts";

/**
 * Kernels that round on the way, as their twins do not: within so many units of a result's last place, or of 1. Measured: at most 4, of
 * MOMENTS 2, of WEIGHTED_SUMS 8, in both builds; twice that, since relaxed SIMD may round otherwise elsewhere.
 */
const ROUNDED: Readonly<Record<number, number>> = {
  [op.SOFTMAX]: 8,
  [op.LOG_SUM_EXP]: 8,
  [op.CROSS_ENTROPY]: 8,
  [op.CROSS_ENTROPY_GRADIENT]: 8,
  [op.MOMENTS]: 4,
  [op.WEIGHTED_SUMS]: 16,
};

const AXES: Readonly<Record<string, readonly number[]>> = {
  rows: [0, 1, 3, 40],
  columns: [1, 2, 3, 4, 5, 16, 33, 1000],
  outer: [0, 1, 3],
  n: [0, 1, 2, 7, 33, 1000],
  inner: [0, 1, 2, 3, 4, 5, 15, 16, 17, 35],
};

/** What is hard to order, and to add up. */
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1e-40, 3e38, -3e38];

/** All combinations of sizes. */
function shapesOf(kernel: Kernel): Words[] {
  return kernel.sizes
    .reduce<number[][]>((all, name) => all.flatMap((head) => AXES[name].map((size) => [...head, size])), [[]])
    .map((numbers) => sizesOf(kernel, numbers));
}

/** Numbers of which many are equal; with `wild`, some are special. Indices lie around 0 to `columns`. */
function contentOf(
  name: string,
  length: number,
  words: Words,
  wild: boolean,
  next: () => number,
): Float32Array | Int32Array {
  if (name === "index")
    return Int32Array.from({ length }, () => Math.floor((words.columns + 2) * (next() + 1) * 0.5) - 1);
  if (words.integer === 1)
    return Int32Array.from({ length }, () => (next() < 0 ? Math.floor(next() * 9) : Math.floor(next() * 2 ** 31)));
  return Float32Array.from({ length }, () => {
    if (wild && next() > 0.8) return SPECIAL[Math.floor(((next() + 1) / 2) * SPECIAL.length)];
    return next() < 0 ? Math.round(next() * 4) : next();
  });
}

function bitsOf({ buffer, byteOffset, length }: Float32Array | Int32Array): Int32Array {
  return new Int32Array(buffer, byteOffset, length);
}

/** What the addresses of a kernel hold before it runs. */
function contentsOf(kernel: Kernel, words: Words, wild: boolean): Map<string, Float32Array | Int32Array> {
  const next = random(kernel.opcode + Object.values(words).reduce((sum, each) => 31 * sum + each, 7));
  return new Map(
    kernel.pointers.map((pointer) => {
      const length = elementsOf(pointer, words);
      return [
        pointer.name,
        pointer.write ? new Int32Array(length) : contentOf(pointer.name, length, words, wild, next),
      ];
    }),
  );
}

/** The kernel's instruction on a machine, and where it writes. */
function placed(machine: Machine, kernel: Kernel, words: Words, wild: boolean): { code: number[]; results: Place[] } {
  const places = [...contentsOf(kernel, words, wild)].map(([name, content]) => {
    const isWritten = resultsOf(kernel).includes(name);
    return [name, machine.f32(isWritten ? content.length : new Float32Array(content.buffer))] as const;
  });
  const addresses = Object.fromEntries(places.map(([name, { at }]) => [name, at]));
  const results = places.flatMap(([name, place]) => (resultsOf(kernel).includes(name) ? [place] : []));
  return { code: wordsOf(kernel, { ...words, ...addresses }), results };
}

/** Names of the addresses with results. */
function resultsOf({ pointers }: Kernel): string[] {
  return pointers.filter(({ write, of }) => write && of !== undefined).map(({ name }) => name);
}

/** What the twin writes. */
function expectedOf(kernel: Kernel, words: Words, wild: boolean): Int32Array[] {
  const contents = [...contentsOf(kernel, words, wild)];
  const memory = new JsMemory("float32", HEAP_AT + contents.reduce((sum, [, { length }]) => sum + length + 1, 0));
  const starts: Record<string, number> = {};
  let top = HEAP_AT;
  for (const [name, content] of contents) {
    starts[name] = top;
    memory.i.set(bitsOf(content), top);
    top += content.length + 1;
  }
  const code = Int32Array.from(wordsOf(kernel, { ...words, ...starts }));
  interpret(memory, code, 0, code.length);
  const written = contents.filter(([name]) => resultsOf(kernel).includes(name));
  return written.map(([name, { length }]) => Int32Array.from(memory.i.slice(starts[name], starts[name] + length)));
}

/** The first word that is not what it should be. */
function disagreement(found: Int32Array, expected: Int32Array, units: number): string | undefined {
  const [a, b] = [found, expected].map(
    ({ buffer, byteOffset, length }) => new Float32Array(buffer, byteOffset, length),
  );
  for (let i = 0; i < found.length; i++) {
    const isNear = Math.abs(a[i] - b[i]) <= units * 2 ** -24 * Math.max(1, Math.abs(b[i]));
    if (found[i] === expected[i] || (Number.isNaN(a[i]) && Number.isNaN(b[i])) || (units > 0 && isNear)) continue;
    return `word ${i} is ${a[i]} (${found[i]}), not ${b[i]} (${expected[i]})`;
  }
  return undefined;
}

describe.each(builds)("%s build", (build) => {
  const machine = new Machine(build);

  test.each(kernels)("$name is what its twin is", (kernel) => {
    for (const shape of shapesOf(kernel))
      for (const flags of flagsOf(kernel))
        for (const wild of [false, true]) {
          const words = { ...shape, ...flags };
          machine.clear();
          const { code, results } = placed(machine, kernel, words, wild);
          machine.run([code]);
          const expected = expectedOf(kernel, words, wild);
          results.forEach(({ data }, i) => {
            const wrong = disagreement(bitsOf(data), expected[i], ROUNDED[kernel.opcode] ?? 0);
            if (wrong !== undefined) expect.fail(`${JSON.stringify(words)}, result ${i}: ${wrong}`);
          });
        }
  });

  test("all of them give a team of threads the bits of one", async () => {
    const single = mixture(machine);
    machine.run(single.flatMap(({ code }) => [code, instruction(op.BARRIER)]));
    const team = new Team(new Machine(build, { threads: THREADS }));
    try {
      const shared = mixture(team.machine);
      await team.run(
        shared.flatMap(({ code }) => [code, instruction(op.BARRIER)]),
        3,
      );
      shared.forEach(({ name, results }, i) => {
        const bits = (places: readonly Place[]) => places.map(({ data }) => bitsOf(data));
        expect({ [name]: bits(results) }).toEqual({ [name]: bits(single[i].results) });
      });
    } finally {
      await team.end();
    }
  });
});

/** Every kernel, its work in many chunks. */
function mixture(machine: Machine): { name: string; code: number[]; results: Place[] }[] {
  machine.clear();
  return kernels.flatMap((kernel) =>
    flagsOf(kernel).flatMap((flags) =>
      [sizesOf(kernel, [7, 301, 37].slice(-kernel.sizes.length))].map((sizes) => ({
        name: kernel.name,
        ...placed(machine, kernel, { ...sizes, ...flags }, false),
      })),
    ),
  );
}
