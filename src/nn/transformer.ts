// Layers of transformers around attention: PyTorch's equations, names and layouts (Vaswani et al., "Attention is all you need", 2017).
import { aBoolean, aFraction, aPositiveNumber, aWholeNumber, checkOptions, isFunction, must } from "../check.ts";
import { aTensor, Tensor } from "../tensor.ts";
import { checkMasks, type Heads, MultiheadAttention, type MultiheadInput, maskChecks } from "./attention.ts";
import { aCache } from "./cache.ts";
import { gelu, relu } from "./functional.ts";
import { aDepth, Linear } from "./layers.ts";
import { aLayer, type Context, checkForward, forward, type Layer, type Module } from "./module.ts";
import { LayerNorm } from "./normalization.ts";
import { checkRecord } from "./records.ts";
import { Dropout } from "./regularization.ts";
import { aFloat } from "./takes.ts";

/** Options of TransformerEncoderLayer and TransformerDecoderLayer. */
export interface TransformerLayerOptions {
  /** Width between the two linear layers. Default 2048. */
  readonly dimFeedforward?: number;
  /** While training, the share of elements that are zeroed. Default 0.1. */
  readonly dropout?: number;
  /** Between the two linear layers: "relu" (default), "gelu" or a function. */
  readonly activation?: "relu" | "gelu" | ((x: Tensor) => Tensor);
  /** Of the layer norms. Default 1e-5. */
  readonly layerNormEps?: number;
  /** Sequences are [N, T, features] instead of [T, N, features]. Default false. */
  readonly batchFirst?: boolean;
  /** Norms stand before attention and linear layers instead of behind them (Xiong et al. 2020). Default false. */
  readonly normFirst?: boolean;
  /** Default true. */
  readonly bias?: boolean;
}

const layerChecks = {
  dimFeedforward: aWholeNumber(1),
  dropout: aFraction,
  activation: (value: unknown, what: string) =>
    must(value === "relu" || value === "gelu" || isFunction(value), value, what, '"relu", "gelu" or a function'),
  layerNormEps: aPositiveNumber,
  batchFirst: aBoolean,
  normFirst: aBoolean,
  bias: aBoolean,
};

/** Two linear layers with an activation between them, and what encoder and decoder share around their sublayers. */
class Sublayers {
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norms: readonly LayerNorm[];
  readonly dropout: Dropout;
  readonly normFirst: boolean;
  readonly activation: (x: Tensor) => Tensor;

  constructor(dModel: number, norms: number, options: TransformerLayerOptions) {
    const {
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = "relu",
      layerNormEps: eps = 1e-5,
      bias = true,
    } = options;
    this.linear1 = new Linear(dModel, dimFeedforward, { bias });
    this.linear2 = new Linear(dimFeedforward, dModel, { bias });
    this.norms = Array.from({ length: norms }, () => new LayerNorm(dModel, { eps, bias }));
    this.dropout = new Dropout(dropout);
    this.normFirst = options.normFirst ?? false;
    this.activation = activation === "relu" ? relu : activation === "gelu" ? gelu : activation;
  }

  /** x plus what a sublayer makes of it, with norm number `at` before or behind. */
  around(x: Tensor, at: number, context: Context, sublayer: (x: Tensor) => Tensor): Tensor {
    const norm = (y: Tensor) => this.norms[at].forward(y);
    const made = this.dropout.forward(sublayer(this.normFirst ? norm(x) : x), context);
    return this.normFirst ? x.add(made) : norm(x.add(made));
  }

  feed(x: Tensor, at: number, context: Context): Tensor {
    const { linear1, linear2, dropout, activation } = this;
    return this.around(x, at, context, (y) =>
      linear2.forward(dropout.forward(activation(linear1.forward(y)), context)),
    );
  }

  names(): [string, unknown][] {
    return [
      ["linear1", this.linear1],
      ["linear2", this.linear2],
      ...this.norms.map((norm, i): [string, unknown] => [`norm${i + 1}`, norm]),
    ];
  }
}

/** What an encoder may be given beside a tensor. */
export interface EncoderInput extends Pick<MultiheadInput, "mask" | "keyMask" | "isCausal" | "cache"> {
  readonly src: Tensor;
}

const encoderChecks = { src: aTensor, keyMask: aTensor, ...maskChecks, cache: aCache };

/** What an encoder was given, as a record. */
function encoderInput(x: Tensor | EncoderInput, name: string): EncoderInput {
  if (x instanceof Tensor) return { src: x };
  checkRecord(x, name, encoderChecks, "src");
  return x;
}

