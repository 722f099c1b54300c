// Attention: PyTorch's equations, names and layouts (Vaswani et al., "Attention is all you need", 2017). Heads are views of what one product
// projects to: nothing is moved.
import { aBoolean, aFiniteNumber, aFraction, aWholeNumber, checkOptions, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { foldIn } from "../ops/random.ts";
import { checkDType, type Shape, showShape } from "../shape.ts";
import { arange, aTensor, Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { aCache, type KeyValueCache, type Past, UNSEEN } from "./cache.ts";
import { linearUniform, xavierUniform } from "./init.ts";
import { aSize } from "./layers.ts";
import { aContext, type Context, type Module } from "./module.ts";
import { checkRecord, refuseTensors } from "./records.ts";
import { Dropout } from "./regularization.ts";
import { byTiles } from "./tiles.ts";

/** Who may attend to whom. */
export interface AttentionMasks {
  /**
   * Where it is 0, a query does not see a key: of any dtype, it broadcasts to [..., L, S]. What is hidden must be finite: it has the weight 0,
   * and 0 times NaN or an infinite value is NaN.
   */
  readonly mask?: Tensor;
  /** Query i sees keys 0 to i alone. Default false. */
  readonly isCausal?: boolean;
}

/** Options of scaledDotProductAttention. */
export interface AttentionOptions extends AttentionMasks {
  /** Added to the scores: it broadcasts to [..., L, S]. */
  readonly bias?: Tensor;
  /** What scores are multiplied by. Default 1 / sqrt(E). */
  readonly scale?: number;
  /** While `context` is training, the share of weights that are zeroed; without a context it must be 0. Default 0. */
  readonly dropoutP?: number;
  readonly context?: Context;
  /**
   * Tile by tile, with memory that grows with L + S in place of L S, while each tile is computed a second time backward; `dropoutP` draws other
   * weights then. Gradients of gradients are right, but take the memory. Default: where L S is 2^20 and more, and L is 128 and more.
   */
  readonly tiled?: boolean;
}

export const maskChecks = { mask: aTensor, isCausal: aBoolean };

/** 1 where query i may see key j <= i: [L, S]. */
function causal(length: number, keys: number): Tensor {
  return arange(keys).lessEqual(arange(length).unsqueeze(-1));
}

/** 1 where a mask is not 0. */
function seenBy(mask: Tensor): Tensor {
  return (mask.dtype === "u8" ? mask.cast("i32") : mask).notEqual(0);
}

/** Who sees what of a cache. */
type Seen = Pick<Past, "mask"> & { readonly unseen: Tensor | number };

/** The weights of all keys for each query, [..., L, S]: a softmax of scores; zeros where a query sees none. */
function weightsOf(
  scores: Tensor,
  { mask, isCausal, bias, dropoutP = 0, context }: AttentionOptions,
  cached: Seen | undefined,
): Tensor {
  const [length, keys] = scores.shape.slice(-2);
  const added = bias === undefined ? scores : scores.add(bias);
  const past = cached?.mask ?? (isCausal ? causal(length, keys) : undefined);
  const given = mask && seenBy(mask);
  const seen = past && given ? past.mul(given) : (past ?? given);
  if (seen === undefined) return dropped(added.softmax(-1), dropoutP, context);
  const all = seen.broadcastTo(scores.shape);
  const weights = all.select(added, cached?.unseen ?? UNSEEN).softmax(-1);
  // A row of a mask may be all 0; one of the past never is.
  return dropped(given === undefined ? weights : all.select(weights, 0), dropoutP, context);
}

function dropped(weights: Tensor, p: number, context: Context | undefined): Tensor {
  return p === 0 || context === undefined ? weights : new Dropout(p).forward(weights, context);
}

/**
 * softmax(Q K^T scale) V for queries [..., H, L, E], keys [..., G, S, E] and values [..., G, S, Ev]: [..., H, L, Ev], as
 * torch.nn.functional.scaled_dot_product_attention (Vaswani et al. 2017). Where there are fewer heads of keys than of queries, each serves
 * H / G of them (Ainslie et al. 2023). A query that sees no key gets zeros. What masks hide must be finite: 0 times NaN is NaN.
 * @throws ShapeError where sizes do not fit, H is no multiple of G or there are no keys or features, ArgumentError for `dropoutP` without a
 * context
 *
 * @example
 * import { input } from "simdgrad";
 * import { scaledDotProductAttention } from "simdgrad/nn";
 * const [q, k, v] = [input([2, 8, 5, 16]), input([2, 2, 7, 16]), input([2, 2, 7, 16])];
 * scaledDotProductAttention(q, k, v).shape; // => [2, 8, 5, 16]
 */
export function scaledDotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions = {},
): Tensor {
  return attend(query, key, value, options).output;
}

/** @throws ShapeError unless a mask broadcasts to a shape; `sizes` says what it has in words */
function checkMask(mask: Tensor | undefined, shape: Shape, what: string, sizes: string): void {
  const given = mask?.shape ?? [];
  const fits = given.toReversed().every((size, i) => size === 1 || size === shape.at(-1 - i));
  if (!fits || given.length > shape.length)
    throw new ShapeError(`${what} ${showShape(given)} does not broadcast to ${sizes} = ${showShape(shape)}`);
}

/** @throws ArgumentError for the mask of torch.nn.functional, with its name here */
function checkOthersMask(options: object, name: string): void {
  const key = Object.keys(options ?? {}).find((each) => /^attn_?mask$/i.test(each));
  if (key !== undefined)
    throw new ArgumentError(
      `${name}: unknown option ${key}; here it is mask, 0 where a key is hidden, or bias, added to scores`,
    );
}

/** Attention with its weights; `cached`: keys and values are those of a cache. */
function attend(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions, cached?: Seen) {
  const name = "scaledDotProductAttention";
  for (const [what, tensor] of Object.entries({ query, key, value })) {
    aTensor(tensor, `${name}: ${what}`);
    checkDType(tensor, ["f32"], name);
  }
  checkOthersMask(options, name);
  checkOptions(options, name, {
    ...maskChecks,
    bias: aTensor,
    scale: aFiniteNumber,
    dropoutP: aFraction,
    context: aContext,
    tiled: aBoolean,
  });
  if (options.bias !== undefined) checkDType(options.bias, ["f32"], `${name}: bias`);
  const shown = `${name}: queries ${showShape(query.shape)}, keys ${showShape(key.shape)}, values ${showShape(value.shape)}`;
  const rank = query.shape.length;
  const same = (a: Tensor, b: Tensor, last: number) =>
    a.shape.length === b.shape.length && a.shape.slice(0, last).every((size, i) => size === b.shape[i]);
  if (rank < 2 || !same(key, value, rank - 1) || !same(query, key, Math.max(0, rank - 3)))
    throw new ShapeError(`${shown}: they differ before their last axes`);
  const size = query.shape[rank - 1];
  if (size !== key.shape[rank - 1]) throw new ShapeError(`${shown}: queries and keys differ in their last axis`);
  if (size === 0) throw new ShapeError(`${shown}: queries and keys have no features`);
  if (key.shape[rank - 2] === 0) throw new ShapeError(`${shown}: there are no keys`);
  const { mask, bias, dropoutP = 0, context } = options;
  if (dropoutP > 0) must(context !== undefined, context, `${name}: context`, "given where dropoutP is");
  const scale = options.scale ?? 1 / Math.sqrt(size);
  const [heads, groups] = rank > 2 ? [query.shape[rank - 3], key.shape[rank - 3]] : [1, 1];
  if (groups === 0 || heads % groups !== 0)
    throw new ShapeError(`${shown}: ${heads} heads of queries are no multiple of ${groups} heads of keys`);
  const ofScores = [...query.shape.slice(0, -1), key.shape[rank - 2]];
  checkMask(mask, ofScores, `${name}: mask`, "[..., L, S]");
  checkMask(bias, ofScores, `${name}: bias`, "[..., L, S]");
  const served = heads / groups;
  const shared = (tensor: Tensor) => {
    if (served === 1) return tensor;
    const [length, width] = tensor.shape.slice(-2);
    const before = tensor.shape.slice(0, -2);
    return tensor
      .unsqueeze(-3)
      .broadcastTo([...before, served, length, width])
      .reshape([...before.slice(0, -1), heads, length, width]);
  };
  const [k, v] = [shared(key), shared(value)];
  const scores = query.matmul(k, { transposeB: true }).mul(scale);
  const weights = weightsOf(scores, options, cached);
  const isLong = cached === undefined && isTiled(ofScores);
  const output = (options.tiled ?? isLong) ? attendByTiles(query, k, v, { ...options, scale }) : weights.matmul(v);
  return { output, weights };
}

/** Whether scores [..., L, S] are so many that tiles are worth it. */
function isTiled(shape: Shape): boolean {
  const [length, keys] = shape.slice(-2);
  return length >= 128 && length * keys >= 2 ** 20;
}

/** Attention tile by tile, to keys and values of as many heads as the queries. */
function attendByTiles(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: AttentionOptions & { readonly scale: number },
) {
  const { mask, bias, isCausal, scale, dropoutP = 0, context } = options;
  const [length, keys] = [query.shape.at(-2) as number, key.shape.at(-2) as number];
  const isOfQueries = ({ shape }: Tensor) => shape.length > 1 && shape.at(-2) === length;
  const given = (tensor: Tensor | undefined) =>
    tensor === undefined ? [] : [{ tensor, isSequence: isOfQueries(tensor) }];
  const read = [
    { tensor: query, isSequence: true },
    { tensor: key, isSequence: false },
    { tensor: value, isSequence: false },
    ...given(bias),
  ];
  // All tiles draw by one key, each by its number.
  const drawn = dropoutP > 0 && context?.training ? context.key() : undefined;
  return byTiles(length, read, given(mask), ([q, k, v, ...others], places, number) => {
    const own = {
      bias: bias && others[0],
      mask: mask && others[others.length - 1],
      dropoutP: drawn === undefined ? 0 : dropoutP,
      context: context && drawn && { ...context, key: () => foldIn(drawn, number) },
    };
    const seen = isCausal ? arange(keys).lessEqual(places.unsqueeze(-1)) : undefined;
    const scores = q.matmul(k, { transposeB: true }).mul(scale);
    return weightsOf(scores, own, seen && { mask: seen, unseen: UNSEEN }).matmul(v);
  });
}

/** Options of MultiheadAttention. */
export interface MultiheadAttentionOptions {
  /** Share of weights that are zeroed while training. Default 0. */
  readonly dropout?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Features of keys and of values. Default embedDim. */
  readonly kdim?: number;
  readonly vdim?: number;
  /** Sequences are [N, T, features] instead of [T, N, features]. Default false. */
  readonly batchFirst?: boolean;
}

/** What MultiheadAttention may be given beside a tensor. */
export interface MultiheadInput extends AttentionMasks {
  /** [L, N, embedDim], or [N, L, embedDim] with `batchFirst`. */
  readonly query: Tensor;
  /** [S, N, kdim]. Default: the query. */
  readonly key?: Tensor;
  /** [S, N, vdim]. Default: the key. */
  readonly value?: Tensor;
  /**
   * Where it is 0, a query does not see a key: [L, S], or [N, L, S] or [N, heads, L, S]; PyTorch's `attn_mask` of its layers is true there.
   * What is hidden must be finite.
   */
  readonly mask?: Tensor;
  /** Where it is 0, nobody sees the key: [N, S]; PyTorch's `key_padding_mask` is true there. What is hidden must be finite. */
  readonly keyMask?: Tensor;
  /**
   * What is kept of earlier tokens. Where keys are the query itself, those of all tokens so far are attended to, as by `isCausal`, and S is the
   * cache's capacity; keys and values of anything else are projected in its first pass alone.
   */
  readonly cache?: KeyValueCache;
}

/** What it then gives. */
export interface MultiheadOutput {
  /** [L, N, embedDim], batch first if the input is. */
  readonly output: Tensor;
  /** The weights of all heads: [N, heads, L, S]. Made where they are read: of long sequences they take the memory that tiles save. */
  readonly weights: Tensor;
}

/**
 * Attention of several heads, each over embedDim / numHeads features, as torch.nn.MultiheadAttention, with its parameters and their first
 * values: a tensor attends to itself, a record { query, key, value, mask, keyMask, isCausal, cache } gives { output, weights }. Masks are 1
 * where a key is seen: those of torch's layer with 1 and 0 swapped. The context may be left out where there is no dropout.
 * @throws ArgumentError where embedDim is no multiple of numHeads; forward throws ShapeError for sequences and masks that do not fit
 *
 * @example
 * import { input } from "simdgrad";
 * import { evaluationContext, MultiheadAttention, variables } from "simdgrad/nn";
 * const layer = new MultiheadAttention(16, 4, { batchFirst: true });
 * layer.forward(input([2, 5, 16]), evaluationContext()).shape; // => [2, 5, 16]
 * [...variables(layer).keys()]; // => ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
 */
export class MultiheadAttention implements Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly kdim: number;
  readonly vdim: number;
  /** [3 embedDim, embedDim] for queries, keys and values, or one each where these have other features. */
  readonly inProjection: readonly Variable[];
  readonly inBias: Variable | undefined;
  readonly outWeight: Variable;
  readonly outBias: Variable | undefined;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    aSize(embedDim, "MultiheadAttention: embedDim");
    aSize(numHeads, "MultiheadAttention: numHeads");
    checkOptions(options, "MultiheadAttention", {
      dropout: aFraction,
      bias: aBoolean,
      kdim: aWholeNumber(1),
      vdim: aWholeNumber(1),
      batchFirst: aBoolean,
    });
    must(embedDim % numHeads === 0, embedDim, "MultiheadAttention: embedDim", `a multiple of numHeads ${numHeads}`);
    const { dropout = 0, bias = true, kdim = embedDim, vdim = embedDim, batchFirst = false } = options;
    this.embedDim = embedDim;
    this.numHeads = numHeads;
    this.dropout = dropout;
    this.batchFirst = batchFirst;
    this.kdim = kdim;
    this.vdim = vdim;
    const weight = (label: string, rows: number, columns: number) =>
      new Variable([rows, columns], xavierUniform(), { label });
    const zeros = (label: string, size: number) => new Variable([size], 0, { label });
    this.inProjection =
      kdim === embedDim && vdim === embedDim
        ? [weight("in_proj_weight", 3 * embedDim, embedDim)]
        : [embedDim, kdim, vdim].map((size, i) => weight(`${"qkv"[i]}_proj_weight`, embedDim, size));
    this.inBias = bias ? zeros("in_proj_bias", 3 * embedDim) : undefined;
    this.outWeight = new Variable([embedDim, embedDim], linearUniform(embedDim), { label: "out_proj.weight" });
    this.outBias = bias ? zeros("out_proj.bias", embedDim) : undefined;
  }

  /** PyTorch's names. */
  children(): Iterable<readonly [string, unknown]> {
    return [
      ...this.inProjection.map((weight) => [weight.label, weight] as const),
      ["in_proj_bias", this.inBias],
      ["out_proj.weight", this.outWeight],
      ["out_proj.bias", this.outBias],
    ];
  }

  forward(x: Tensor, context?: Context): Tensor;
  forward(x: MultiheadInput, context?: Context): MultiheadOutput;
  forward(x: Tensor | MultiheadInput, context?: Context): Tensor | MultiheadOutput {
    const name = "MultiheadAttention";
    const given = x instanceof Tensor ? { query: x } : x;
    refuseTensors(context, name, "{ query, key, value }");
    checkRecord(
      given,
      name,
      { query: aTensor, key: aTensor, value: aTensor, keyMask: aTensor, ...maskChecks, cache: aCache },
      "query",
    );
    if (this.dropout > 0 || context !== undefined) aContext(context, `${name}: context`);
    const { query, key = query, value = key, keyMask, cache } = given;
    this.#check(query, key, value);
    const past = key === query && value === query ? cache : undefined;
    checkMasks(name, this, [query, key], [given.mask, keyMask], undefined, past?.capacity);
    const { batchFirst, embedDim, numHeads, outWeight, outBias } = this;
    const inHeads = (...each: readonly Tensor[]) => each.map((x) => heads(x, numHeads, batchFirst));
    const options = { ...this.#masks(given, keyMask), dropoutP: this.dropout, context };
    const attended = () => {
      if (cache !== undefined && past === undefined) {
        const [q] = inHeads(this.#projectedAlone(query, 0));
        const [k, v] = cache.once(() => inHeads(this.#projectedAlone(key, 1), this.#projectedAlone(value, 2)));
        return attend(q, k, v, options);
      }
      const [q, k, v] = inHeads(...this.#projected(query, key, value));
      if (past === undefined) return attend(q, k, v, options);
      must(given.isCausal !== false, false, `${name}: isCausal`, "true, or left out, where there is a cache");
      const all = past.append(k, v);
      return attend(q, all.keys, all.values, { ...options, isCausal: false }, all);
    };
    const { output, weights } = attended();
    const joined = output
      .permute(batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3])
      .reshape([...query.shape.slice(0, 2), embedDim]);
    const product = joined.matmul(outWeight, { transposeB: true });
    const result = outBias === undefined ? product : product.add(outBias);
    return x instanceof Tensor ? result : { output: result, weights };
  }

  /** Queries, keys and values: of one tensor they are one product. */
  #projected(...given: readonly Tensor[]): Tensor[] {
    const { inProjection, inBias, embedDim } = this;
    if (inProjection.length === 1 && given.every((each) => each === given[0])) {
      const all = project(given[0], inProjection[0], inBias);
      return given.map((_, i) => part(all, i, embedDim, -1));
    }
    return given.map((x, i) => this.#projectedAlone(x, i));
  }

  /** Queries, keys or values. */
  #projectedAlone(x: Tensor, i: number): Tensor {
    const { inProjection, inBias, embedDim } = this;
    const weight = inProjection.length > 1 ? inProjection[i] : part(inProjection[0], i, embedDim, 0);
    return project(x, weight, inBias && part(inBias, i, embedDim, 0));
  }

  #masks({ mask, isCausal }: AttentionMasks, keyMask: Tensor | undefined): AttentionMasks {
    const own = mask?.shape.length === 3 ? mask.unsqueeze(1) : mask;
    const ofKeys = keyMask?.unsqueeze(1).unsqueeze(1);
    return { mask: own && ofKeys ? seenBy(own).mul(seenBy(ofKeys)) : (own ?? ofKeys), isCausal };
  }

  #check(query: Tensor, key: Tensor, value: Tensor): void {
    const { embedDim, kdim, vdim, batchFirst } = this;
    const [rows, steps] = batchFirst ? [0, 1] : [1, 0];
    for (const each of [query, key, value]) checkDType(each, ["f32"], "MultiheadAttention");
    for (const [what, { shape }, size] of [
      ["queries", query, embedDim],
      ["keys", key, kdim],
      ["values", value, vdim],
    ] as const)
      if (shape.length !== 3 || shape[2] !== size)
        throw new ShapeError(
          `MultiheadAttention: takes ${what} ${batchFirst ? "[N, T, " : "[T, N, "}${size}], got ${showShape(shape)}`,
        );
    if (key.shape[steps] !== value.shape[steps] || [key, value].some(({ shape }) => shape[rows] !== query.shape[rows]))
      throw new ShapeError(
        `MultiheadAttention: queries ${showShape(query.shape)}, keys ${showShape(key.shape)} and values ${showShape(value.shape)} do not fit together`,
      );
  }
}

