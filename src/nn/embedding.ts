// Embedding: rows of a table by index, and bags of them.
import { customGradient } from "../autodiff.ts";
import { aboveZero, aPositiveNumber, aWholeNumber, checkNeeds, checkOptions, must, oneOf } from "../check.ts";
import { concat } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { cumulativeSum } from "../ops/cumulative.ts";
import { normal } from "../ops/random.ts";
import { checkDType, sameShape, showShape } from "../shape.ts";
import { arange, aTensor, scalar, Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { knownNumbers } from "./known.ts";
import { aSize } from "./layers.ts";
import type { Context, Module } from "./module.ts";
import { refuseTensors } from "./records.ts";

/** What torch.embedding_renorm_ adds to a norm before dividing by it. */
const SMALLEST_NORM = 1e-7;

/** Rows no longer than `longest` by the norm of a type. */
function shortened(rows: Tensor, longest: number, type: number): Tensor {
  const length = rows.norm(-1, { p: type, keepDims: true });
  const scale = length.greater(longest).select(length.like(longest).div(length.add(SMALLEST_NORM)), 1);
  return rows.mul(scale);
}

/** Options of Embedding. */
export interface EmbeddingOptions {
  /** A row that starts at zero and gets no gradient; negative ones count from the back. */
  readonly paddingIdx?: number;
  /** Rows that are longer are shortened to this where they are looked up. */
  readonly maxNorm?: number;
  /** Of the norm that `maxNorm` bounds: the p-th root of the sum of p-th powers. Default 2. */
  readonly normType?: number;
}

/**
 * Rows of a table, weight [numEmbeddings, embeddingDim], for i32 indices of any shape [...]: [..., embeddingDim]. It starts normal with
 * deviation 1, as torch.nn.Embedding. An index outside the table gives NaN. With `maxNorm`, values and gradients are PyTorch's, but the
 * long rows themselves stay in the table.
 * @throws ArgumentError for sizes below 1, a `paddingIdx` outside the table, a `maxNorm` that is not positive; forward throws DTypeError
 * for indices that are not i32
 *
 * @example
 * import { input } from "simdgrad";
 * import { Embedding } from "simdgrad/nn";
 * new Embedding(1000, 32).forward(input([64, 12], "i32")).shape; // => [64, 12, 32]
 */
export class Embedding implements Module {
  readonly weight: Variable;
  readonly paddingIdx: number | undefined;
  readonly maxNorm: number | undefined;
  readonly normType: number;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    aSize(numEmbeddings, "Embedding: numEmbeddings");
    aSize(embeddingDim, "Embedding: embeddingDim");
    checkOptions(options, "Embedding", {
      paddingIdx: aWholeNumber(-numEmbeddings, numEmbeddings - 1),
      maxNorm: aPositiveNumber,
      normType: aboveZero,
    });
    checkNeeds(options, "Embedding", { normType: "maxNorm" });
    const { paddingIdx, maxNorm, normType = 2 } = options;
    const padding = paddingIdx === undefined || paddingIdx >= 0 ? paddingIdx : numEmbeddings + paddingIdx;
    this.paddingIdx = padding;
    this.maxNorm = maxNorm;
    this.normType = normType;
    this.weight = new Variable(
      [numEmbeddings, embeddingDim],
      (shape, key) => {
        const rows = normal(key, shape);
        return padding === undefined ? rows : arange(numEmbeddings).equal(padding).unsqueeze(-1).select(0, rows);
      },
      { label: "weight" },
    );
  }

  forward(index: Tensor, _context?: Context): Tensor {
    aTensor(index, "Embedding: index");
    checkDType(index, ["i32"], "Embedding: the index");
    return lookedUp(this, index);
  }
}

type Table = Pick<Embedding, "weight" | "paddingIdx" | "maxNorm" | "normType">;

/** Rows of a table by their indices. */
function lookedUp({ weight: table, paddingIdx, maxNorm, normType }: Table, index: Tensor): Tensor {
  if (paddingIdx === undefined && maxNorm === undefined) return table.gather(index);
  // What is shortened is so outside of the gradient, as PyTorch does it in place; the padding row's share goes nowhere.
  const rows = customGradient(
    (weight, at) => {
      const found = weight.gather(at);
      return maxNorm === undefined ? found : shortened(found, maxNorm, normType);
    },
    (cotangent, [weight, at]) => {
      const target = paddingIdx === undefined ? at : at.equal(paddingIdx).select(-1, at);
      return [target.scatterAdd(cotangent, weight.shape), undefined];
    },
  );
  return rows(table, index);
}

