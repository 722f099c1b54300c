// TfIdfVectorizer: how often terms of a pool stand in rows of whole numbers, one behind the other or with others skipped between them.
import { constant } from "../../create.ts";
import { DataError } from "../../errors.ts";
import { showShape, sizeOf } from "../../shape.ts";
import { scalar, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** Comparisons of numbers with those of the pool. */
const MOST = 2 ** 24;

/** Terms of `length` numbers of the pool, as columns [length, terms], and the columns of the result that they count in. */
function termsOf(node: Node, length: number): { numbers: Int32Array; columns: Int32Array } {
  const [pool, starts, indexes] = [node.ints("pool_int64s"), node.ints("ngram_counts"), node.ints("ngram_indexes")];
  const [start, end] = [starts[length - 1] ?? pool.length, starts[length] ?? pool.length];
  const count = (end - start) / length;
  // Terms of all lengths before these.
  let before = 0;
  for (let each = 1; each < length; each++) before += ((starts[each] ?? pool.length) - starts[each - 1]) / each;
  const columns = Int32Array.from(indexes.slice(before, before + count));
  const isRight = Number.isInteger(count) && count >= 0 && start >= 0 && end <= pool.length && columns.length === count;
  if (!isRight) throw new DataError("ngram_counts and ngram_indexes do not fit pool_int64s");
  const numbers = new Int32Array(pool.slice(start, end).length);
  for (let term = 0; term < count; term++)
    for (let k = 0; k < length; k++) numbers[k * count + term] = pool[start + term * length + k];
  return { numbers, columns };
}

function tfIdf(node: Node): Value {
  if (node.hasAttribute("pool_strings")) throw new Refusal("a pool of texts: there are no tensors of texts here");
  const x = node.tensor(0);
  if (x.dtype !== "i32" || x.shape.length < 1 || x.shape.length > 2)
    throw new DataError(`takes whole numbers [C] or [N, C], got ${node.type(0)} ${showShape(x.shape)}`);
  const width = Math.max(-1, ...node.ints("ngram_indexes")) + 1;
  const places = x.shape.at(-1) ?? 0;
  const rows = x.reshape([sizeOf(x.shape) / Math.max(1, places), places]);
  const [least, most, skips] = ["min_gram_length", "max_gram_length", "max_skip_count"].map((name) => node.int(name));
  const lengths = node.ints("ngram_counts").length;
  if (!(least >= 1 && least <= most && most <= lengths))
    throw new DataError(`terms of ${least} to ${most} numbers; ngram_counts has ${lengths}`);
  let counts = scalar(0).broadcastTo([rows.shape[0], width]);
  for (let length = least; length <= most; length++) {
    const { numbers, columns } = termsOf(node, length);
    if (columns.length === 0) continue;
    const terms = constant(numbers, { shape: [length, columns.length] });
    // Of single numbers none is skipped.
    for (let skip = 0; skip <= (length === 1 ? 0 : skips); skip++) {
      const starts = places - (length - 1) * (skip + 1);
      if (starts < 1) break;
      if (starts * rows.shape[0] * columns.length > MOST)
        throw new Refusal(`a pool of ${columns.length} terms in ${starts} places`);
      const isThere = Array.from({ length }, (_, k) =>
        rows
          .narrow(1, k * (skip + 1), starts)
          .unsqueeze(2)
          .equal(terms.narrow(0, k, 1)),
      ).reduce((all, each) => all.mul(each)); // [N, starts, terms]
      const target = constant(columns, { shape: [columns.length] }).oneHot(width);
      counts = counts.add(isThere.sum(1).matmul(target));
    }
  }
  return Value.of(weighed(node, counts).reshape([...x.shape.slice(0, -1), width]), "float32");
}

/** Counts, whether there is one, and either of them times the weights. */
function weighed(node: Node, counts: Tensor): Tensor {
  const mode = node.text("mode");
  if (mode === "TF") return counts;
  if (mode !== "IDF" && mode !== "TFIDF") throw new DataError(`there is no mode ${mode}`);
  const values = mode === "IDF" ? counts.greater(0) : counts;
  if (!node.hasAttribute("weights")) return values;
  // One a term, in the column in which it counts.
  const factors = new Float64Array(counts.shape[1]);
  const [weights, indexes] = [node.floats("weights"), node.ints("ngram_indexes")];
  for (const [i, column] of indexes.entries()) factors[column] = weights[i] ?? 0;
  return values.mul(constant(factors));
}

export const terms: Rules = { TfIdfVectorizer: tfIdf };
