// PACK and MATMUL against three plain loops. Small integers make every sum exact, so results must be equal, not close.
import { describe, expect, test } from "vitest";
import { ADD } from "../../assembly/isa/map-code.ts";
import { BARRIER, MATMUL, PACK } from "../../assembly/isa/opcode.ts";
import { CONTROL_BARRIER_COUNT, CONTROL_CLAIMS, CONTROL_NARROW, KC, PANEL } from "../../assembly/isa/sizes.ts";
import { matmulSlots, packSlots } from "../product.ts";
import { builds, instruction, Machine, type Place, POISON, random, randoms } from "./machine.ts";
import { full, mapWords, operand, output, row, rows } from "./map-program.ts";

const ALL_CLAIMED = 1 << 20;

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly heads?: number;
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** One matrix for all batches, all heads, or both. */
  readonly sharedA?: Shared;
  readonly sharedB?: Shared;
  /** B is read where it lies, without panels. */
  readonly direct?: boolean;
  /** A is read in strips. */
  readonly strips?: boolean;
  /** How the matrices lie: side by side, with words of nobody between rows, matrices and batches, or the heads side by side in each row. */
  readonly lie?: "dense" | "apart" | "in rows";
}

type Shared = "batch" | "heads" | "both";

/** -4 to 4. */
function integers(length: number, seed: number): Float32Array {
  const next = random(seed);
  return Float32Array.from({ length }, () => Math.round(4 * next()));
}

/** Batches, heads, rows and columns of an operand as it is stored. */
type Sizes = readonly [batch: number, heads: number, rows: number, columns: number];

function sizesOf(product: Product): { readonly a: Sizes; readonly b: Sizes; readonly c: Sizes } {
  const { m, n, k, batch = 1, heads = 1, transposeA, transposeB, sharedA, sharedB } = product;
  const counts = (shared?: Shared) =>
    [shared === "batch" || shared === "both" ? 1 : batch, shared === "heads" || shared === "both" ? 1 : heads] as const;
  return {
    a: transposeA ? [...counts(sharedA), k, m] : [...counts(sharedA), m, k],
    b: transposeB ? [...counts(sharedB), n, k] : [...counts(sharedB), k, n],
    c: [batch, heads, m, n],
  };
}

/** Strides of rows, batches and heads, and how many words all take. */
function layout([batch, heads, rows, columns]: Sizes, lie: Product["lie"] = "dense") {
  const gap = lie === "dense" ? 0 : 5;
  const row = lie === "in rows" ? heads * columns + gap : columns + gap;
  const head = lie === "in rows" ? columns : rows * row + gap;
  const stride = lie === "in rows" ? rows * row + gap : heads * head + gap;
  return { row, head: heads === 1 ? 0 : head, stride: batch === 1 ? 0 : stride, words: batch * stride + gap };
}

/** Where each element of an operand lies. */
function positions([batch, heads, rows, columns]: Sizes, { row, head, stride }: ReturnType<typeof layout>): number[] {
  const all: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) all.push(b * stride + h * head + i * row + j);
  return all;
}

function reference(product: Product, a: Float32Array, b: Float32Array): Float32Array {
  const { m, n, k, transposeA, transposeB } = product;
  const sizes = sizesOf(product);
  const [batch, heads] = sizes.c;
  const c = new Float32Array(batch * heads * m * n);
  const matrixOf = ([batches, each]: Sizes, matrix: number) =>
    (batches === 1 ? 0 : Math.floor(matrix / heads) * each) + (each === 1 ? 0 : matrix % heads);
  for (let matrix = 0; matrix < batch * heads; matrix++) {
    const fromA = matrixOf(sizes.a, matrix) * m * k;
    const fromB = matrixOf(sizes.b, matrix) * k * n;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let p = 0; p < k; p++) {
          sum += a[fromA + (transposeA ? p * m + i : i * k + p)] * b[fromB + (transposeB ? j * k + p : p * n + j)];
        }
        c[(matrix * m + i) * n + j] = sum;
      }
    }
  }
  return c;
}