/** Options of EmbeddingBag. */
export interface EmbeddingBagOptions extends EmbeddingOptions {
  /** What becomes of the rows of a bag; default "mean". */
  readonly mode?: "sum" | "mean" | "max";
}

/** What EmbeddingBag takes besides indices alone. */
export interface EmbeddingBagInput {
  /** i32 [N, L], a bag a row; or all in a row, [M], with `offsets`. */
  readonly index: Tensor;
  /**
   * i32 [N]: where each bag begins, from 0 on, none before the one before; of the same place, the first is empty. For sums and means.
   * Constants that are none are refused; as data, they make all results NaN.
   */
  readonly offsets?: Tensor;
  /** A factor an index, of its shape: for sums. */
  readonly perSampleWeights?: Tensor;
}

/**
 * Sums, means or maxima of bags of rows of a table, weight [numEmbeddings, embeddingDim], for i32 indices [N, L]: [N, embeddingDim], as
 * torch.nn.EmbeddingBag. Indices `paddingIdx` are in no bag, so rows of any length are padded with it; an empty bag gives 0. An index outside
 * the table gives NaN. Rows that tie for a maximum share its gradient, as those of `Tensor.max` do; PyTorch gives all of it to one.
 * @throws ArgumentError for sizes below 1, a `paddingIdx` outside the table, a `maxNorm` that is not positive, another mode; forward throws
 * ArgumentError for weights of anything but sums, for offsets of maxima and for constants that are none, ShapeError for inputs that do not fit, DTypeError for indices
 * that are not i32
 *
 * @example
 * import { constant, input } from "simdgrad";
 * import { EmbeddingBag } from "simdgrad/nn";
 * const bags = new EmbeddingBag(1000, 32, { mode: "sum", paddingIdx: 0 });
 * bags.forward(input([64, 12], "i32")).shape; // => [64, 32]
 * const index = constant(Int32Array.of(5, 7, 9));
 * bags.forward({ index, offsets: constant(Int32Array.of(0, 2)) }).shape; // => [2, 32]
 */
export class EmbeddingBag implements Module<Tensor | EmbeddingBagInput> {
  readonly weight: Variable;
  readonly paddingIdx: number | undefined;
  readonly maxNorm: number | undefined;
  readonly normType: number;
  readonly mode: "sum" | "mean" | "max";

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagOptions = {}) {
    const { table, mode = "mean" } = tableOf(numEmbeddings, embeddingDim, options);
    this.weight = table.weight;
    this.paddingIdx = table.paddingIdx;
    this.maxNorm = table.maxNorm;
    this.normType = table.normType;
    this.mode = mode;
  }

  forward(x: Tensor | EmbeddingBagInput, context?: Context): Tensor {
    refuseTensors(context, "EmbeddingBag", "{ index, offsets }");
    const { mode, paddingIdx } = this;
    const { index, offsets, perSampleWeights } = bagsOf(x, mode);
    const counts = paddingIdx === undefined ? index.equal(index) : index.notEqual(paddingIdx);
    const own = lookedUp(this, index);
    const rows = perSampleWeights === undefined ? own : own.mul(perSampleWeights.unsqueeze(-1));
    const added = (values: Tensor) => (offsets === undefined ? values.sum(1) : totals(values, offsets));
    if (mode === "max") return largest(rows, counts.unsqueeze(-1));
    const sums = added(paddingIdx === undefined ? rows : counts.unsqueeze(-1).select(rows, 0));
    const found = mode === "sum" ? sums : sums.div(added(counts.unsqueeze(-1)).maximum(1));
    return offsets === undefined ? found : nanWhereWrong(found, offsets, index.shape[0]);
  }
}

