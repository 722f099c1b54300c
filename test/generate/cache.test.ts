// Attention with a cache is attention without: logits of whole sequences, token after token and several at once, of decoders and of an
// encoder with a decoder; what is said of caches that do not fit.
import { afterAll, describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { constant, input } from "../../src/create.ts";
import { evaluate } from "../../src/evaluate.ts";
import { MultiheadAttention, scaledDotProductAttention } from "../../src/nn/attention.ts";
import { KeyValueCache } from "../../src/nn/cache.ts";
import { evaluationContext, forward, variables } from "../../src/nn/module.ts";
import { rotaryPositions } from "../../src/nn/positions.ts";
import { TransformerDecoderLayer, TransformerEncoderLayer } from "../../src/nn/transformer.ts";
import type { Executor } from "../../src/runtime/executor.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { drawn } from "../nn/sums.ts";
import { thrown } from "../thrown.ts";
import { Gpt, Translator, tokensInput, weightsOf } from "./models.ts";

const context = evaluationContext();
const executors = [["oracle", oracle()] as const, ["wasm-relaxed", float32["wasm-relaxed"]()] as const];
afterAll(() => Promise.all(executors.map(([, executor]) => executor.dispose())));

// Products of other shapes add up in another order: in Float64 that is 1e-16 of numbers below 10, in Float32 6e-8 of them, some ten layers deep.
const TOLERANCE = { oracle: 1e-12, "wasm-relaxed": 2e-5 };

const VOCABULARY = 11;
const ROWS = 2;
const LENGTH = 6;
const TOKENS = Int32Array.of(3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 10, 8);

async function write(executor: Executor, model: object): Promise<void> {
  const weights = weightsOf(model);
  for (const [path, { key }] of variables(model)) await executor.write({ variable: key }, weights[path].data);
}

/** The numbers of `output` for these inputs, with the weights of a model. */
async function run(
  executor: Executor,
  model: object,
  inputs: Readonly<Record<string, readonly [Tensor, ArrayLike<number>]>>,
  output: Tensor,
): Promise<ArrayLike<number>> {
  const given = Object.fromEntries(Object.entries(inputs).map(([name, [tensor]]) => [name, tensor]));
  const id = await executor.load(compile({ inputs: given, outputs: { output } }));
  await write(executor, model);
  const data = Object.fromEntries(Object.entries(inputs).map(([name, [, numbers]]) => [name, numbers]));
  const { output: found } = await executor.step(id, data);
  await executor.unload(id);
  return found;
}

/** Columns from one on of rows of a length. */
function columns(from: number, count: number): Int32Array {
  return Int32Array.from(
    { length: ROWS * count },
    (_, i) => TOKENS[Math.floor(i / count) * LENGTH + from + (i % count)],
  );
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs(found[i] - expected[i]), `element ${i}: ${found[i]}, ${expected[i]}`).toBeLessThan(tolerance);
}

