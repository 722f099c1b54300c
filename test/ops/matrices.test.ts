// Products of views: which strides a product reads and writes, and that it then computes what they say.
import { JsExecutor } from "simdgrad";
import { afterAll, describe, expect, test } from "vitest";
import type { Strides } from "../../src/op.ts";
import { type MatmulAttrs, matmul } from "../../src/ops/contraction.ts";
import { layMatrices } from "../../src/ops/matrices.ts";
import { INSTRUCTIONS, type Opcode } from "../../src/program/instructions.ts";
import type { Address, Buffer, Matrices, View } from "../../src/program/lir.ts";
import type { Aval, Shape } from "../../src/shape.ts";
import { sizeOf, stridesOf } from "../../src/shape.ts";
import { numbers } from "../random.ts";
import { Encoder } from "../runtime/encode.ts";

describe("layMatrices", () => {
  const lay = (batch: Shape, ...strides: readonly (readonly number[])[]) =>
    layMatrices(
      batch,
      strides.map((each) => [...batch.slice(0, each.length - 2), 3, 4]),
      strides,
    );

  test("joins the axes of a batch that all operands walk in step", () => {
    expect(lay([2, 5], [60, 12, 4, 1], [600, 120, 8, 1])).toEqual({
      batch: 10,
      heads: 1,
      each: [
        { row: 4, transposed: false, stride: 12, head: 0 },
        { row: 8, transposed: false, stride: 120, head: 0 },
      ],
    });
  });

  test("keeps two axes where one operand has a gap between them, or has them in another order", () => {
    expect(lay([2, 5], [60, 12, 4, 1], [70, 12, 4, 1])).toMatchObject({ batch: 2, heads: 5 });
    expect(lay([2, 5], [60, 4, 20, 1])?.each[0]).toMatchObject({ row: 20, stride: 60, head: 4 });
  });

  test("refuses three axes, until axes of one element and axes that join are gone", () => {
    expect(lay([2, 3, 5], [900, 200, 12, 4, 1])).toBeUndefined();
    expect(lay([2, 1, 5], [900, 200, 12, 4, 1])).toMatchObject({ batch: 2, heads: 5 });
    expect(lay([2, 3, 5], [900, 60, 12, 4, 1])).toMatchObject({ batch: 2, heads: 15 });
    expect(lay([2, 3, 5], [180, 60, 12, 4, 1], [0, 0, 12, 4, 1])).toMatchObject({ batch: 6, heads: 5 });
  });

  test("shares what has no batch, or moves with none of its axes", () => {
    expect(lay([2, 5], [60, 12, 4, 1], [8, 1])?.each[1]).toMatchObject({ stride: 0, head: 0 });
    expect(lay([2, 5], [60, 12, 4, 1], [0, 0, 8, 1])?.each[1]).toMatchObject({ stride: 0, head: 0 });
    expect(lay([2, 5], [60, 12, 4, 1], [0, 12, 4, 1])?.each[1]).toMatchObject({
      stride: 0,
      head: 12,
    });
  });

  test("refuses a batch the other way round, unless it is of one", () => {
    expect(lay([2, 5], [60, 12, 4, 1], [-60, -12, 4, 1])).toBeUndefined();
    expect(lay([2, 5], [60, 12, 4, 1], [60, -12, 4, 1])).toBeUndefined();
    expect(lay([1, 1], [-60, -12, 4, 1])).toMatchObject({ batch: 1, heads: 1 });
  });

  const rows = (shape: Shape, strides: readonly number[]) => layMatrices([], [shape], [strides])?.each[0];

  test("reads columns without gaps as the rows of the transpose", () => {
    expect(rows([3, 4], [1, 7])).toMatchObject({ row: 7, transposed: true });
    expect(rows([3, 4], [7, 1])).toMatchObject({ row: 7, transposed: false });
  });

  test("asks nothing of the stride of an axis of one element", () => {
    expect(rows([3, 1], [7, 5])).toMatchObject({ row: 7, transposed: false });
    expect(rows([1, 4], [0, 1])).toMatchObject({ row: 4, transposed: false });
    expect(rows([1, 4], [0, 5])).toMatchObject({ row: 5, transposed: true });
    expect(rows([1, 1], [0, 0])).toMatchObject({ row: 1, transposed: false });
  });

  test("takes rows that overlap, but none in one place, backwards, or with gaps on both axes", () => {
    expect(rows([3, 4], [2, 1])).toMatchObject({ row: 2, transposed: false });
    for (const strides of [
      [0, 1],
      [-4, 1],
      [8, 2],
      [8, -1],
      [0, 0],
    ])
      expect(rows([3, 4], strides)).toBeUndefined();
  });
});

const NOTHING: MatmulAttrs = { transposeA: false, transposeB: false };

/** Whether a product takes these strides. */
function takes(strides: Strides, inputs: readonly Shape[], attrs = NOTHING): boolean | undefined {
  const avals = inputs.map((shape): Aval => ({ shape, dtype: "f32" }));
  return matmul.lowering.kind === "kernel" ? matmul.lowering.strided?.(strides, avals, attrs) : undefined;
}

test("a product writes rows with gaps between them, but no columns", () => {
  const shapes = [
    [3, 4],
    [4, 5],
  ];
  const inputs = shapes.map(stridesOf);
  expect(takes({ inputs, outputs: [[5, 1]] }, shapes)).toBe(true);
  expect(takes({ inputs, outputs: [[9, 1]] }, shapes)).toBe(true);
  expect(takes({ inputs, outputs: [[1, 3]] }, shapes)).toBe(false);
  expect(takes({ inputs, outputs: [[10, 2]] }, shapes)).toBe(false);
});

