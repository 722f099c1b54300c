// The networks that learn to write, character by character: a small GPT and an LSTM. Both take the numbers of characters, i32 [N, T], and give
// logits of those that come next.
import { arange, Tensor } from "simdgrad";
import type { KeyValueCache, TokensInput } from "simdgrad/generate";
import { type Context, Embedding, gelu, LayerNorm, Linear, LSTM, MultiheadAttention } from "simdgrad/nn";

/** Characters that are seen at once. */
export const LENGTH = 64;
export const HEADS = 4;

export type Kind = "gpt" | "lstm";
export type Size = "small" | "large";

/** Layers and how wide they are. */
export const sizes: Readonly<
  Record<Kind, Readonly<Record<Size, { readonly layers: number; readonly width: number }>>>
> = {
  gpt: { small: { layers: 2, width: 64 }, large: { layers: 4, width: 128 } },
  lstm: { small: { layers: 1, width: 128 }, large: { layers: 2, width: 256 } },
};

/** Characters to train on, or the next ones while it writes. */
type Given = Tensor | TokensInput;

/** Logits of what comes next at every place: [N, characters, T] for a loss, [N, T, characters] while it writes. */
export interface Writer {
  forward(x: Given, context: Context): Tensor;
}

function opened(x: Given): { readonly tokens: Tensor; readonly cache: KeyValueCache | undefined } {
  return x instanceof Tensor ? { tokens: x, cache: undefined } : x;
}

/** Each place looks at those before it, then works out by itself what it saw. */
class Block {
  readonly norm1: LayerNorm;
  readonly attention: MultiheadAttention;
  readonly norm2: LayerNorm;
  readonly wide: Linear;
  readonly narrow: Linear;

  constructor(width: number) {
    this.norm1 = new LayerNorm(width);
    this.attention = new MultiheadAttention(width, HEADS, { batchFirst: true });
    this.norm2 = new LayerNorm(width);
    this.wide = new Linear(width, 4 * width);
    this.narrow = new Linear(4 * width, width);
  }

  /** Its output, and how much each place looked at each other one: [N, heads, T, T]. */
  forward(x: Tensor, context: Context, cache?: KeyValueCache): { readonly output: Tensor; readonly weights: Tensor } {
    const { output, weights } = this.attention.forward(
      { query: this.norm1.forward(x), isCausal: true, cache },
      context,
    );
    const seen = x.add(output);
    const thought = this.narrow.forward(gelu(this.wide.forward(this.norm2.forward(seen))));
    return { output: seen.add(thought), weights };
  }
}

export class Gpt implements Writer {
  readonly characters: Embedding;
  readonly places: Embedding;
  readonly blocks: readonly Block[];
  readonly norm: LayerNorm;
  readonly head: Linear;

  constructor(characters: number, { layers, width }: { readonly layers: number; readonly width: number }) {
    this.characters = new Embedding(characters, width);
    this.places = new Embedding(LENGTH, width);
    this.blocks = Array.from({ length: layers }, () => new Block(width));
    this.norm = new LayerNorm(width);
    this.head = new Linear(width, characters);
  }

  forward(x: Given, context: Context): Tensor {
    const { tokens, cache } = opened(x);
    const { output } = this.#through(tokens, context, cache);
    const logits = this.head.forward(this.norm.forward(output));
    return cache === undefined ? logits.transpose(1, 2) : logits;
  }

  /** How much each place of one text [1, T] looks at each other one: [layers, heads, T, T]. */
  attention(tokens: Tensor, context: Context): Tensor[] {
    return this.#through(tokens, context).weights;
  }

  #through(tokens: Tensor, context: Context, cache?: KeyValueCache) {
    const at = arange(tokens.shape[1]).add(cache?.position ?? 0);
    let output = this.characters.forward(tokens).add(this.places.forward(at));
    const weights: Tensor[] = [];
    for (const block of this.blocks) {
      const made = block.forward(output, context, cache);
      output = made.output;
      weights.push(made.weights);
    }
    return { output, weights };
  }
}

export class Lstm implements Writer {
  readonly characters: Embedding;
  readonly lstm: LSTM;
  readonly head: Linear;

  constructor(characters: number, { layers, width }: { readonly layers: number; readonly width: number }) {
    this.characters = new Embedding(characters, width);
    this.lstm = new LSTM(width, width, { numLayers: layers, batchFirst: true });
    this.head = new Linear(width, characters);
  }

  forward(x: Given, context: Context): Tensor {
    const { tokens, cache } = opened(x);
    const read = this.characters.forward(tokens);
    if (cache === undefined) return this.head.forward(this.lstm.forward(read, context)).transpose(1, 2);
    // It has no keys to keep: what it keeps is what it read, and it reads all of it anew.
    const kept = read.unsqueeze(1);
    const all = cache.append(kept, kept).keys.squeeze(1);
    const now = arange(tokens.shape[1]).add(cache.position);
    const made = this.lstm.forward(all, context).transpose(0, 1).gather(now);
    return this.head.forward(made.transpose(0, 1));
  }
}

export function network(kind: Kind, size: Size, characters: number): Gpt | Lstm {
  const shape = sizes[kind][size];
  return kind === "gpt" ? new Gpt(characters, shape) : new Lstm(characters, shape);
}