describe.each(executors)("on %s", (name, executor) => {
  const whole = async (model: Gpt) => {
    const tokens = tokensInput(ROWS, LENGTH);
    return run(executor, model, { tokens: [tokens, TOKENS] }, forward(model, { tokens }, context));
  };

  test.each([
    ["a token at a time", [1, 1, 1, 1, 1, 1], {}],
    ["three, then one, then two", [3, 1, 2], {}],
    ["all at once", [6], {}],
    ["sequences first", [2, 1, 1, 2], { batchFirst: false, normFirst: false, activation: "relu" }],
    ["one head", [1, 5], { heads: 1 }],
  ] as const)("logits are those without: %s", async (_, parts, options) => {
    const model = new Gpt(VOCABULARY, 8, options);
    const expected = await whole(model);
    const cache = new KeyValueCache(LENGTH);
    const programs = new Map<number, number>();
    let at = 0;
    for (const count of parts) {
      if (!programs.has(count)) {
        const tokens = tokensInput(ROWS, count);
        const output = forward(model, { tokens, cache }, context);
        programs.set(
          count,
          await executor.load(compile({ inputs: { tokens }, outputs: { output }, assignments: cache.assignments() })),
        );
        if (at === 0) await write(executor, model);
      }
      const { output } = await executor.step(programs.get(count) as number, { tokens: columns(at, count) });
      for (let row = 0; row < ROWS; row++)
        expectClose(
          Array.from(output.subarray(row * count * VOCABULARY, (row + 1) * count * VOCABULARY)),
          Array.from({ length: count * VOCABULARY }, (__, i) => expected[(row * LENGTH + at) * VOCABULARY + i]),
          TOLERANCE[name],
        );
      at += count;
    }
    expect(await executor.read({ variable: cache.position.key })).toEqual(Int32Array.of(LENGTH));
    // Full: nothing is made up.
    const [[count, id]] = programs;
    const { output } = await executor.step(id, { tokens: columns(0, count) });
    expect(output.every(Number.isNaN)).toBe(true);
  });

  test("rows go on from others when they are told to", async () => {
    const model = new Gpt(VOCABULARY, 8);
    const expected = await whole(model);
    const cache = new KeyValueCache(8);
    const [tokens, from] = [tokensInput(ROWS, 1), input([ROWS], "i32")];
    cache.reorder(from);
    const output = forward(model, { tokens, cache }, context);
    const id = await executor.load(
      compile({ inputs: { tokens, from }, outputs: { output }, assignments: cache.assignments() }),
    );
    await write(executor, model);
    for (let at = 0; at < 4; at++) {
      // They change places at each step: what is the first row's is in the second row at every other step.
      const turned = at % 2 === 1;
      const own = columns(at, 1);
      const { output: found } = await executor.step(id, {
        tokens: turned ? own.toReversed() : own,
        from: at === 0 ? [0, 1] : [1, 0],
      });
      for (let row = 0; row < ROWS; row++) {
        const place = turned ? 1 - row : row;
        expectClose(
          Array.from(found.subarray(place * VOCABULARY, (place + 1) * VOCABULARY)),
          Array.from({ length: VOCABULARY }, (_, i) => expected[(row * LENGTH + at) * VOCABULARY + i]),
          TOLERANCE[name],
        );
      }
    }
  });

  test("a memory is projected once, and masked as without", async () => {
    const model = new Translator(VOCABULARY, 8);
    const source = input([ROWS, 4], "i32");
    const read = Int32Array.of(7, 3, 9, 0, 2, 8, 0, 0);
    const all = tokensInput(ROWS, LENGTH);
    const given = { tokens: all, memory: model.encode(source, context) };
    const expected = await run(
      executor,
      model,
      { source: [source, read], all: [all, TOKENS] },
      model.forward(given, context),
    );
    const cache = new KeyValueCache(LENGTH);
    const tokens = tokensInput(ROWS, 1);
    const pass = () => model.forward({ tokens, cache, memory: model.encode(source, context) }, context);
    const first = compile({
      inputs: { tokens, source },
      outputs: { output: pass() },
      assignments: cache.assignments(),
    });
    const output = pass();
    const assignments = cache.assignments();
    expect(assignments.some(([variable]) => variable.label.startsWith("cache.once"))).toBe(false);
    const ids = [
      await executor.load(first),
      await executor.load(compile({ inputs: { tokens, source }, outputs: { output }, assignments })),
    ];
    await write(executor, model);
    for (let at = 0; at < LENGTH; at++) {
      const { output: found } = await executor.step(ids[Math.min(at, 1)], { tokens: columns(at, 1), source: read });
      const own = Array.from({ length: ROWS * VOCABULARY }, (_, i) => {
        const row = Math.floor(i / VOCABULARY);
        return expected[(row * LENGTH + at) * VOCABULARY + (i % VOCABULARY)];
      });
      expectClose(found, own, TOLERANCE[name]);
    }
  });

  test("attention of one's own: grouped heads, turned by their places", async () => {
    const numbers = [0, 1, 2].map((seed) =>
      constant(drawn([1, seed === 0 ? 4 : 2, LENGTH, 8], seed + 1), { shape: [1, seed === 0 ? 4 : 2, LENGTH, 8] }),
    );
    const [q, k, v] = numbers;
    const expected = await evaluate(
      scaledDotProductAttention(rotaryPositions(q), rotaryPositions(k), v, { isCausal: true }),
      { executor },
    );
    const cache = new KeyValueCache(8);
    const at = cache.position;
    const token = (x: Tensor) => x.permute([2, 0, 1, 3]).gather(at).unsqueeze(2);
    const turned = (x: Tensor) => rotaryPositions(token(x), { offset: at, places: cache.capacity });
    const { keys, values, mask } = cache.append(turned(k), token(v));
    const output = scaledDotProductAttention(turned(q), keys, values, { mask });
    const id = await executor.load(compile({ outputs: { output }, assignments: cache.assignments() }));
    for (let step = 0; step < LENGTH; step++) {
      const { output: found } = await executor.step(id);
      const own = Array.from({ length: 32 }, (_, i) => expected[(Math.floor(i / 8) * LENGTH + step) * 8 + (i % 8)]);
      expectClose(found, own, TOLERANCE[name]);
    }
  });
});

