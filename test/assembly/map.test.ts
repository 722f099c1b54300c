// The block machine against the slow interpretation: every step, every mode, ragged sizes, aliases, limits.
import { describe, expect, it } from "vitest";
import * as code from "../../assembly/isa/map-code.ts";
import { MATMUL, PACK } from "../../assembly/isa/opcode.ts";
import { BLOCK, MAP_CHUNK, MAX_OPERANDS, SCRATCH_COUNTERS } from "../../assembly/isa/sizes.ts";
import { SCALAR_SOURCES, STEPS } from "../../src/program/map-steps.ts";
import { ACCURACY } from "../../src/runtime/wasm/accuracy.ts";
import { matmulSlots, packSlots } from "../product.ts";
import { type Build, builds, instruction, Machine, POISON, random, randoms } from "./machine.ts";
import {
  type Buffer,
  column,
  full,
  interpret,
  type MapProgram,
  mapInstruction,
  mapWords,
  type Operand,
  operand,
  output,
  RULES,
  row,
  rows,
  type Step,
  scalar,
} from "./map-program.ts";

/** Numbers of the steps with certain names. */
function numbersOf(isOne: (name: string) => boolean): Set<number> {
  return new Set(STEPS.flatMap(({ name }, number) => (isOne(name) ? [number] : [])));
}

const SIZES = [1, 3, 16, 17, BLOCK - 1, BLOCK, BLOCK + 5];

/** Steps with an error bound of their own (math.test.ts); here a few units in the last place are let pass. */
const ROUNDED = numbersOf((name) => name in ACCURACY && name !== "rsqrt");

/** Steps that the relaxed build may round once or twice, as the engine likes. */
const FUSABLE = new Set<number>([
  ...[code.MULTIPLY_ADD, code.LINEAR, code.AFFINE, code.SCALED_ADD, code.BLEND, code.SQRT_AFFINE, code.QUOTIENT_ADD],
]);

/** How a step reads operand `lane`. */
function read(which: number, lane: number): (buffer: Buffer) => Operand {
  return which === code.UNIFORM || SCALAR_SOURCES.get(which)?.includes(lane) ? scalar : full;
}

const INTEGER = numbersOf((name) => /_i$|^(from_i32|uniform|permute_index)$/.test(name));

const inf = Number.POSITIVE_INFINITY;
const FLOATS = [0, -0, 1, -1, 0.5, -2, 3, 1e-40, -1e-40, 3e38, -3e38, inf, -inf, Number.NaN, 2 ** 31, -(2 ** 31), 1e10];
const INTEGERS = [0, 1, -1, 2, -2, 3, 7, -7, 2147483647, -2147483648, -2147483647, 1 << 30, 46341, 255];

function bits(buffer: Buffer): Int32Array {
  return new Int32Array(buffer.data.buffer, buffer.data.byteOffset, buffer.data.length);
}

/** The first element in which two results differ by more than a relative tolerance, or nothing. */
function difference(got: Int32Array, want: Int32Array, tolerance: number): string | undefined {
  const x = new Float32Array(got.buffer, got.byteOffset, got.length);
  const y = new Float32Array(want.buffer);
  for (let i = 0; i < want.length; i++) {
    if (got[i] === want[i] || (Number.isNaN(x[i]) && Number.isNaN(y[i]))) continue;
    if (!(Math.abs(x[i] - y[i]) <= tolerance * Math.max(Math.abs(y[i]), 1e-37))) {
      return `element ${i} of ${want.length}: ${x[i]} (${got[i]}), not ${y[i]} (${want[i]})`;
    }
  }
  return undefined;
}

/** Runs the map and compares all its outputs. */
function check(machine: Machine, program: MapProgram, tolerance = 0, fusable = false): void {
  const want = interpret(program);
  const fused = fusable ? interpret(program, true) : want;
  machine.run([mapInstruction(program)]);
  program.outputs.forEach((buffer, o) => {
    const got = bits(buffer);
    // The fused one was rounded to double before: one unit in the last place.
    if (!fusable || difference(got, fused[o], 1.2e-7)) expect(difference(got, want[o], tolerance)).toBeUndefined();
  });
}