function project(x: Tensor, weight: Tensor, bias: Tensor | undefined): Tensor {
  const product = x.matmul(weight, { transposeB: true });
  return bias === undefined ? product : product.add(bias);
}

/** Of queries, keys and values side by side those number i. */
function part(x: Tensor, i: number, size: number, axis: number): Tensor {
  return x.narrow(axis, i * size, size);
}

/** What says how sequences lie, and in how many heads. */
export type Heads = Pick<MultiheadAttention, "batchFirst" | "numHeads">;

/** @throws ShapeError unless masks, which a layer calls so, fit queries and keys */
export function checkMasks(
  name: string,
  { batchFirst, numHeads }: Heads,
  [query, key]: readonly [query: Tensor, key: Tensor],
  [mask, keyMask]: readonly (Tensor | undefined)[],
  [ofScores, ofKeys]: readonly string[] = ["mask", "keyMask"],
  keys: number = key.shape[batchFirst ? 1 : 0],
): void {
  const [rows, steps] = batchFirst ? [0, 1] : [1, 0];
  const [n, length] = [query.shape[rows], query.shape[steps]];
  const rank = mask?.shape.length ?? 0;
  if (rank === 3) checkMask(mask, [n, length, keys], `${name}: ${ofScores}`, "[N, L, S]");
  else if (rank > 3) checkMask(mask, [n, numHeads, length, keys], `${name}: ${ofScores}`, "[N, heads, L, S]");
  else checkMask(mask, [length, keys], `${name}: ${ofScores}`, "[L, S]");
  if (keyMask !== undefined && keyMask.shape.length !== 2)
    throw new ShapeError(`${name}: ${ofKeys} is [N, S] = ${showShape([n, keys])}, got ${showShape(keyMask.shape)}`);
  checkMask(keyMask, [n, keys], `${name}: ${ofKeys}`, "[N, S]");
}

/** [N, heads, T, size] of sequences. */
function heads(x: Tensor, count: number, batchFirst: boolean): Tensor {
  const [a, b, features] = x.shape;
  return x.reshape([a, b, count, features / count]).permute(batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);
}