interface Made {
  readonly code: number[][];
  /** Where C lies, gaps and all. */
  readonly c: Place;
  /** The elements of C in their order. @throws Error if a word between them was written */
  elements(): Float32Array;
}

/** The instructions, and C; `epilogue` is a map from its MAP_N slot on. */
function program(
  machine: Machine,
  product: Product,
  a: Float32Array,
  b: Float32Array,
  epilogue: (c: Place) => number[] = () => [],
): Made {
  const { m, n, k, batch = 1, heads = 1, transposeA = false, transposeB = false, direct = false, lie } = product;
  const sizes = sizesOf(product);
  const put = (what: Sizes, data: Float32Array) => {
    const laid = layout(what, lie);
    const place = machine.f32(laid.words);
    positions(what, laid).forEach((at, i) => {
      place.data[at] = data[i];
    });
    return { ...laid, at: place.at };
  };
  const [inA, inB] = [put(sizes.a, a), put(sizes.b, b)];
  const ofC = layout(sizes.c, lie);
  const packed = ([batches, each]: Sizes, columns: number) =>
    machine.f32(batches * each * k * Math.ceil(columns / PANEL) * PANEL);
  const panels = packed(sizes.b, n);
  const strips = product.strips ? packed(sizes.a, m) : undefined;
  const c = machine.f32(ofC.words);
  const slots = matmulSlots({
    c: c.at,
    a: inA.at,
    b: inB.at,
    panels: direct ? 0 : panels.at,
    strips: strips?.at,
    batch,
    heads,
    m,
    n,
    k,
    transposed: Number(transposeA) + 2 * Number(transposeB),
    rows: [inA.row, inB.row, ofC.row],
    strides: [inA.stride, inB.stride, ofC.stride],
    byHead: [inA.head, inB.head, ofC.head],
    map: epilogue(c),
  });
  const pack = (to: Place, { at, row, stride, head }: ReturnType<typeof put>, [batches, each]: Sizes) => ({
    ...{ to: to.at, from: at, row, stride, head, k, batch: batches, heads: each },
  });
  const code: number[][] = [];
  if (!direct)
    code.push(instruction(PACK, ...packSlots({ ...pack(panels, inB, sizes.b), n, transposed: Number(transposeB) })));
  if (strips !== undefined)
    code.push(
      instruction(
        PACK,
        ...packSlots({ ...pack(strips, inA, sizes.a), n: m, transposed: Number(!transposeA), across: n }),
      ),
    );
  if (code.length > 0) code.push(instruction(BARRIER));
  code.push(instruction(MATMUL, ...slots));
  const where = positions(sizes.c, ofC);
  const elements = () => {
    const words = new Uint32Array(c.data.buffer, c.data.byteOffset, c.data.length);
    const own = new Set(where);
    const written = words.findIndex((word, at) => word !== POISON && !own.has(at));
    if (written >= 0) throw new Error(`word ${written} of C was written, which is no element`);
    return Float32Array.from(where, (at) => c.data[at]);
  };
  return { code, c, elements };
}

function operands(
  product: Product,
  make: (length: number, seed: number) => Float32Array,
): [Float32Array, Float32Array] {
  const { n, k, m } = product;
  const { a, b } = sizesOf(product);
  const sizeOf = (sizes: Sizes) => sizes.reduce((size, each) => size * each);
  return [make(sizeOf(a), m + n), make(sizeOf(b), 7 * k + n)];
}

function check(machine: Machine, product: Product): void {
  checkOne(machine, product);
  checkOne(machine, { ...product, direct: true });
  checkOne(machine, { ...product, strips: true });
  checkOne(machine, { ...product, direct: true, strips: true });
}

function checkOne(machine: Machine, product: Product): void {
  machine.clear();
  const [a, b] = operands(product, integers);
  const { code, c, elements } = program(machine, product, a, b);
  const expected = reference(product, a, b);
  for (const threads of [1, 2]) {
    if (threads === 1) machine.run(code);
    else runAsTwo(machine, code);
    const found = elements();
    // Comparing by hand: the matcher would take most of the time.
    const wrong = expected.findIndex((value, i) => value !== found[i]);
    if (wrong >= 0) {
      const message = `element ${wrong} is ${found[wrong]}, not ${expected[wrong]}`;
      throw new Error(`${JSON.stringify(product)}, threads: ${threads}: ${message}`);
    }
    new Uint32Array(c.data.buffer, c.at, c.data.length).fill(POISON);
  }
}