/** All pairs of two lists that differ by a rotation: each meets each. */
function paired(values: readonly number[], lane: number): number[] {
  return values.flatMap((_, shift) => values.map((__, k) => values[(k + lane * shift) % values.length]));
}

describe.each(builds)("%s: steps", (build: Build) => {
  const codes = Object.keys(RULES).map(Number);

  it("knows every code", () => {
    expect(codes).toEqual(Array.from({ length: code.MAP_CODES }, (_, k) => k));
  });

  it.each(codes.map((which) => [STEPS[which].name, which] as const))("%s equals its definition", (_, which) => {
    const machine = new Machine(build, { pages: 16 });
    const isInteger = INTEGER.has(which);
    const special = isInteger ? INTEGERS : FLOATS;
    for (const n of [special.length ** 2, ...SIZES]) {
      machine.clear();
      const next = random(n);
      const buffers = [0, 1, 2, 3].map((lane) => {
        if (n === special.length ** 2)
          return isInteger ? machine.i32(paired(special, lane)) : machine.f32(paired(special, lane));
        if (isInteger) return machine.i32(Int32Array.from({ length: n }, () => next() * 2 ** (lane === 1 ? 4 : 31)));
        return machine.f32(Float32Array.from({ length: n }, () => next() * 4));
      });
      if (which === code.PERMUTE_INDEX) {
        buffers[0].data.set(Int32Array.from({ length: n }, (_, i) => i));
        buffers[2].data.fill(n);
      }
      const operands = buffers.map((buffer, lane) => read(which, lane)(buffer));
      const outputs = [isInteger ? machine.i32(n) : machine.f32(n)];
      const steps: Step[] = [[which, output(0), operand(0), operand(1), operand(2), operand(3)]];
      check(
        machine,
        { n, operands, outputs, steps },
        ROUNDED.has(which) ? 5e-7 : 0,
        build === "relaxed" && FUSABLE.has(which),
      );
    }
  });

  it("work on any number of elements", () => {
    const machine = new Machine(build);
    for (const n of [...Array(70).keys(), 1000, 2 * BLOCK + 16, MAP_CHUNK, 2 * MAP_CHUNK + 3]) {
      machine.clear();
      const operands = [full(machine.f32(randoms(n, n)))];
      const steps: Step[] = [[code.ADD, output(0), operand(0), operand(0)]];
      check(machine, { n, columns: 1, operands, outputs: [machine.f32(n)], steps });
    }
  });

  it("give an element the same bits wherever it stands", () => {
    const machine = new Machine(build);
    for (const which of codes) {
      if (INTEGER.has(which)) continue;
      machine.clear();
      const n = 100;
      const steps: Step[] = [[which, output(0), operand(0), operand(1), operand(2), operand(3)]];
      const values = [0, 1, 2, 3].map((lane) => Float32Array.from(randoms(n, lane), (x) => 30 * x));
      const run = (shift: number): Int32Array => {
        const operands = values.map((v, lane) =>
          read(which, lane) === scalar
            ? scalar(machine.f32(v))
            : full(machine.f32([...new Float32Array(shift).fill(1), ...v])),
        );
        const to = machine.f32(n + shift);
        machine.run([mapInstruction({ n: n + shift, operands, outputs: [to], steps })]);
        return bits(to).slice(shift);
      };
      const first = run(0);
      for (const shift of [1, 2, 3, 5, 30, BLOCK - 50]) expect(run(shift)).toEqual(first);
    }
  });

  it("numbers UNIFORM's elements through chunks and blocks", () => {
    const machine = new Machine(build);
    const n = 3 * MAP_CHUNK + 21;
    const operands = [scalar(machine.i32([12])), scalar(machine.i32([-34])), full(machine.f32(randoms(n, 1)))];
    const steps: Step[] = [
      [code.UNIFORM, 3, operand(0), operand(1)],
      [code.LESS, output(0), operand(2), 3],
    ];
    check(machine, { n, operands, outputs: [machine.f32(n)], steps });
  });
});

