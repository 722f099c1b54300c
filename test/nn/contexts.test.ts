// Who needs a context, and what is said where something else, or nothing, stands in its place.
import { afterEach, describe, expect, test } from "vitest";
import { constant, input } from "../../src/create.ts";
import * as nn from "../../src/nn/index.ts";
import type { Tensor } from "../../src/tensor.ts";
import { contexts, table } from "./every-layer.ts";

const { make } = contexts;
afterEach(() => {
  contexts.make = make;
});

/** A context that tells whether it was of any use. */
function watched(): { readonly context: nn.Context; readonly isUsed: () => boolean } {
  let used = false;
  const get = (target: nn.Context, key: string | symbol) => {
    const value = Reflect.get(target, key) as unknown;
    if (typeof value !== "function") used = true;
    const call = (...given: readonly unknown[]) => {
      used = true;
      return Reflect.apply(value as () => unknown, target, given);
    };
    return typeof value === "function" ? call : value;
  };
  return { context: new Proxy(make(), { get }), isUsed: () => used };
}

const inputsOf = ({ shapes }: { readonly shapes: readonly (readonly number[])[] }) =>
  shapes.map((shape) => input(shape));

test("a layer that makes no use of the context runs without one", () => {
  const free: string[] = [];
  for (const [name, row] of Object.entries(table)) {
    const { context, isUsed } = watched();
    contexts.make = () => context;
    row.make()(...inputsOf(row));
    if (isUsed()) continue;
    free.push(name);
    contexts.make = () => undefined as unknown as nn.Context;
    expect(() => row.make()(...inputsOf(row)), name).not.toThrow();
  }
  for (const name of ["MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "Upsample", "PixelShuffle", "ZeroPad2d", "Conv2d"])
    expect(free).toContain(name);
});

test.each<[string, nn.Module, readonly number[]]>([
  ["InstanceNorm2d", new nn.InstanceNorm2d(2), [1, 2, 3, 3]],
  ["LSTM", new nn.LSTM(2, 3, { numLayers: 2 }), [4, 1, 2]],
  ["MultiheadAttention", new nn.MultiheadAttention(2, 1), [4, 1, 2]],
])("%s needs none, unless an option says so", (_, layer, shape) => {
  expect(layer.forward(input(shape), undefined as unknown as nn.Context).shape).toHaveLength(shape.length);
});

const none = undefined as unknown as nn.Context;
const handed =
  "must be that of your forward(x, context), handed on, or one by trainingContext() or evaluationContext(), got undefined";

test.each<[string, nn.Module, readonly number[]]>([
  ["InstanceNorm2d", new nn.InstanceNorm2d(2, { trackRunningStats: true }), [1, 2, 3, 3]],
  ["LSTM", new nn.LSTM(2, 3, { numLayers: 2, dropout: 0.5 }), [4, 1, 2]],
  ["MultiheadAttention", new nn.MultiheadAttention(2, 1, { dropout: 0.5 }), [4, 1, 2]],
  ["BatchNorm2d", new nn.BatchNorm2d(2), [1, 2, 3, 3]],
  ["Dropout", new nn.Dropout(0.5), [2]],
])("%s says what to hand on where it needs one", (name, layer, shape) => {
  expect(() => layer.forward(input(shape), none)).toThrow(`${name}: context ${handed}`);
});

describe("tensors in the place of the context", () => {
  const [x, h] = [input([4, 1, 2]), input([1, 1, 3])];
  const given = (layer: unknown, ...args: unknown[]) =>
    (layer as { forward(...each: readonly unknown[]): Tensor }).forward(...args);
  const one = "takes one argument before the context, forward(";
  test.each<[string, () => unknown, string]>([
    [
      "attention",
      () => given(new nn.MultiheadAttention(2, 1), x, x, x),
      `MultiheadAttention: ${one}{ query, key, value }, context)`,
    ],
    ["LSTM", () => given(new nn.LSTM(2, 3), x, [h, h]), `LSTM: ${one}{ input, state }, context)`],
    ["GRU", () => given(new nn.GRU(2, 3), x, h), `GRU: ${one}{ input, state }, context)`],
    [
      "EmbeddingBag",
      () => given(new nn.EmbeddingBag(3, 2), constant(Int32Array.of(1, 2)), constant(Int32Array.of(0))),
      `EmbeddingBag: ${one}{ index, offsets }, context)`,
    ],
    ["a transformer", () => given(new nn.Transformer(2, 1), x, x), "Transformer: x must be an object { src, tgt, "],
    [
      "a decoder's layer",
      () => given(new nn.TransformerDecoderLayer(2, 1), x, x),
      "TransformerDecoderLayer: x must be an object { tgt, memory, ",
    ],
  ])("of %s are refused, with the record that takes them", (_, run, words) => {
    expect(run).toThrow(words);
  });
});

describe("PyTorch's masks", () => {
  const x = input([4, 1, 2]);
  const mask = input([1, 4]);
  const attention = new nn.MultiheadAttention(2, 1);
  const [encoder, decoder] = [new nn.TransformerEncoderLayer(2, 1), new nn.TransformerDecoderLayer(2, 1)];
  const model = new nn.Transformer(2, 1);
  test.each<[nn.Module<never, unknown>, object, string, string]>([
    [attention, { query: x }, "keyPaddingMask", "keyMask"],
    [attention, { query: x }, "key_padding_mask", "keyMask"],
    [attention, { query: x }, "attnMask", "mask"],
    [encoder, { src: x }, "srcKeyPaddingMask", "keyMask"],
    [encoder, { src: x }, "srcMask", "mask"],
    [decoder, { tgt: x, memory: x }, "tgtKeyPaddingMask", "keyMask"],
    [decoder, { tgt: x, memory: x }, "memory_key_padding_mask", "memoryKeyMask"],
    [model, { src: x, tgt: x }, "srcKeyPaddingMask", "srcKeyMask"],
    [model, { src: x, tgt: x }, "tgt_key_padding_mask", "tgtKeyMask"],
    [model, { src: x, tgt: x }, "memoryKeyPaddingMask", "memoryKeyMask"],
  ])("%o of %o: %s is %s, the other way round", (layer, given, name, own) => {
    const run = () => layer.forward({ ...given, [name]: mask } as never, nn.evaluationContext());
    expect(run).toThrow(`unknown option ${name}; here it is ${own}, the other way round: 1 where a key is seen`);
  });

  test("of the function mean what ours do", () => {
    const run = () => nn.scaledDotProductAttention(x, x, x, { attnMask: mask } as never);
    expect(run).toThrow("unknown option attnMask; here it is mask, 0 where a key is hidden");
  });
});
