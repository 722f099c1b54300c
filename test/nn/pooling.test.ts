// Layers of pooling, padding and resizing against PyTorch's over a table of arguments: values, gradients, their gradients, places.
import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input, stack } from "../../src/create.ts";
import { checkGradients } from "../../src/debug/check-gradients.ts";
import { evaluate } from "../../src/evaluate.ts";
import {
  adaptiveAvgPool,
  adaptiveMaxPool,
  avgPool,
  interpolate,
  lpPool,
  maxPool,
  maxPoolWithIndices,
  maxUnpool,
  pad,
} from "../../src/functions/index.ts";
import * as nn from "../../src/nn/index.ts";
import { scan } from "../../src/ops/loop.ts";
import { adam } from "../../src/optim/index.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { Trainer } from "../../src/train/trainer.ts";
import { oracle } from "../executors.ts";
import { runOn } from "../run.ts";
import { thrown } from "../thrown.ts";

interface Row {
  readonly layer: string;
  readonly shape: Shape;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly result: Shape;
  readonly value: readonly number[];
  readonly gradient: readonly number[];
  /** Left out where it is 0. */
  readonly second?: readonly number[];
  readonly indices?: readonly number[];
}

const rows: readonly Row[] = JSON.parse(
  readFileSync(new URL("../golden/pooling-layers.json", import.meta.url), "utf8"),
);

const context = nn.evaluationContext();
const exact = oracle({ poison: true });
const wasm = (["relaxed", "portable"] as const).map((build) => new WasmExecutor({ build }));
afterAll(() => Promise.all([exact, ...wasm].map((each) => each.dispose())));

/** The numbers that make-pooling.py fills tensors with. */
function filled(shape: Shape, salt: number): number[] {
  return Array.from({ length: sizeOf(shape) }, (_, i) => (((i * 193 + salt * 71 + 29) % 509) - 254) / 32);
}

type Made = { forward(x: Tensor, context: nn.Context): Tensor | readonly [Tensor, Tensor] };

/** The layer of a row; options are PyTorch's, in a camel's case. */
function layerOf({ layer, args, options }: Row): Made {
  const Kind = (nn as unknown as Readonly<Record<string, new (...args: readonly unknown[]) => Made>>)[layer];
  return new Kind(...args, ...(Object.keys(options).length > 0 ? [options] : []));
}

/** What a row holds, as a graph of x. */
function graphOf(row: Row, x: Tensor): Record<string, Tensor> {
  const result = layerOf(row).forward(x, context);
  const [value, indices] = Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
  const [gradient] = grad(value, [x], { cotangent: constant(filled(value.shape, 2), { shape: value.shape }) });
  const [second] = grad(gradient, [x], { cotangent: constant(filled(x.shape, 3), { shape: x.shape }) });
  return { value, gradient, second, ...(indices && { indices }) };
}

/** Largest difference, in units of 1 or of the largest number. */
function distance(found: ArrayLike<number>, expected: readonly number[]): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = Math.max(1, ...expected.map(Math.abs));
  return Math.max(
    0,
    ...expected.map((each, i) =>
      Number.isNaN(found[i]) ? Number.POSITIVE_INFINITY : Math.abs(found[i] - each) / scale,
    ),
  );
}

// Numbers are written with nine digits: half a unit of the last is at most 5e-9 of the number.
const WRITTEN = 5.001e-9;
// Sums of at most 27 products, and a few roundings: less than 32 units of 2^-24.
const ROUNDED = 2e-6;

describe(`${rows.length} combinations of arguments`, () => {
  test.each(
    rows.map((row) => [`${row.layer} ${JSON.stringify([...row.args, row.options])} of [${row.shape}]`, row] as const),
  )("%s", async (_, row) => {
    const x = input(row.shape);
    const outputs = graphOf(row, x);
    expect(outputs.value.shape).toEqual(row.result);
    const data = filled(row.shape, 1);
    for (const executor of [exact, ...wasm]) {
      const found = await runOn(executor, { outputs, inputs: [[x, data]] });
      const allowed = executor === exact ? WRITTEN : ROUNDED;
      expect(distance(found.value, row.value)).toBeLessThan(allowed);
      expect(distance(found.gradient, row.gradient)).toBeLessThan(allowed);
      expect(distance(found.second, row.second ?? data.map(() => 0))).toBeLessThan(allowed);
      if (row.indices) expect([...found.indices]).toEqual(row.indices);
    }
  });

  test("are more than 120, of every layer but those that undo a pooling", () => {
    expect(rows.length).toBeGreaterThan(120);
    const kinds = Object.keys(nn).filter((name) => /Pool|Pad|Crop|Pixel|Upsample/.test(name) && !/Unpool/.test(name));
    expect(new Set(rows.map(({ layer }) => layer))).toEqual(new Set(kinds));
  });
});