test("a product of heads takes them side by side in rows, on all sides at once", () => {
  const shapes = [
    [2, 3, 5, 4],
    [2, 3, 5, 4],
  ];
  const inRows = [180, 4, 36, 1];
  const attrs = { ...NOTHING, transposeB: true };
  expect(takes({ inputs: [inRows, inRows], outputs: [stridesOf([2, 3, 5, 5])] }, shapes, attrs)).toBe(true);
  expect(takes({ inputs: [inRows, inRows], outputs: [[75, 5, 15, 1]] }, shapes, attrs)).toBe(true);
});

/** A product of these views, encoded as its lowering emits it. */
function programOf(views: readonly View[], shapes: readonly Shape[], result: View, shape: Shape, attrs: MatmulAttrs) {
  const e = new Encoder();
  const places = new Map<Buffer, number>();
  for (const [i, { buffer }] of views.entries()) places.set(buffer, e.input(`${i}`, [buffer.size]));
  places.set(result.buffer, e.output("c", [result.buffer.size]));
  const word = (value: number | Buffer | Address | undefined): number => {
    if (typeof value === "number" || value === undefined) return value ?? 0;
    const address = "buffer" in value ? value : { buffer: value, words: 0 };
    return (places.get(address.buffer) as number) + address.words;
  };
  const put = (opcode: Opcode, values: object) => {
    const given = values as Readonly<Record<string, number | Buffer | Address | undefined>>;
    e.put(opcode, ...INSTRUCTIONS[opcode].slots.map(({ name }) => word(given[name])));
  };
  const avals = shapes.map((each): Aval => ({ shape: each, dtype: "f32" }));
  if (matmul.lowering.kind !== "kernel") throw new Error("a product has a kernel");
  matmul.lowering.emit({
    inputs: views.map(({ buffer }) => buffer),
    views,
    avals,
    outputs: [result.buffer],
    outputViews: [result],
    aval: { shape, dtype: "f32" },
    attrs,
    emit: {
      instruction: ({ opcode }, values) => put(opcode, values),
      copy: () => {
        throw new Error("a product copies nothing");
      },
      temporary: (size) => bufferOf(size),
      panels: ({ at }: Matrices) => {
        const panels = bufferOf(at.buffer.size);
        places.set(panels, e.arena(0)); // this executor reads none
        return panels;
      },
    },
  });
  return e.program();
}

let buffers = 0;
function bufferOf(size: number): Buffer {
  return { id: buffers++, size, dtype: "f32", region: "arena", offset: 0, depth: 0, label: "" };
}

const executor = new JsExecutor({ precision: "float64" });
afterAll(() => executor.dispose());

test("a product computes what the strides of its operands say", async () => {
  const random = numbers(5);
  const below = (n: number) => Math.floor(random() * n);
  let taken = 0;
  for (let round = 0; round < 400; round++) {
    const batch = Array.from({ length: below(4) }, () => 1 + below(3));
    const [m, n, k] = [1 + below(5), 1 + below(5), 1 + below(5)];
    const attrs = { transposeA: below(2) === 1, transposeB: below(2) === 1 };
    const shapes = [
      [...(below(4) === 0 ? [] : batch), ...(attrs.transposeA ? [k, m] : [m, k])],
      [...batch, ...(attrs.transposeB ? [n, k] : [k, n])],
      [...batch, m, n],
    ];
    // A part of a larger tensor, its axes in any order.
    const views = shapes.map((shape): View => {
      const moved = below(2);
      const keys = shape.map((_, axis) => axis + 3 * moved * random());
      const order = shape.map((_, axis) => axis).sort((p, q) => keys[p] - keys[q]);
      const whole = order.map((axis) => shape[axis] + (below(3) === 0 ? below(3) : 0));
      const strides = stridesOf(whole);
      const own = shape.map((_, axis) => strides[order.indexOf(axis)]);
      return { buffer: bufferOf(sizeOf(whole) + 3), start: below(4), strides: own };
    });
    const [a, b, c] = views;
    if (!takes({ inputs: [a.strides, b.strides], outputs: [c.strides] }, shapes.slice(0, 2), attrs)) continue;
    taken++;
    const id = await executor.load(programOf([a, b], shapes.slice(0, 2), c, shapes[2], attrs));
    const data = [a, b].map(({ buffer }) => Float64Array.from({ length: buffer.size }, () => below(9) - 4));
    for (const i of [0, 1]) await executor.write({ program: id, name: `${i}` }, data[i]);
    await executor.run([[id, 1]]).done;
    const found = await executor.read({ program: id, name: "c" });
    const at = ({ start, strides }: View, indices: readonly number[]) =>
      strides.reduce((sum, stride, axis) => sum + stride * (indices.slice(-strides.length)[axis] ?? 0), start);
    for (let flat = 0; flat < sizeOf(shapes[2]); flat++) {
      const indices = stridesOf(shapes[2]).map((stride, axis) => Math.floor(flat / stride) % shapes[2][axis]);
      const [i, j] = indices.slice(-2);
      const matrix = indices.slice(0, -2);
      let sum = 0;
      for (let p = 0; p < k; p++)
        sum +=
          data[0][at(a, [...matrix, ...(attrs.transposeA ? [p, i] : [i, p])])] *
          data[1][at(b, [...matrix, ...(attrs.transposeB ? [j, p] : [p, j])])];
      expect(found[at(c, indices)], `round ${round}`).toBe(sum);
    }
    await executor.unload(id);
  }
  expect(taken).toBeGreaterThan(100);
});