/**
 * Self-attention, then two linear layers, each added to its input and normed, as torch.nn.TransformerEncoderLayer, with its parameters and
 * names. A tensor [T, N, dModel], or a record { src, mask, keyMask, isCausal, cache }, gives a tensor of its shape.
 * @throws ArgumentError for sizes below 1 or a dModel that is no multiple of nhead; forward throws ShapeError for other sequences
 *
 * @example
 * import { input } from "simdgrad";
 * import { evaluationContext, TransformerEncoderLayer } from "simdgrad/nn";
 * const layer = new TransformerEncoderLayer(16, 4, { batchFirst: true, dimFeedforward: 32 });
 * layer.forward({ src: input([2, 5, 16]), isCausal: true }, evaluationContext()).shape; // => [2, 5, 16]
 */
export class TransformerEncoderLayer implements Module<Tensor | EncoderInput> {
  readonly attention: MultiheadAttention;
  readonly sublayers: Sublayers;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    checkOptions(options, "TransformerEncoderLayer", layerChecks);
    const { dropout = 0.1, batchFirst, bias } = options;
    this.attention = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias });
    this.sublayers = new Sublayers(dModel, 2, options);
  }

  /** PyTorch's names. */
  children(): Iterable<readonly [string, unknown]> {
    return [["self_attn", this.attention], ...this.sublayers.names()];
  }

  forward(x: Tensor | EncoderInput, context: Context): Tensor {
    const { src, ...masks } = encoderInput(x, "TransformerEncoderLayer");
    checkForward(src, context, "TransformerEncoderLayer");
    aFloat(src, "TransformerEncoderLayer", "src");
    const { attention, sublayers } = this;
    const attended = sublayers.around(
      src,
      0,
      context,
      (query) => attention.forward({ query, ...masks }, context).output,
    );
    return sublayers.feed(attended, 1, context);
  }
}

/** What a decoder calls the masks of the memory. */
const MEMORY = ["memoryMask", "memoryKeyMask"];

/** What a decoder is given. */
export interface DecoderInput extends Pick<MultiheadInput, "cache"> {
  readonly tgt: Tensor;
  /** What the encoder gave. */
  readonly memory: Tensor;
  /** As of MultiheadAttention, for the target among itself, and for the memory. */
  readonly mask?: Tensor;
  readonly keyMask?: Tensor;
  readonly isCausal?: boolean;
  readonly memoryMask?: Tensor;
  readonly memoryKeyMask?: Tensor;
}

const decoderChecks = {
  tgt: aTensor,
  memory: aTensor,
  keyMask: aTensor,
  memoryMask: aTensor,
  memoryKeyMask: aTensor,
  ...maskChecks,
  cache: aCache,
};

/**
 * Self-attention, attention to a memory, then two linear layers, each added to its input and normed, as torch.nn.TransformerDecoderLayer, with
 * its parameters and names: from a record { tgt, memory, mask, keyMask, isCausal, memoryMask, memoryKeyMask, cache } to a tensor of the shape of tgt.
 * @throws ArgumentError for sizes below 1 or a dModel that is no multiple of nhead; forward throws ShapeError for other sequences
 *
 * @example
 * import { input } from "simdgrad";
 * import { evaluationContext, TransformerDecoderLayer } from "simdgrad/nn";
 * const layer = new TransformerDecoderLayer(16, 4, { dimFeedforward: 32 });
 * layer.forward({ tgt: input([5, 2, 16]), memory: input([7, 2, 16]), isCausal: true }, evaluationContext()).shape; // => [5, 2, 16]
 */
export class TransformerDecoderLayer implements Module<DecoderInput> {
  readonly attention: MultiheadAttention;
  readonly across: MultiheadAttention;
  readonly sublayers: Sublayers;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    checkOptions(options, "TransformerDecoderLayer", layerChecks);
    const { dropout = 0.1, batchFirst, bias } = options;
    this.attention = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias });
    this.across = new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias });
    this.sublayers = new Sublayers(dModel, 3, options);
  }

  /** PyTorch's names. */
  children(): Iterable<readonly [string, unknown]> {
    return [["self_attn", this.attention], ["multihead_attn", this.across], ...this.sublayers.names()];
  }

  forward(x: DecoderInput, context: Context): Tensor {
    const name = "TransformerDecoderLayer";
    checkRecord(x, name, decoderChecks, "tgt", "memory");
    const { tgt, memory, memoryMask, memoryKeyMask, ...masks } = x; // the cache among them
    checkForward(tgt, context, name);
    aFloat(tgt, name, "tgt");
    aFloat(memory, name, "memory");
    const { attention, across, sublayers } = this;
    if (areSequences(tgt, memory)) checkMasks(name, across, [tgt, memory], [memoryMask, memoryKeyMask], MEMORY);
    const own = sublayers.around(tgt, 0, context, (query) => attention.forward({ query, ...masks }, context).output);
    const seen = { key: memory, mask: memoryMask, keyMask: memoryKeyMask, cache: x.cache };
    const both = sublayers.around(own, 1, context, (query) => across.forward({ query, ...seen }, context).output);
    return sublayers.feed(both, 2, context);
  }
}