describe("gradients equal differences, twice", () => {
  const spread = (shape: Shape) =>
    constant(
      filled(shape, 5).map((x) => x / 4),
      { shape },
    );
  test.each<readonly [string, Shape, (x: Tensor) => Tensor]>([
    [
      "maxPool",
      [1, 2, 6, 7],
      (x) => maxPool(x.square(), [3, 2], { stride: [2, 1], padding: [1, 1], dilation: [1, 2], ceilMode: true }),
    ],
    ["avgPool", [1, 2, 6, 7], (x) => avgPool(x.square(), [3, 2], { stride: [2, 1], padding: [1, 1], ceilMode: true })],
    ["adaptiveAvgPool", [2, 5, 7], (x) => adaptiveAvgPool(x.square(), [3, 4])],
    ["adaptiveMaxPool", [2, 5, 7], (x) => adaptiveMaxPool(x.square(), [3, 4])],
    ["lpPool", [1, 2, 7], (x) => lpPool(x, 2, [3], { stride: 2 })],
    ["reflect", [1, 4, 5], (x) => pad(x.square(), [2, 1, 0, 3], "reflect")],
    ["replicate", [1, 4, 5], (x) => pad(x.square(), [2, 1, 0, 3], "replicate")],
    ["circular", [1, 4, 5], (x) => pad(x.square(), [2, 1, 0, 3], "circular")],
    ["bicubic", [1, 1, 3, 4], (x) => interpolate(x.square(), { size: [5, 3], mode: "bicubic" })],
  ])("%s", async (_, shape, of) => {
    expect(await checkGradients((x) => of(x).square().sum(), [spread(shape)], { order: 2 })).toBeLessThan(1e-6);
  });

  test("of values put back, of which some share a place", async () => {
    const indices = constant([[[1, 3, 1, 0]]], { dtype: "i32" });
    const layer = new nn.MaxUnpool1d(2);
    expect(
      await checkGradients((x) => layer.forward([x.square(), indices]).square().sum(), [spread([1, 1, 4])], {
        order: 2,
      }),
    ).toBeLessThan(1e-6);
  });
});

test("where rounding decides which element is nearest, slopes go to the one that is taken; a factor may leave a size as it is", async () => {
  const five = constant([[[0, 1, 2, 3, 4]]]);
  // torch 1.13's values; its own slopes go elsewhere in the first and the last of these.
  expect([...(await evaluate(interpolate(five, { scaleFactor: 1.1 })))]).toEqual([0, 0, 1, 2, 3]);
  expect(interpolate(five, { scaleFactor: 1.1, mode: "linear" })).toBe(five);
  const two = constant([[[0, 1]]]);
  const many = interpolate(two, { size: 41, mode: "nearest-exact" });
  expect((await evaluate(many)).filter((x) => x === 0).length).toBe(20);
  expect([...(await evaluate(grad(many.sum(), [two])[0]))]).toEqual([20, 21]);
});

test("what was pooled with its places is put back there", async () => {
  const x = constant(filled([2, 3, 7, 9], 4), { shape: [2, 3, 7, 9] });
  const pair = new nn.MaxPool2d([2, 3], { returnIndices: true }).forward(x, context);
  const back = new nn.MaxUnpool2d([2, 3], { outputSize: [7, 9] }).forward(pair);
  expect(back.shape).toEqual([2, 3, 7, 9]);
  const [whole, found] = [await evaluate(x), await evaluate(back)];
  expect(found.every((value, i) => value === 0 || value === whole[i])).toBe(true);
  expect(await evaluate(new nn.MaxPool2d([2, 3]).forward(back.add(x.sub(back).minimum(0)), context))).toEqual(
    await evaluate(pair[0]),
  );
});