describe.each(builds)("%s: operands", (build: Build) => {
  it("are found by their mode, as words and as bytes, for any shape", () => {
    const machine = new Machine(build);
    const shapes = [
      [1, 1],
      [7, 1],
      [1, 7],
      [5, 10],
      [64, 10],
      [33, 16],
      [3, 128],
      [40, 37],
      [12, 512],
      [5, 700],
      [1200, 1],
      [90, 96],
      [4, 2500],
    ];
    for (const [rows, columns] of shapes) {
      for (const isByte of [false, true]) {
        machine.clear();
        const n = rows * columns;
        const make = (length: number): Buffer => {
          const values = Int32Array.from(randoms(length, length), (x) => x * 2 ** 31);
          return isByte ? machine.u8(Uint8Array.from(values)) : machine.i32(values);
        };
        const operands = [
          full(make(n)),
          scalar(make(1)),
          row(make(columns)),
          column(make(rows), 1, rows),
          column(make(3), 2, 3),
          column(make(5), 7, 5),
        ];
        const outputs = operands.map(() => machine.i32(n));
        const steps = operands.map((_, o): Step => [code.COPY_BITS, output(o), operand(o)]);
        check(machine, { n, columns, operands, outputs, steps });
      }
    }
  });

  it("may be as many as there are registers, and stay within the scratch of the block machine", () => {
    const machine = new Machine(build);
    const n = 1500;
    const columns = 300;
    const operands = Array.from({ length: MAX_OPERANDS }, (_, o) => {
      const values = randoms(n, o);
      return [
        full(machine.f32(values)),
        row(machine.f32(values.slice(0, columns))),
        column(machine.f32(values.slice(0, 5)), 1, 5),
      ][o % 3];
    });
    const outputs = operands.map(() => machine.f32(n));
    const steps: Step[] = [
      ...operands.map((_, o): Step => [code.ABS, o, operand(o)]),
      ...operands.map((_, o): Step => [code.SUB, output(31 - o), o, operand((o + 1) % 32)]),
    ];
    check(machine, { n, columns, operands, outputs, steps });
    const beyond = new Uint32Array(machine.memory.buffer, machine.scratch + 4 * SCRATCH_COUNTERS, 1000);
    expect(beyond.every((word) => word === POISON)).toBe(true);
  });
});

describe.each(builds)("%s: parts of rows", (build: Build) => {
  const shapes = [
    [1, 1, 1],
    [9, 1, 4],
    [5, 3, 4],
    [4, 4, 16],
    [33, 16, 48],
    [40, 37, 40],
    [3, 128, 512],
    [12, 512, 1024],
    [5, 700, 703],
    [2, 4100, 8200],
  ];

  it("are read, and written, and nothing between them is", () => {
    const machine = new Machine(build);
    for (const [height, columns, row] of shapes)
      for (const start of [0, 1, 3]) {
        machine.clear();
        const n = height * columns;
        const from = machine.f32(randoms(height * row + start, n));
        const to = machine.f32(Float32Array.from({ length: height * row + start }, (_, i) => i));
        const part = (buffer: Buffer): Buffer => ({
          at: buffer.at + 4 * start,
          data: (buffer.data as Float32Array).subarray(start),
        });
        const whole = machine.f32(randoms(n, 2));
        const program: MapProgram = {
          n,
          columns,
          operands: [rows(part(from), row), full(whole)],
          outputs: [part(to), machine.f32(n)],
          rows: [row],
          steps: [
            [code.MUL, output(0), operand(0), operand(1)],
            [code.SUB, output(1), operand(0), operand(1)],
          ],
        };
        const [parts, dense] = interpret(program);
        const expected = Int32Array.from(bits(to));
        for (let i = 0; i < n; i++) expected[start + Math.floor(i / columns) * row + (i % columns)] = parts[i];
        machine.run([mapInstruction(program)]);
        expect(bits(to)).toEqual(expected);
        expect(bits(program.outputs[1])).toEqual(dense);
      }
  });

  it("may change where they lie", () => {
    const machine = new Machine(build);
    for (const [height, columns, row] of shapes) {
      machine.clear();
      const memory = machine.f32(randoms(height * row, 5));
      const program: MapProgram = {
        n: height * columns,
        columns,
        operands: [rows(memory, row)],
        outputs: [memory, machine.f32(height * columns)],
        rows: [row],
        steps: [
          [code.ADD, output(0), operand(0), operand(0)],
          [code.MUL, output(1), operand(0), operand(0)],
        ],
      };
      const [doubled, squares] = interpret(program);
      const expected = Int32Array.from(bits(memory));
      for (let i = 0; i < program.n; i++) expected[Math.floor(i / columns) * row + (i % columns)] = doubled[i];
      machine.run([mapInstruction(program)]);
      expect(bits(memory)).toEqual(expected);
      expect(bits(program.outputs[1])).toEqual(squares);
    }
  });
});

