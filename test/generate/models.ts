// Small decoders that tests generate with: one with a cache and without, one with an encoder, and their weights.
import { input } from "../../src/create.ts";
import type { NumericArray } from "../../src/data/array.ts";
import type { KeyValueCache } from "../../src/nn/cache.ts";
import { Embedding } from "../../src/nn/embedding.ts";
import { Linear } from "../../src/nn/layers.ts";
import { type Context, variables } from "../../src/nn/module.ts";
import { LayerNorm } from "../../src/nn/normalization.ts";
import { sinusoidalPositions } from "../../src/nn/positions.ts";
import {
  Transformer,
  TransformerEncoder,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
} from "../../src/nn/transformer.ts";
import { arange, type Tensor } from "../../src/tensor.ts";
import { drawn } from "../nn/sums.ts";

interface Given {
  readonly tokens: Tensor;
  readonly cache?: KeyValueCache;
}

/** A GPT: tokens [N, T] to logits [N, T, vocabulary]. */
export class Gpt {
  readonly tokens: Embedding;
  readonly places: Embedding;
  readonly blocks: TransformerEncoder;
  readonly head: Linear;

  constructor(
    vocabulary: number,
    width: number,
    {
      heads = 2,
      depth = 2,
      longest = 16,
      ...layer
    }: TransformerLayerOptions & Readonly<Partial<Record<"heads" | "depth" | "longest", number>>> = {},
  ) {
    const own = {
      dimFeedforward: 4 * width,
      dropout: 0,
      normFirst: true,
      activation: "gelu",
      batchFirst: true,
      ...layer,
    } as const;
    this.tokens = new Embedding(vocabulary, width);
    this.places = new Embedding(longest, width);
    const blocks = Array.from({ length: depth }, () => new TransformerEncoderLayer(width, heads, own));
    this.blocks = new TransformerEncoder(blocks, { norm: new LayerNorm(width) });
    this.head = new Linear(width, vocabulary, { bias: false });
  }

  forward({ tokens, cache }: Given, context: Context): Tensor {
    const own = arange(tokens.shape[1]);
    const at = cache === undefined ? own : own.add(cache.position);
    const src = this.tokens.forward(tokens).add(this.places.forward(at));
    const { batchFirst } = (this.blocks.layers[0] as TransformerEncoderLayer).attention;
    const turned = (x: Tensor) => (batchFirst ? x : x.transpose(0, 1));
    const made = this.blocks.forward(
      cache === undefined ? { src: turned(src), isCausal: true } : { src: turned(src), cache },
      context,
    );
    return this.head.forward(turned(made));
  }
}

/** An encoder and a decoder: tokens and a source of tokens [N, S] to logits; places of the source that hold 0 are padding. */
export class Translator {
  readonly table: Embedding;
  readonly transformer: Transformer;
  readonly head: Linear;

  constructor(vocabulary: number, width: number) {
    this.table = new Embedding(vocabulary, width);
    const sizes = { numEncoderLayers: 1, numDecoderLayers: 2, dimFeedforward: 2 * width, dropout: 0, batchFirst: true };
    this.transformer = new Transformer(width, 2, sizes);
    this.head = new Linear(width, vocabulary);
  }

  encode(source: Tensor, context: Context) {
    const keyMask = source.notEqual(0);
    return { memory: this.transformer.encoder.forward({ src: this.#embedded(source), keyMask }, context), keyMask };
  }

  forward(
    { tokens, cache, memory: { memory, keyMask } }: Given & { readonly memory: ReturnType<Translator["encode"]> },
    context: Context,
  ): Tensor {
    const tgt = this.#embedded(tokens, cache);
    const given = { tgt, memory, memoryKeyMask: keyMask, ...(cache === undefined ? { isCausal: true } : { cache }) };
    return this.head.forward(this.transformer.decoder.forward(given, context));
  }

  #embedded(tokens: Tensor, cache?: KeyValueCache): Tensor {
    const x = this.table.forward(tokens);
    const table = sinusoidalPositions(16, x.shape[2]);
    const own = arange(tokens.shape[1]);
    return x.add(table.gather(cache === undefined ? own : own.add(cache.position)));
  }
}

/** Drawn weights: large enough that one token is likelier than another. */
export function weightsOf(model: object, scale = 0.8): Record<string, NumericArray> {
  return Object.fromEntries(
    Array.from(variables(model), ([path, { shape }], i) => [
      path,
      { data: drawn(shape, i + 1).map((x) => x * scale), shape },
    ]),
  );
}

/** An i32 input [N, T]. */
export function tokensInput(rows: number, length: number): Tensor {
  return input([rows, length], "i32", "tokens");
}
