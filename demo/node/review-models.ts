// Who tells praise from blame: a network that reads words in their order, and a logistic regression that counts them.
import { type Initializer, type Tensor, Variable } from "simdgrad";
import { type Context, Conv1d, Dropout, Embedding, EmbeddingBag, init, Linear, relu } from "simdgrad/nn";

/** Terms of each review and their weights [N, L]. */
export interface TermRows {
  readonly index: Tensor;
  readonly perSampleWeights: Tensor;
}

/** Words of each review in their order [N, L], and its terms. */
export interface Read extends TermRows {
  readonly words: Tensor;
}

/** A weight for each term: logits [N, 1]. */
export class Regression {
  readonly weights: EmbeddingBag;
  readonly bias: Linear;

  constructor(terms: number) {
    this.weights = begun(new EmbeddingBag(terms, 1, { mode: "sum" }), init.zeros());
    this.bias = new Linear(1, 1);
  }

  forward(terms: TermRows): Tensor {
    return this.bias.forward(this.weights.forward(terms));
  }
}

const WIDTHS = { words: 32, filters: 64 };

/** A layer whose weight begins in another way. */
function begun<L extends Embedding | EmbeddingBag>(layer: L, initial: Initializer): L {
  return Object.assign(layer, { weight: new Variable(layer.weight.shape, initial, { label: "weight" }) });
}

/** Weights of terms grow by as much as the other weights do, though each review's terms together have length 1. */
const SCALE = 16;

/**
 * Filters over three words each, of which the strongest answer counts wherever it stands (after Kim, "Convolutional neural networks for sentence
 * classification", 2014), beside a weight for each word and each pair (after Cheng et al., "Wide and deep learning", 2016): logits
 * [N, 1].
 */
export class Reader {
  readonly words: Embedding;
  readonly terms: EmbeddingBag;
  readonly filters = new Conv1d(WIDTHS.words, WIDTHS.filters, 3);
  readonly blank = new Dropout(0.2);
  readonly dropout = new Dropout(0.5);
  readonly out = new Linear(WIDTHS.filters, 1);

  constructor(words: number, terms: number) {
    this.words = begun(new Embedding(words, WIDTHS.words), init.normal(0, 0.1));
    this.terms = begun(new EmbeddingBag(terms, 1, { mode: "sum" }), init.zeros());
  }

  forward({ words, ...terms }: Read, context: Context): Tensor {
    const read = this.blank.forward(this.words.forward(words), context).transpose(1, 2);
    const strongest = relu(this.filters.forward(read)).max(2);
    const weights = this.dropout.forward(terms.perSampleWeights, context);
    const counted = this.terms.forward({ ...terms, perSampleWeights: weights }).mul(SCALE);
    return this.out.forward(this.dropout.forward(strongest, context)).add(counted);
  }
}