describe.each(builds)("%s: outputs", (build: Build) => {
  const sizes = [3, 16, 500, BLOCK, 1024, 1030];

  it("may lie where operands lie, even when two change places", () => {
    const machine = new Machine(build);
    for (const n of sizes) {
      machine.clear();
      const a = machine.f32(randoms(n, 1));
      const b = machine.f32(randoms(n, 2));
      const steps: Step[] = [
        [code.ADD, output(0), operand(1), operand(1)],
        [code.MUL, output(1), operand(0), operand(0)],
      ];
      check(machine, { n, operands: [full(a), full(b)], outputs: [a, b], steps });
    }
  });

  it("can be read again, and written again", () => {
    const machine = new Machine(build);
    for (const n of sizes) {
      machine.clear();
      const a = machine.f32(randoms(n, 3));
      const steps: Step[] = [
        [code.ADD, output(0), operand(0), operand(0)],
        [code.MUL, output(1), output(0), output(0)],
        [code.SUB, output(0), output(1), operand(0)],
        [code.ABS, 31, output(0)],
        [code.SUB, output(1), output(1), 31],
      ];
      check(machine, { n, operands: [full(a)], outputs: [a, machine.f32(n)], steps });
    }
  });

  it("of nothing are not written", () => {
    const machine = new Machine(build);
    const to = machine.f32(16);
    const steps: Step[] = [[code.COPY_BITS, output(0), operand(0)]];
    const operands = [full(machine.f32(16))];
    machine.run([mapInstruction({ n: 0, columns: 1, operands, outputs: [to], steps })]);
    expect(bits(to).every((word) => word === POISON)).toBe(true);
  });
});

describe.each(builds)("%s: an epilogue", (build: Build) => {
  it("gives the bits that the same map gives afterwards", () => {
    const machine = new Machine(build);
    for (const [m, n, k] of [
      [7, 5, 3],
      [64, 10, 20],
      [33, 130, 9],
      [130, 515, 4],
    ]) {
      machine.clear();
      const a = machine.f32(randoms(m * k, 1));
      const b = machine.f32(randoms(k * n, 2));
      const panels = machine.f32(k * (Math.ceil(n / 24) * 24));
      const bias = machine.f32(randoms(n, 3));
      const half = machine.f32([0.5]);
      const c = machine.f32(m * n);
      const fused = machine.f32(m * n);
      const apart = machine.f32(m * n);
      const epilogue = (to: Buffer): MapProgram => ({
        n: m * n,
        columns: n,
        operands: [full(c), row(bias), scalar(half)],
        outputs: [to],
        steps: [
          [code.MULTIPLY_ADD, 0, operand(0), operand(2), operand(1)],
          [code.TANH, output(0), 0],
        ],
      });
      const words = mapWords(epilogue(fused));
      machine.run([
        instruction(PACK, ...packSlots({ to: panels.at, from: b.at, k, n })),
        instruction(MATMUL, ...matmulSlots({ c: c.at, a: a.at, b: b.at, panels: panels.at, m, n, k, map: words })),
        mapInstruction(epilogue(apart)),
      ]);
      expect(bits(fused)).toEqual(bits(apart));
      expect(Number.isNaN(fused.data[m * n - 1])).toBe(false);
    }
  });
});
