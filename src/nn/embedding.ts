// Embedding: rows of a table by index.
import { customGradient } from "../autodiff.ts";
import { aboveZero, aPositiveNumber, aWholeNumber, checkOptions } from "../check.ts";
import { normal } from "../ops/random.ts";
import { arange, aTensor, type Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { aSize } from "./layers.ts";
import type { Module } from "./module.ts";

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

  forward(index: Tensor): Tensor {
    aTensor(index, "Embedding: index");
    const { paddingIdx, maxNorm, normType } = this;
    if (paddingIdx === undefined && maxNorm === undefined) return this.weight.gather(index);
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
    return rows(this.weight, index);
  }
}