/** @throws ShapeError, DTypeError, ArgumentError where bags do not fit one another or the mode */
function checkBags({ index, offsets, perSampleWeights: weights }: EmbeddingBagInput, mode: EmbeddingBag["mode"]): void {
  const name = "EmbeddingBag";
  checkDType(index, ["i32"], `${name}: index`);
  const rank = offsets === undefined ? 2 : 1;
  if (index.shape.length !== rank) {
    const wanted = rank === 2 ? "[N, L], or [M] with offsets" : "[M] beside offsets";
    throw new ShapeError(`${name}: takes indices ${wanted}, got ${showShape(index.shape)}`);
  }
  if (offsets !== undefined) {
    checkDType(offsets, ["i32"], `${name}: offsets`);
    if (offsets.shape.length !== 1) throw new ShapeError(`${name}: takes offsets [N], got ${showShape(offsets.shape)}`);
    if (mode === "max")
      throw new ArgumentError(`${name}: offsets are for sums and means; for maxima, pad rows with paddingIdx`);
    checkOffsets(offsets, index.shape[0], name);
  }
  if (weights === undefined) return;
  if (mode !== "sum") throw new ArgumentError(`${name}: perSampleWeights are for mode "sum", not "${mode}"`);
  checkDType(weights, ["f32"], `${name}: perSampleWeights`);
  if (!sameShape(weights.shape, index.shape))
    throw new ShapeError(
      `${name}: perSampleWeights ${showShape(weights.shape)} and indices ${showShape(index.shape)} differ`,
    );
}

/** @throws ArgumentError for constants at which no bag begins */
function checkOffsets(offsets: Tensor, count: number, name: string): void {
  let before = 0;
  for (const [bag, each] of knownNumbers(offsets)?.entries() ?? []) {
    const most = bag === 0 ? 0 : count;
    const why = bag === 0 ? "0, where the first bag begins" : `from ${before} to ${count}, none before the one before`;
    must(each >= before && each <= most, each, `${name}: offsets.${bag}`, why);
    before = each;
  }
}

/** Results, or NaN in place of all where an offset is none: which bag has lost its rows, or has others', nobody can tell then. */
function nanWhereWrong(results: Tensor, offsets: Tensor, count: number): Tensor {
  if (knownNumbers(offsets) !== undefined || offsets.shape[0] === 0) return results;
  const zero = scalar(0, "i32").unsqueeze(0);
  const before = concat([zero, offsets.narrow(0, 0, offsets.shape[0] - 1)]);
  const atFirst = offsets.narrow(0, 0, 1).notEqual(0).sum();
  const wrong = offsets.less(before).add(offsets.greater(count)).sum().add(atFirst);
  return wrong.greater(0).select(Number.NaN, results);
}

function tableOf(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagOptions) {
  const name = "EmbeddingBag";
  aSize(numEmbeddings, `${name}: numEmbeddings`);
  aSize(embeddingDim, `${name}: embeddingDim`);
  checkOptions(options, name, {
    paddingIdx: aWholeNumber(-numEmbeddings, numEmbeddings - 1),
    maxNorm: aPositiveNumber,
    normType: aboveZero,
    mode: oneOf("sum", "mean", "max"),
  });
  const { mode, ...own } = options;
  return { table: new Embedding(numEmbeddings, embeddingDim, own), mode };
}

function bagsOf(x: Tensor | EmbeddingBagInput, mode: EmbeddingBag["mode"]): EmbeddingBagInput {
  const given: EmbeddingBagInput = x instanceof Tensor ? { index: x } : x;
  checkOptions(given, "EmbeddingBag: the input", { index: aTensor, offsets: aTensor, perSampleWeights: aTensor });
  aTensor(given.index, "EmbeddingBag: index");
  checkBags(given, mode);
  return given;
}

/** Sums [N, D] of rows [M, D], from each offset on up to the next. */
function totals(rows: Tensor, offsets: Tensor): Tensor {
  const [count, width] = rows.shape;
  const begun = cumulativeSum(offsets.scatterAdd(scalar(1).broadcastTo(offsets.shape), [count]), 0);
  return begun.cast("i32").sub(1).scatterAdd(rows, [offsets.shape[0], width]);
}

/** Maxima over axis 1 of rows that count; 0 where none does. */
function largest(rows: Tensor, counts: Tensor): Tensor {
  const found = counts.select(rows, Number.NEGATIVE_INFINITY).max(1);
  return counts.sum(1).equal(0).select(0, found);
}
