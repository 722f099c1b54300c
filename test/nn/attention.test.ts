// Attention and transformers' layers against PyTorch over their options: values, gradients, gradients of gradients; rows that see nothing,
// positions, what is said of bad input.
import { afterAll, describe, expect, test } from "vitest";
import { constant, input } from "../../src/create.ts";
import { evaluate } from "../../src/evaluate.ts";
import { MultiheadAttention, scaledDotProductAttention } from "../../src/nn/attention.ts";
import { evaluationContext, parameters, trainingContext } from "../../src/nn/module.ts";
import { rotaryPositions, sinusoidalPositions } from "../../src/nn/positions.ts";
import {
  Transformer,
  TransformerDecoderLayer,
  TransformerEncoder,
  TransformerEncoderLayer,
} from "../../src/nn/transformer.ts";
import type { Shape } from "../../src/shape.ts";
import { scalar, type Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { thrown } from "../thrown.ts";
import { Draws, drawn, expectSums, sumCases } from "./sums.ts";

interface Options {
  readonly L: number;
  readonly S: number;
  readonly N: number;
  readonly heads: number;
  readonly groups?: number;
  readonly isCausal?: boolean;
  readonly mask?: readonly number[] | null;
  readonly keyMask?: readonly number[] | null;
  readonly bias?: boolean;
  readonly scale?: number | null;
  readonly batchFirst?: boolean;
  readonly self?: boolean;
  readonly kdim?: number | null;
  readonly vdim?: number | null;
  readonly normFirst?: boolean;
  readonly activation?: "relu" | "gelu";
  /** Masks of layers are [N, L, S], and have rows that see nothing. */
  readonly empty?: boolean;
  /** The mask of a function is [N, heads, L, S]. */
  readonly full?: boolean;
  readonly memoryMask?: readonly number[] | null;
  readonly memoryKeyMask?: readonly number[] | null;
}

interface Built {
  readonly draws: Draws;
  readonly values: readonly Tensor[];
  readonly by: readonly Tensor[];
}

const context = evaluationContext();
const WIDTH = 4;

function maskOf(bits: readonly number[] | null | undefined, shape: Shape): Tensor | undefined {
  return bits ? constant(Int32Array.from(bits)).reshape(shape) : undefined;
}

function attention({ L, S, N, heads, groups = 1, isCausal, mask, bias, scale, full }: Options, tiled: boolean): Built {
  const draws = new Draws();
  const by = [draws.fed(N, heads, L, 4), draws.fed(N, groups, S, 4), draws.fed(N, groups, S, 3)];
  if (bias) by.push(draws.fed(L, S));
  const [q, k, v, added] = by;
  const ofScores = maskOf(mask, full ? [N, heads, L, S] : [L, S]);
  const options = { isCausal, mask: ofScores, bias: added, scale: scale ?? undefined, tiled };
  return { draws, by, values: [scaledDotProductAttention(q, k, v, options)] };
}

function layered(kind: string, options: Options): Built {
  const { L, S, N, heads, batchFirst, isCausal, mask, keyMask, normFirst, activation } = options;
  const draws = new Draws();
  const sequence = (length: number, size: number) => draws.fed(...(batchFirst ? [N, length] : [length, N]), size);
  const x = sequence(L, WIDTH);
  const padding = options.empty ? undefined : maskOf(keyMask, [N, S]);
  const masks = (keys: number) => ({
    mask: maskOf(mask, options.empty ? [N, L, keys] : [L, keys]),
    keyMask: maskOf(keyMask, [N, keys]),
    isCausal,
  });
  if (kind === "MultiheadAttention") {
    const [kdim, vdim] = [options.kdim ?? undefined, options.vdim ?? undefined];
    const given = options.self ? [x] : [x, sequence(S, kdim ?? WIDTH), sequence(S, vdim ?? WIDTH)];
    const layer = new MultiheadAttention(WIDTH, heads, { bias: options.bias, kdim, vdim, batchFirst });
    const trained = draws.start([...parameters(layer).values()]);
    const [query, key, value] = given;
    const { output, weights } = layer.forward({ query, key, value, ...masks(S) }, context);
    return { draws, values: [output, weights], by: [...given, ...trained] };
  }
  const own = { dimFeedforward: 6, dropout: 0, activation, batchFirst, normFirst };
  const finish = (layer: object, given: readonly Tensor[], run: () => Tensor) => ({
    draws,
    by: [...given, ...draws.start([...parameters(layer).values()])],
    values: [run()],
  });
  if (kind === "TransformerEncoderLayer") {
    const layer = new TransformerEncoderLayer(WIDTH, 2, own);
    return finish(layer, [x], () => layer.forward({ src: x, ...masks(L) }, context));
  }
  const memory = sequence(S, WIDTH);
  if (kind === "TransformerDecoderLayer") {
    const layer = new TransformerDecoderLayer(WIDTH, 2, own);
    const ofMemory = options.empty
      ? { memoryMask: maskOf(options.memoryMask, [N, L, S]), memoryKeyMask: maskOf(options.memoryKeyMask, [N, S]) }
      : { memoryKeyMask: padding };
    const ofTarget = options.empty ? masks(L) : { isCausal };
    return finish(layer, [x, memory], () => layer.forward({ tgt: x, memory, ...ofTarget, ...ofMemory }, context));
  }
  const layer = new Transformer(WIDTH, 2, { ...own, numEncoderLayers: 1, numDecoderLayers: 2 });
  const padded = { srcKeyMask: padding, memoryKeyMask: padding, tgtIsCausal: isCausal };
  return finish(layer, [x, memory], () => layer.forward({ src: memory, tgt: x, ...padded }, context));
}

const executors = [["oracle", oracle()] as const, ["wasm-relaxed", float32["wasm-relaxed"]()] as const];
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Float64 rounds at 1.1e-16, Float32 at 6e-8. A gradient of a gradient of three layers with norms is some hundred operations deep; some sums,
// as the gradient of a key's bias, are nothing but roundings, of numbers a thousand times as large.
const TOLERANCE = { oracle: 1e-12, "wasm-relaxed": 1e-4 };

describe("PyTorch's attention", () => {
  test.each(executors)("with all options on %s", async (name, executor) => {
    const all = sumCases<Options>("attention");
    expect(all.length).toBeGreaterThan(200);
    for (const golden of name === "oracle" ? all : all.filter((_, i) => i % 5 === 0)) {
      const [kind, options] = golden;
      const ways =
        kind === "attention" ? [false, true].map((tiled) => attention(options, tiled)) : [layered(kind, options)];
      for (const { draws, values, by } of ways) await expectSums(executor, TOLERANCE[name], golden, draws, values, by);
    }
  });
});

describe("masks", () => {
  const part = (seed: number, ...shape: Shape) => constant(drawn(shape, seed), { shape });
  const [q, k, v] = [part(1, 2, 3, 4), part(2, 2, 3, 4), part(3, 2, 3, 4)];

  test("a query that sees no key gets zeros", async () => {
    const mask = constant([1, 0, 1]).unsqueeze(-1);
    const all = await evaluate(scaledDotProductAttention(q, k, v, { mask }));
    expect([...all.slice(4, 8)]).toEqual([0, 0, 0, 0]);
    expect(all.every(Number.isFinite)).toBe(true);
  });

  test("of any dtype, and comparisons, are the same", async () => {
    const bits = [1, 0, 1, 1, 1, 0, 0, 1, 1];
    const values = [
      constant(bits),
      constant(Int32Array.from(bits)),
      constant(Uint8Array.from(bits)),
      constant(bits).mul(-7),
    ].map((mask) => evaluate(scaledDotProductAttention(q, k, v, { mask: mask.reshape([3, 3]) })));
    const [first, ...others] = await Promise.all(values);
    for (const other of others) expect(other).toEqual(first);
  });

  test("weights are dropped in training alone", async () => {
    const dropping = (context: ReturnType<typeof evaluationContext>) =>
      evaluate(scaledDotProductAttention(q, k, v, { dropoutP: 0.5, context }));
    const plain = await evaluate(scaledDotProductAttention(q, k, v));
    expect(await dropping(context)).toEqual(plain);
    expect(await dropping(trainingContext(0, scalar(0, "i32")))).not.toEqual(plain);
  });
});

describe("positions", () => {
  test("sinusoidal ones are the formula's", async () => {
    const table = await evaluate(sinusoidalPositions(7, 5), { executor: executors[0][1] });
    for (const [at, i] of [
      [0, 0],
      [3, 1],
      [6, 4],
    ]) {
      const angle = at / 10_000 ** ((2 * (i >> 1)) / 5);
      expect(table[at * 5 + i]).toBeCloseTo(i % 2 === 0 ? Math.sin(angle) : Math.cos(angle), 12);
    }
  });

  test("products of turned rows depend on their distance alone", async () => {
    const row = constant(drawn([1, 8], 5), { shape: [1, 8] });
    const turned = (offset: number) => rotaryPositions(row, { offset });
    const product = (a: number, b: number) => evaluate(turned(a).mul(turned(b)).sum(), { executor: executors[0][1] });
    const [near, far] = [await product(2, 5), await product(102, 105)];
    expect(near[0]).toBeCloseTo(far[0], 10);
    expect(near[0]).not.toBeCloseTo((await product(2, 6))[0], 3);
  });
});

describe("bad input", () => {
  const [q, k] = [input([2, 3, 4]), input([2, 3, 4])];
  const layer = new MultiheadAttention(4, 2);
  test.each([
    [
      () => scaledDotProductAttention(q, input([2, 3, 5]), input([2, 3, 5])),
      "ShapeError: scaledDotProductAttention: queries [2, 3, 4], keys [2, 3, 5], values [2, 3, 5]: queries and keys differ in their last axis",
    ],
    [
      () => scaledDotProductAttention(q, k, input([2, 2, 4])),
      "ShapeError: scaledDotProductAttention: queries [2, 3, 4], keys [2, 3, 4], values [2, 2, 4]: they differ before their last axes",
    ],
    [
      () => scaledDotProductAttention(input([3, 5, 4]), k, k),
      "ShapeError: scaledDotProductAttention: queries [3, 5, 4], keys [2, 3, 4], values [2, 3, 4]: 3 heads of queries are no multiple of 2 heads of keys",
    ],
    [
      () => scaledDotProductAttention(q, k, k, { causal: true } as never),
      "ArgumentError: scaledDotProductAttention: unknown option causal",
    ],
    [
      () => scaledDotProductAttention(q, k, k, { mask: input([3, 4]) }),
      "ShapeError: scaledDotProductAttention: mask [3, 4] does not broadcast to [..., L, S] = [2, 3, 3]",
    ],
    [
      () => scaledDotProductAttention(q, k, k, { mask: input([1, 1, 3, 3]) }),
      "ShapeError: scaledDotProductAttention: mask [1, 1, 3, 3] does not broadcast to [..., L, S] = [2, 3, 3]",
    ],
    [
      () => scaledDotProductAttention(q, k, k, { bias: input([2, 3]) }),
      "ShapeError: scaledDotProductAttention: bias [2, 3] does not broadcast to [..., L, S] = [2, 3, 3]",
    ],
    [
      () => scaledDotProductAttention(input([2, 3, 0]), input([2, 3, 0]), k),
      "ShapeError: scaledDotProductAttention: queries [2, 3, 0], keys [2, 3, 0], values [2, 3, 4]: queries and keys have no features",
    ],
    [
      () => scaledDotProductAttention(q, input([2, 0, 4]), input([2, 0, 4])),
      "ShapeError: scaledDotProductAttention: queries [2, 3, 4], keys [2, 0, 4], values [2, 0, 4]: there are no keys",
    ],
    [
      () => scaledDotProductAttention(q, k, k, { dropoutP: 0.5 }),
      "ArgumentError: scaledDotProductAttention: context must be given where dropoutP is, got undefined",
    ],
    ...(
      [
        [{ mask: input([4, 5]) }, "mask [4, 5] does not broadcast to [L, S] = [5, 5]"],
        [{ mask: input([3, 5, 5]) }, "mask [3, 5, 5] does not broadcast to [N, L, S] = [2, 5, 5]"],
        [{ mask: input([2, 4, 5, 5]) }, "mask [2, 4, 5, 5] does not broadcast to [N, heads, L, S] = [2, 2, 5, 5]"],
        [{ keyMask: input([5, 2]) }, "keyMask [5, 2] does not broadcast to [N, S] = [2, 5]"],
        [{ keyMask: input([5]) }, "keyMask is [N, S] = [2, 5], got [5]"],
      ] as const
    ).map(([masks, message]) => [
      () => layer.forward({ query: input([5, 2, 4]), ...masks }, context),
      `ShapeError: MultiheadAttention: ${message}`,
    ]),
    [
      () => layer.forward({ query: input([5, 2, 4]), keyPaddingMask: input([2, 5]) } as never, context),
      "ArgumentError: MultiheadAttention: unknown option keyPaddingMask; here it is keyMask, the other way round",
    ],
    [
      () =>
        new TransformerDecoderLayer(4, 2).forward(
          { tgt: input([5, 2, 4]), memory: input([3, 2, 4]), memoryKeyMask: input([2, 5]) },
          context,
        ),
      "ShapeError: TransformerDecoderLayer: memoryKeyMask [2, 5] does not broadcast to [N, S] = [2, 3]",
    ],
    ...(
      [
        [{ srcMask: input([5, 5]) }, "srcMask [5, 5] does not broadcast to [L, S] = [3, 3]"],
        [{ srcKeyMask: input([3, 2]) }, "srcKeyMask [3, 2] does not broadcast to [N, S] = [2, 3]"],
        [{ tgtMask: input([3, 3]) }, "tgtMask [3, 3] does not broadcast to [L, S] = [5, 5]"],
        [{ tgtKeyMask: input([2, 3]) }, "tgtKeyMask [2, 3] does not broadcast to [N, S] = [2, 5]"],
        [{ memoryMask: input([3, 5]) }, "memoryMask [3, 5] does not broadcast to [L, S] = [5, 3]"],
        [{ memoryKeyMask: input([2, 5]) }, "memoryKeyMask [2, 5] does not broadcast to [N, S] = [2, 3]"],
      ] as const
    ).map(([masks, message]) => [
      () =>
        new Transformer(4, 2, { numEncoderLayers: 1, numDecoderLayers: 1 }).forward(
          { src: input([3, 2, 4]), tgt: input([5, 2, 4]), ...masks },
          context,
        ),
      `ShapeError: Transformer: ${message}`,
    ]),
    [
      () => new MultiheadAttention(6, 4),
      "ArgumentError: MultiheadAttention: embedDim must be a multiple of numHeads 4, got 6",
    ],
    [
      () => layer.forward(input([5, 4]), context),
      "ShapeError: MultiheadAttention: takes queries [T, N, 4], got [5, 4]",
    ],
    [
      () => layer.forward({ query: input([5, 2, 4]), key: input([3, 1, 4]) }, context),
      "ShapeError: MultiheadAttention: queries [5, 2, 4], keys [3, 1, 4] and values [3, 1, 4] do not fit together",
    ],
    [
      () => new TransformerEncoderLayer(4, 2, { activation: "swish" as never }),
      'ArgumentError: TransformerEncoderLayer: activation must be "relu", "gelu" or a function, got "swish"',
    ],
    [() => new TransformerEncoder([]), "ArgumentError: TransformerEncoder: layers must be a list of layers, got []"],
    [
      () => new TransformerDecoderLayer(4, 2).forward({ tgt: input([5, 2, 4]) } as never, context),
      "ArgumentError: TransformerDecoderLayer: memory must be",
    ],
    [
      () =>
        new Transformer(4, 2, { numEncoderLayers: 1 }).forward(
          { src: input([5, 2, 3]), tgt: input([5, 2, 4]) },
          context,
        ),
      "ShapeError: MultiheadAttention: takes queries [T, N, 4], got [5, 2, 3]",
    ],
    [() => rotaryPositions(input([5, 3])), "ShapeError: rotaryPositions: takes [..., T, E] with an even E, got [5, 3]"],
  ] as [() => unknown, string][])("case %#", (run, message) => {
    expect(`${thrown(run)}`.startsWith(message), `${thrown(run)}`).toBe(true);
  });
});