/** Whether all may be sequences; what else they are, the layers say that read them. */
function areSequences(...given: readonly Tensor[]): boolean {
  return given.every(({ shape }) => shape.length === 3);
}

/** Layers of a transformer one after the other, and a norm at the end. */
abstract class LayerStack {
  readonly layers: readonly Layer<never, Tensor>[];
  readonly norm: LayerNorm | undefined;

  constructor(layers: readonly Layer<never, Tensor>[], norm: LayerNorm | undefined, name: string) {
    must(Array.isArray(layers) && layers.length > 0, layers, `${name}: layers`, "a list of layers");
    for (const [i, layer] of Array.from(layers).entries()) aLayer(layer, `${name}: layers.${i}`);
    this.layers = [...layers];
    this.norm = norm;
  }

  protected run(x: Tensor, given: (x: Tensor) => unknown, context: Context): Tensor {
    const through = this.layers.reduce(
      (y, layer, i) => forward(layer as Layer<unknown, Tensor>, given(y), context, `layers.${i}`),
      x,
    );
    return this.norm === undefined ? through : this.norm.forward(through);
  }
}

/**
 * Encoder layers one after the other, and a norm at the end if there is one, as torch.nn.TransformerEncoder.
 * @throws ArgumentError for no layers
 *
 * @example
 * import { input } from "simdgrad";
 * import { evaluationContext, LayerNorm, TransformerEncoder, TransformerEncoderLayer } from "simdgrad/nn";
 * const layers = [0, 1].map(() => new TransformerEncoderLayer(16, 4, { dimFeedforward: 32 }));
 * new TransformerEncoder(layers, { norm: new LayerNorm(16) }).forward(input([5, 2, 16]), evaluationContext()).shape; // => [5, 2, 16]
 */
export class TransformerEncoder extends LayerStack implements Module<Tensor | EncoderInput> {
  constructor(layers: readonly Layer<Tensor | EncoderInput, Tensor>[], options: { readonly norm?: LayerNorm } = {}) {
    checkOptions(options, "TransformerEncoder", { norm: aNorm });
    super(layers, options.norm, "TransformerEncoder");
  }

  forward(x: Tensor | EncoderInput, context: Context): Tensor {
    const { src, ...masks } = encoderInput(x, "TransformerEncoder");
    checkForward(src, context, "TransformerEncoder");
    aFloat(src, "TransformerEncoder", "src");
    return this.run(src, (y) => ({ src: y, ...masks }), context);
  }
}

/**
 * Decoder layers one after the other, and a norm at the end if there is one, as torch.nn.TransformerDecoder.
 * @throws ArgumentError for no layers
 *
 * @example
 * import { input } from "simdgrad";
 * import { evaluationContext, TransformerDecoder, TransformerDecoderLayer } from "simdgrad/nn";
 * const decoder = new TransformerDecoder([new TransformerDecoderLayer(16, 4, { dimFeedforward: 32 })]);
 * decoder.forward({ tgt: input([5, 2, 16]), memory: input([7, 2, 16]) }, evaluationContext()).shape; // => [5, 2, 16]
 */
export class TransformerDecoder extends LayerStack implements Module<DecoderInput> {
  constructor(layers: readonly Layer<DecoderInput, Tensor>[], options: { readonly norm?: LayerNorm } = {}) {
    checkOptions(options, "TransformerDecoder", { norm: aNorm });
    super(layers, options.norm, "TransformerDecoder");
  }

  forward(x: DecoderInput, context: Context): Tensor {
    checkRecord(x, "TransformerDecoder", decoderChecks, "tgt", "memory");
    const { tgt, ...others } = x;
    checkForward(tgt, context, "TransformerDecoder");
    aFloat(tgt, "TransformerDecoder", "tgt");
    aFloat(others.memory, "TransformerDecoder", "memory");
    return this.run(tgt, (y) => ({ tgt: y, ...others }), context);
  }
}