/** Each instruction by the second of two threads, then by the first: for several threads, products are cut in smaller chunks. */
function runAsTwo(machine: Machine, code: readonly number[][]): void {
  const control = new Int32Array(machine.memory.buffer);
  for (const one of code) {
    if ((one[0] & 0xff) === BARRIER) continue;
    for (const thread of [1, 0]) {
      control[CONTROL_BARRIER_COUNT / 4] = 1; // the other has come to the barrier at the end
      control[CONTROL_CLAIMS / 4] = thread === 0 ? ALL_CLAIMED : 0; // all but a thread's first chunk
      machine.exports.attach(thread, 2, machine.scratch);
      machine.run([one]);
    }
  }
  machine.exports.attach(0, 1, machine.scratch);
}

const transposes = [false, true].flatMap((transposeA) =>
  [false, true].map((transposeB) => ({ transposeA, transposeB })),
);

describe.each([...builds.map((build) => [build, 0] as const), ["portable", 1] as const])(
  "matrix product, %s build, narrow panels: %i",
  (build, narrow) => {
    const machine = new Machine(build, { pages: 512 });
    new Int32Array(machine.memory.buffer)[CONTROL_NARROW / 4] = narrow;

    test.each(["a", "b", "panels", "strips"])(
      "reads no further than 64 bytes past %s, if that is last in memory",
      (last) => {
        const end = machine.memory.buffer.byteLength - 64;
        for (const { transposeA, transposeB } of transposes) {
          for (const [m, n, k, gap] of [
            [7, 8, 1000, 0], // a row left over by the tiles, B as narrow as a panel
            [4, 12, 600, 0],
            [13, 24, 300, 0],
            [5, 100, 40, 0],
            [2, 31, 257, 0],
            [1, 8, 259, 0],
            [7, 9, 1000, 3],
            [13, 100, 40, 30],
            [2, 31, 257, 1],
            [25, 31, 100, 1], // panels that a chunk makes for itself
          ]) {
            machine.clear();
            const [panelWords, stripWords] = [n, m].map((size) => k * Math.ceil(size / PANEL) * PANEL);
            const [rowsA, columnsA] = transposeA ? [k, m] : [m, k];
            const [rowsB, columnsB] = transposeB ? [n, k] : [k, n];
            const [rowA, rowB] = [columnsA + gap, columnsB + gap];
            const sizes = {
              a: (rowsA - 1) * rowA + columnsA,
              b: (rowsB - 1) * rowB + columnsB,
              panels: panelWords,
              strips: stripWords,
            };
            const place = (name: keyof typeof sizes) => {
              if (name !== last) return machine.f32(new Float32Array(sizes[name])).at;
              const at = end - 64 * Math.ceil(sizes[name] / 16);
              new Float32Array(machine.memory.buffer, at, sizes[name]).fill(0);
              return at;
            };
            const [a, b, panels, strips] = [place("a"), place("b"), place("panels"), place("strips")];
            const c = machine.f32(m * n);
            const flags = Number(transposeA) + 2 * Number(transposeB);
            machine.run([
              instruction(PACK, ...packSlots({ to: panels, from: b, k, n, transposed: Number(transposeB), row: rowB })),
            ]);
            machine.run([
              instruction(
                PACK,
                ...packSlots({ to: strips, from: a, k, n: m, transposed: Number(!transposeA), row: rowA, across: n }),
              ),
            ]);
            for (const [fromB, fromA] of [
              [0, 0],
              [panels, 0],
              [panels, strips],
            ]) {
              c.data.fill(Number.NaN);
              const rows = [rowA, rowB, n];
              const product = { c: c.at, a, b, panels: fromB, strips: fromA, m, n, k, transposed: flags, rows };
              machine.run([instruction(MATMUL, ...matmulSlots(product))]);
              expect(c.data).toEqual(new Float32Array(m * n));
            }
          }
        }
      },
    );

    test.each(transposes)("is exact for all sizes up to 40 ($transposeA, $transposeB)", (flags) => {
      for (let m = 1; m <= 40; m++) {
        for (let n = 1; n <= 40; n++) check(machine, { m, n, k: 1 + ((m * 7 + n * 3) % 19), ...flags });
      }
    });

    test.each(transposes)(
      "is exact for prime sizes and several blocks of depth ($transposeA, $transposeB)",
      (flags) => {
        for (const [m, n, k] of [
          [127, 131, 129],
          [1, 131, 2 * KC + 3],
          [131, 1, KC],
          [13, 37, 3 * KC + 1],
          [97, 483, 17],
          [50, 62, 21], // panels of eight in both builds, and strips of four rows in the portable one
          [31, 87, KC + 5],
          [100, 36, KC / 2 + 1], // panels of twelve in both
        ]) {
          check(machine, { m, n, k, ...flags });
        }
      },
    );

    test.each(transposes)("multiplies batches, with either operand shared ($transposeA, $transposeB)", (flags) => {
      for (const shared of [{}, { sharedA: "both" }, { sharedB: "both" }] as const) {
        check(machine, { batch: 5, m: 7, n: 10, k: 9, ...flags, ...shared });
        check(machine, { batch: 3, m: 24, n: 24, k: KC + 4, ...flags, ...shared });
        check(machine, { batch: 40, m: 2, n: 3, k: 1, ...flags, ...shared });
      }
    });

    test.each(transposes)("finds matrices that lie apart, of any size ($transposeA, $transposeB)", (flags) => {
      const lie = "apart";
      for (const m of [1, 2, 3, 6, 7, 13])
        for (const n of [1, 3, 4, 8, 11, 12, 25, 31])
          check(machine, { m, n, k: 1 + ((m * 7 + n * 3) % 19), lie, ...flags });
      for (const [m, n, k] of [
        [97, 483, 17],
        [31, 87, KC + 5],
        [100, 36, KC / 2 + 1], // panels of twelve in both builds
        [50, 62, 21], // and of eight
        [2, 131, 2 * KC + 3],
        [13, 600, 300], // strips that a chunk makes for itself
      ])
        check(machine, { m, n, k, lie, ...flags });
      for (const [m, n, k] of [
        [24, 33, 60],
        [31, 4, 1000],
        [100, 31, 129],
      ])
        check(machine, { m, n, k, lie, direct: true, ...flags }); // panels that a chunk makes for itself
    });

    test.each(transposes)(
      "multiplies heads of batches, with either operand shared ($transposeA, $transposeB)",
      (flags) => {
        const shares = [undefined, "batch", "heads", "both"] as const;
        for (const lie of ["dense", "apart", "in rows"] as const)
          for (const sharedA of shares)
            for (const sharedB of shares) {
              const shared = { sharedA, sharedB, lie, ...flags };
              check(machine, { batch: 2, heads: 3, m: 7, n: 10, k: 9, ...shared });
              check(machine, { batch: 3, heads: 2, m: 2, n: 5, k: 1, ...shared });
              if (sharedA === sharedB) check(machine, { batch: 2, heads: 2, m: 25, n: 13, k: KC + 4, ...shared });
            }
        for (const lie of ["apart", "in rows"] as const)
          check(machine, { batch: 1, heads: 5, m: 20, n: 70, k: 50, lie, ...flags });
      },
    );

    test.each(transposes)(
      "has the bits of the dense product, however matrices lie ($transposeA, $transposeB)",
      (flags) => {
        for (const size of [
          { m: 1, n: 45, k: 2 * KC + 7 },
          { m: 6, n: 9, k: KC + 1 },
          { m: 2, n: 33, k: 30, batch: 3, heads: 2 },
          { m: 49, n: 150, k: 300, heads: 2 },
          { m: 30, n: 41, k: 77, heads: 2 },
          { m: 130, n: 4, k: KC + 9 },
        ]) {
          const [a, b] = operands({ ...size, ...flags }, randoms);
          machine.clear();
          for (const by of [{}, { direct: true }, { strips: true }]) {
            const [dense, apart, inRows] = (["dense", "apart", "in rows"] as const).map((lie) => {
              const { code, elements } = program(machine, { ...size, ...flags, ...by, lie }, a, b);
              machine.run(code);
              return elements();
            });
            expect(apart).toEqual(dense);
            expect(inRows).toEqual(dense);
          }
        }
      },
    );

    test("reads rows that overlap: windows that slide over a line", () => {
      const [m, n, k] = [29, 10, 7];
      for (const step of [1, 3]) {
        machine.clear();
        const line = machine.f32(integers((m - 1) * step + k, 1));
        const weights = machine.f32(integers(k * n, 2));
        const c = machine.f32(m * n);
        const rows = [step, n, n];
        const strips = machine.f32(k * Math.ceil(m / PANEL) * PANEL);
        const expected = Array.from(c.data, (_, at) => {
          let sum = 0;
          for (let p = 0; p < k; p++) sum += line.data[Math.floor(at / n) * step + p] * weights.data[p * n + (at % n)];
          return sum;
        });
        const packing = { to: strips.at, from: line.at, k, n: m, transposed: 1, row: step, across: n };
        for (const packed of [0, strips.at]) {
          machine.run([
            instruction(PACK, ...packSlots(packing)),
            instruction(BARRIER),
            instruction(MATMUL, ...matmulSlots({ c: c.at, a: line.at, b: weights.at, strips: packed, m, n, k, rows })),
          ]);
          expect([...c.data]).toEqual(expected);
          c.data.fill(Number.NaN);
        }
      }
    });

    test("has nothing to do for empty results and gives zeros for an empty sum", () => {
      for (const size of [
        { m: 0, n: 5, k: 3 },
        { m: 5, n: 0, k: 3 },
        { m: 5, n: 11, k: 0 },
        { m: 2, n: 3, k: 4, batch: 0 },
        { m: 2, n: 3, k: 4, heads: 0 },
      ]) {
        for (const lie of ["dense", "apart", "in rows"] as const) check(machine, { ...size, lie });
      }
    });

    test("runs its epilogue once on every element, after the last block of depth", () => {
      for (const size of [
        { m: 7, n: 515, k: 2 * KC + 1 },
        { m: 64, n: 128, k: 40 },
        { m: 9, n: 10, k: 3, batch: 4 },
        { m: 9, n: 10, k: 3, direct: true },
        { m: 9, n: 10, k: 3, batch: 4, direct: true },
        { m: 2, n: 1200, k: 300, direct: true },
        { m: 3, n: 5, k: 0 },
      ]) {
        machine.clear();
        const [a, b] = operands(size, integers);
        const bias = machine.f32(integers(size.n, 1));
        // C = C * 2 + bias, in place.
        const { code, c } = program(machine, size, a, b, (result) =>
          mapWords({
            n: result.data.length,
            columns: size.n,
            operands: [full(result), row(bias)],
            outputs: [result],
            steps: [
              [ADD, 0, operand(0), operand(0)],
              [ADD, output(0), 0, operand(1)],
            ],
          }),
        );
        machine.run(code);
        expect(c.data).toEqual(reference(size, a, b).map((value, i) => 2 * value + bias.data[i % size.n]));
      }
    });

    test("tells its epilogue which elements they are, wherever C lies", () => {
      for (const size of [
        { m: 9, n: 10, k: 3, batch: 2, heads: 3 },
        { m: 9, n: 10, k: 3, heads: 3, direct: true },
        { m: 3, n: 5, k: 2, direct: true },
        { m: 100, n: 1200, k: 40 },
      ])
        for (const lie of ["apart", "in rows"] as const) {
          machine.clear();
          const [a, b] = operands(size, integers);
          const counted = machine.f32(Float32Array.from({ length: reference(size, a, b).length }, (_, i) => i));
          const { code, elements } = program(machine, { ...size, lie }, a, b, () =>
            mapWords({
              n: counted.data.length,
              columns: size.n,
              operands: [full(counted)],
              outputs: [counted],
              steps: [[ADD, output(0), operand(0), operand(0)]],
            }),
          );
          machine.run(code);
          expect(elements()).toEqual(reference(size, a, b));
          expect(counted.data).toEqual(counted.data.map((_, i) => 2 * i));
        }
    });

    test("has its epilogue read and write C where its rows lie apart", () => {
      for (const size of [
        { m: 9, n: 10, k: 3, direct: true },
        { m: 30, n: 41, k: 2 * KC + 1 },
        { m: 100, n: 1200, k: 40 },
      ]) {
        machine.clear();
        const [a, b] = operands(size, integers);
        const bias = machine.f32(integers(size.n, 1));
        const apart = layout([1, 1, size.m, size.n], "apart").row;
        const { code, elements } = program(machine, { ...size, lie: "apart" }, a, b, (c) =>
          mapWords({
            n: size.m * size.n,
            columns: size.n,
            operands: [rows(c, apart), row(bias)],
            outputs: [c],
            rows: [apart],
            steps: [
              [ADD, 0, operand(0), operand(0)],
              [ADD, output(0), 0, operand(1)],
            ],
          }),
        );
        machine.run(code);
        expect(elements()).toEqual(reference(size, a, b).map((value, i) => 2 * value + bias.data[i % size.n]));
      }
    });

    test("stays within the rounding error of sequential sums", () => {
      const product = { m: 31, n: 33, k: 700 };
      const [a, b] = operands(product, randoms);
      machine.clear();
      const { code, c } = program(machine, product, a, b);
      machine.run(code);
      const expected = reference(product, a, b);
      const bounds = reference(product, a.map(Math.abs), b.map(Math.abs));
      // Sums of at most KC products, each rounded at most twice, then of three blocks.
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - c.data[i]) / bounds[i]));
      expect(worst).toBeLessThan((KC + 4) * 2 ** -24);
    });

    test.each(transposes)("has the same bits with panels, strips and without ($transposeA, $transposeB)", (flags) => {
      for (const size of [
        { m: 1, n: 45, k: 2 * KC + 7 },
        { m: 6, n: 9, k: KC + 1 },
        { m: 2, n: 33, k: 30, batch: 3 },
      ]) {
        const product = { ...size, ...flags };
        const [a, b] = operands(product, randoms);
        machine.clear();
        const [packed, direct, strips] = [{}, { direct: true }, { strips: true }].map((by) => {
          const { code, c } = program(machine, { ...product, ...by }, a, b);
          machine.run(code);
          return c.data;
        });
        expect(direct).toEqual(packed);
        expect(strips).toEqual(packed);
      }
    });

    test("gives an output the same bits wherever its tile ends", () => {
      const k = KC + 44;
      const [a, b] = operands({ m: 30, n: 30, k }, randoms);
      machine.clear();
      const whole = program(machine, { m: 30, n: 30, k }, a, b);
      machine.run(whole.code);
      for (let m = 1; m < 30; m++) {
        const top = program(machine, { m, n: 30, k }, a.subarray(0, m * k), b);
        machine.run(top.code);
        expect(top.c.data).toEqual(whole.c.data.subarray(0, m * 30));
      }
    });

    test("carries NaN and infinities to the outputs they belong to, and no further", () => {
      for (const lie of ["dense", "apart"] as const) {
        const product = { m: 8, n: 14, k: 5, lie };
        const [a, b] = operands(product, integers);
        a[2 * 5 + 1] = Number.NaN;
        b[3 * 14 + 13] = Number.POSITIVE_INFINITY;
        a.fill(1, 4 * 5, 5 * 5);
        machine.clear();
        const { code, elements } = program(machine, product, a, b);
        machine.run(code);
        const c = elements();
        for (let i = 0; i < 8; i++) {
          for (let j = 0; j < 14; j++) expect(Number.isFinite(c[i * 14 + j])).toBe(i !== 2 && j !== 13);
        }
        expect(c[4 * 14 + 13]).toBe(Number.POSITIVE_INFINITY);
      }
    });
  },
);