test("keys that a mask hides are not seen", async () => {
  const layer = new MultiheadAttention(4, 2, { batchFirst: true });
  const keyMask = constant([0, 1, 1, 1], { shape: [1, 4] });
  const x = constant(drawn([1, 4, 4], 7), { shape: [1, 4, 4] });
  const expected = layer.forward({ query: x, keyMask, isCausal: true }, context).output;
  const { output } = layer.forward({ query: x, keyMask, cache: new KeyValueCache(4) }, context);
  const executor = oracle();
  expectClose(await run(executor, layer, {}, output), await run(executor, layer, {}, expected), 1e-12);
  await executor.dispose();
});

describe("bad input", () => {
  const layer = new MultiheadAttention(4, 2, { batchFirst: true });
  const pass = (cache: KeyValueCache, ...shape: number[]) => layer.forward({ query: input(shape), cache }, context);
  const heads = (...shape: number[]) => input(shape);
  test.each([
    [() => new KeyValueCache(0), "ArgumentError: KeyValueCache: capacity must be a whole number >= 1, got 0"],
    [() => pass(new KeyValueCache(4), 1, 5, 4), "ShapeError: KeyValueCache: 5 tokens do not fit a cache of 4"],
    [
      () => {
        const cache = new KeyValueCache(4);
        pass(cache, 1, 1, 4);
        pass(cache, 1, 2, 4);
      },
      "ShapeError: KeyValueCache: 2 tokens after 1 of the same pass",
    ],
    [
      () => {
        const cache = new KeyValueCache(4);
        pass(cache, 1, 1, 4);
        cache.assignments();
        pass(cache, 2, 1, 4);
      },
      "ShapeError: KeyValueCache: keys [2, 2, 1, 2] do not fit [4, 1, 2, 2] of earlier passes",
    ],
    [
      () => {
        const cache = new KeyValueCache(4);
        pass(cache, 1, 1, 4);
        cache.reorder(input([1], "i32"));
      },
      "ArgumentError: KeyValueCache: reorder is for the beginning of a pass",
    ],
    [
      () => new KeyValueCache(4).append(heads(1, 2, 1, 4), heads(1, 3, 1, 4)),
      "ShapeError: KeyValueCache: keys [1, 2, 1, 4] and values [1, 3, 1, 4] are no [N, heads, T, E] and [N, heads, T, Ev]",
    ],
    [
      () => layer.forward({ query: input([1, 1, 4]), cache: "all" as never }, context),
      'ArgumentError: MultiheadAttention: cache must be a KeyValueCache, got "all"',
    ],
    [
      () => layer.forward({ query: input([1, 1, 4]), cache: new KeyValueCache(4), isCausal: false }, context),
      "ArgumentError: MultiheadAttention: isCausal must be true, or left out, where there is a cache, got false",
    ],
    [
      () => layer.forward({ query: input([1, 1, 4]), cache: new KeyValueCache(4), keyMask: input([1, 1, 1]) }, context),
      "ShapeError: MultiheadAttention: keyMask is [N, S] = [1, 4], got [1, 1, 1]",
    ],
    [
      () => layer.forward({ query: input([1, 1, 4]), cache: new KeyValueCache(4), mask: input([3, 4]) }, context),
      "ShapeError: MultiheadAttention: mask [3, 4] does not broadcast to [L, S] = [1, 4]",
    ],
    [
      () => new TransformerEncoderLayer(4, 2).forward({ src: input([1, 1, 4]), cache: 4 as never }, context),
      "ArgumentError: TransformerEncoderLayer: cache must be a KeyValueCache, got 4",
    ],
    [
      () =>
        new TransformerDecoderLayer(4, 2).forward(
          { tgt: input([1, 1, 4]), memory: input([2, 1, 4]), cache: 4 as never },
          context,
        ),
      "ArgumentError: TransformerDecoderLayer: cache must be a KeyValueCache, got 4",
    ],
    [
      () => rotaryPositions(input([1, 4]), { offset: input([], "i32") }),
      "ArgumentError: rotaryPositions: places must be given where offset is a tensor, got undefined",
    ],
    [() => rotaryPositions(input([1, 4]), { offset: input([]), places: 8 }), "DTypeError: rotaryPositions: offset"],
  ] as [() => unknown, string][])("case %#", (call, message) => {
    expect(`${thrown(call)}`.startsWith(message), `${thrown(call)}`).toBe(true);
  });
});