function aNorm(value: unknown, what: string): void {
  must(value instanceof LayerNorm, value, what, "a LayerNorm");
}

/** Options of Transformer. */
export interface TransformerOptions extends TransformerLayerOptions {
  /** Default 6 each. */
  readonly numEncoderLayers?: number;
  readonly numDecoderLayers?: number;
}

/** What a transformer is given. */
export interface TransformerInput {
  readonly src: Tensor;
  readonly tgt: Tensor;
  /**
   * As of MultiheadAttention: of the source, of the target, of the target to the encoded source. They are 1 where a key is seen: PyTorch's
   * `src_key_padding_mask` is `srcKeyMask` with 1 and 0 swapped.
   */
  readonly srcMask?: Tensor;
  readonly srcKeyMask?: Tensor;
  readonly tgtMask?: Tensor;
  readonly tgtKeyMask?: Tensor;
  readonly tgtIsCausal?: boolean;
  readonly memoryMask?: Tensor;
  readonly memoryKeyMask?: Tensor;
}

/**
 * An encoder and a decoder, each with a norm at its end, as torch.nn.Transformer, with its parameters and names: from a record
 * { src, tgt, ... } to a tensor of the shape of tgt. Masks are 1 where a key is seen: those of torch with 1 and 0 swapped.
 * @throws ArgumentError for sizes below 1 or a dModel that is no multiple of nhead; forward throws ShapeError for other sequences
 *
 * @example
 * import { input } from "simdgrad";
 * import { evaluationContext, Transformer } from "simdgrad/nn";
 * const model = new Transformer(16, 4, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 32 });
 * model.forward({ src: input([7, 2, 16]), tgt: input([5, 2, 16]), tgtIsCausal: true }, evaluationContext()).shape; // => [5, 2, 16]
 */
export class Transformer implements Module<TransformerInput> {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;
  readonly #heads: Heads;

  constructor(dModel = 512, nhead = 8, options: TransformerOptions = {}) {
    checkOptions(options, "Transformer", {
      ...layerChecks,
      numEncoderLayers: aDepth,
      numDecoderLayers: aDepth,
    });
    const { numEncoderLayers = 6, numDecoderLayers = 6, ...layer } = options;
    const { layerNormEps: eps = 1e-5, bias = true } = options;
    this.#heads = { batchFirst: options.batchFirst ?? false, numHeads: nhead };
    const several = <L>(count: number, make: () => L) => Array.from({ length: count }, make);
    this.encoder = new TransformerEncoder(
      several(numEncoderLayers, () => new TransformerEncoderLayer(dModel, nhead, layer)),
      { norm: new LayerNorm(dModel, { eps, bias }) },
    );
    this.decoder = new TransformerDecoder(
      several(numDecoderLayers, () => new TransformerDecoderLayer(dModel, nhead, layer)),
      { norm: new LayerNorm(dModel, { eps, bias }) },
    );
  }

  forward(x: TransformerInput, context: Context): Tensor {
    const masks = { srcMask: aTensor, srcKeyMask: aTensor, tgtMask: aTensor, tgtKeyMask: aTensor };
    const ofMemory = { memoryMask: aTensor, memoryKeyMask: aTensor };
    const checks = { src: aTensor, tgt: aTensor, ...masks, tgtIsCausal: aBoolean, ...ofMemory };
    checkRecord(x, "Transformer", checks, "src", "tgt");
    const { src, tgt, srcMask, srcKeyMask, tgtMask, tgtKeyMask, tgtIsCausal, memoryMask, memoryKeyMask } = x;
    aFloat(src, "Transformer", "src");
    aFloat(tgt, "Transformer", "tgt");
    if (areSequences(src, tgt)) {
      const check = checkMasks.bind(null, "Transformer", this.#heads);
      check([src, src], [srcMask, srcKeyMask], ["srcMask", "srcKeyMask"]);
      check([tgt, tgt], [tgtMask, tgtKeyMask], ["tgtMask", "tgtKeyMask"]);
      check([tgt, src], [memoryMask, memoryKeyMask], MEMORY);
    }
    const encoded = { src, mask: srcMask, keyMask: srcKeyMask };
    const memory = forward<EncoderInput, Tensor>(this.encoder, encoded, context, "encoder");
    const decoded = {
      tgt,
      memory,
      mask: tgtMask,
      keyMask: tgtKeyMask,
      isCausal: tgtIsCausal,
      memoryMask,
      memoryKeyMask,
    };
    return forward<DecoderInput, Tensor>(this.decoder, decoded, context, "decoder");
  }
}