test("an index that is known only when it runs, and lies outside, puts its value nowhere and gets no gradient", async () => {
  const [x, indices] = [input([1, 1, 3]), input([1, 1, 3], "i32")];
  const value = new nn.MaxUnpool1d(2).forward([x, indices]);
  const [gradient] = grad(value.square().sum(), [x]);
  for (const executor of [exact, ...wasm]) {
    const found = await runOn(executor, {
      outputs: { value, gradient },
      inputs: [
        [x, [1, 2, 3]],
        [indices, [-1, 6, 2]],
      ],
    });
    expect([...found.value]).toEqual([0, 0, 3, 0, 0, 0]);
    expect([...found.gradient]).toEqual([0, 0, 6]);
  }
});

test("windows within a loop are those outside, with their gradients", async () => {
  const xs = input([3, 2, 5, 7]);
  const step = (x: Tensor) => {
    const { values, indices } = maxPoolWithIndices(x, [2, 2], { padding: 1 });
    return maxUnpool(values, indices, [2, 2], { stride: 2, padding: 1, outputSize: [5, 7] }).add(
      interpolate(avgPool(x.square(), [3, 3], { stride: 2, padding: 1, ceilMode: true }).unsqueeze(0), {
        size: [5, 7],
        mode: "bilinear",
      }).squeeze(0),
    );
  };
  const looped = scan((_, [x]) => ({ carries: [], outputs: [step(x)] }), [], [xs]).outputs[0];
  const apart = stack([0, 1, 2].map((i) => step(xs.narrow(0, i, 1).squeeze(0))));
  const outputs = Object.fromEntries(
    Object.entries({ looped, apart }).flatMap(([name, value]) => [
      [name, value],
      [`${name} gradient`, grad(value.square().sum(), [xs])[0]],
    ]),
  );
  for (const executor of [exact, ...wasm]) {
    const found = await runOn(executor, { outputs, inputs: [[xs, filled(xs.shape, 6)]] });
    expect(found.looped).toEqual(found.apart);
    expect(found["looped gradient"]).toEqual(found["apart gradient"]);
  }
});

test("layers of pooling stand in a model, and tell what they give", () => {
  const model = new nn.Sequential(
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Unflatten(1, [3, -1]),
    new nn.AdaptiveAvgPool1d(1),
  );
  expect(model.forward(input([5, 3, 8, 6]), context).shape).toEqual([5, 3, 1]);
  const values: Tensor = new nn.MaxPool1d(2).forward(input([2, 4]), context);
  const [, indices]: readonly [Tensor, Tensor] = new nn.AdaptiveMaxPool1d(2, { returnIndices: true }).forward(
    input([2, 4]),
    context,
  );
  expect([values.dtype, indices.dtype]).toEqual(["f32", "i32"]);
});

test.each<[size: number[], shape: number[]]>([
  [
    [3, -1],
    [1, 4],
  ],
  [
    [3, 2],
    [1, 4],
  ],
  [
    [-2, -1],
    [1, 4],
  ],
  [
    [-3, -1],
    [1, 3],
  ],
  [
    [0, -1],
    [1, 4],
  ],
  [
    [0, -1],
    [1, 0],
  ],
])("Unflatten to %j of %j has a word of its own for sizes that do not fit", (size, shape) => {
  expect(thrown(() => new nn.Unflatten(1, size).forward(input(shape)))).toBe(
    `ShapeError: Unflatten: axis 1 of [${shape.join(", ")}] does not have [${size.join(", ")}] elements`,
  );
});

test("a model with pooling trains", async () => {
  // Which half of a picture holds its bright square.
  const pictures = Array.from({ length: 32 }, (_, n) =>
    Array.from({ length: 48 }, (_, i) =>
      (i % 8) >> 1 === n % 4 && (i >> 4) % 3 === n % 3 ? 1 : ((i * 37 + n * 11) % 17) / 34,
    ),
  );
  const model = new nn.Sequential(
    new nn.Unflatten(1, [1, 6, 8]),
    new nn.ReplicationPad2d(1),
    new nn.Branches([new nn.MaxPool2d(2), new nn.AvgPool2d(2)], { axis: 1 }),
    new nn.Flatten(),
    new nn.Linear(40, 2),
  );
  const executor = new WasmExecutor();
  const trainer = new Trainer(model, { loss: nn.crossEntropy, optimizer: adam(0.05), executor, seed: 0 });
  await trainer.load({ x: pictures, y: pictures.map((_, n) => Number(n % 4 > 1)) });
  const history = await trainer.fit({ batch: 8, epochs: 60 });
  expect(history[59].loss).toBeLessThan(history[0].loss / 10);
  await trainer.dispose();
  await executor.dispose();
});
