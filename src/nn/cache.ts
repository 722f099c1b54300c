// What decoders keep of tokens that are behind them: keys and values of every attention, in variables, so that a step computes those of its own
// tokens alone. A pass is one run of a model's layers: the first attention that asks in it gets the first variables, the next the next.
import { aFunction, aWholeNumber, must, oneOf } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType, type Shape, sameShape, showShape } from "../shape.ts";
import { arange, aTensor, type Tensor, tensors } from "../tensor.ts";
import { type Assignment, Variable } from "../variable.ts";

/** Below all scores: what a query does not see. */
export const UNSEEN = -3e38;

/** Keys and values of all tokens so far, and who sees them. */
export interface Past {
  /** [N, heads, capacity, E]; what no token has written yet is finite. */
  readonly keys: Tensor;
  /** [N, heads, capacity, Ev]. */
  readonly values: Tensor;
  /** f32 [T, capacity]: 1 where one of the T tokens of this pass sees a place, its own and those before it; all 0 where the cache is full. */
  readonly mask: Tensor;
  /** What scores of unseen places are: f32 []. NaN where the cache is full. */
  readonly unseen: Tensor;
}

/** What all attentions of a pass share. */
interface Pass extends Pick<Past, "mask" | "unseen"> {
  readonly length: number;
  /** 1 where a token of this pass stands: [capacity, 1, 1, 1]. */
  readonly written: Tensor;
  /** Which one, where there are several: i32 [capacity]. */
  readonly which: Tensor | undefined;
}

/**
 * Keys and values of the tokens that a decoder has read, for attentions that are given it as `cache`: up to `capacity` tokens of each
 * sequence. They are variables, so a program of one step is compiled once and run for every token; `assignments` are what it changes.
 * Attention with a cache is causal. Run beyond its capacity, layers give NaN; attention of one's own finds a mask of zeros.
 * @throws ArgumentError for a capacity below 1
 *
 * @example
 * import { compile, input, JsExecutor } from "simdgrad";
 * import { KeyValueCache } from "simdgrad/generate";
 * import { evaluationContext, MultiheadAttention } from "simdgrad/nn";
 * const layer = new MultiheadAttention(4, 2, { batchFirst: true });
 * const cache = new KeyValueCache(8);
 * const query = input([1, 1, 4]); // one token
 * const { output } = layer.forward({ query, cache }, evaluationContext());
 * const program = compile({ inputs: { query }, outputs: { output }, assignments: cache.assignments() });
 * const executor = new JsExecutor();
 * await executor.run([[await executor.load(program), 5]]).done;
 * await executor.read({ variable: cache.position.key }); // => [5]
 */
export class KeyValueCache {
  /** Tokens that each sequence may have. */
  readonly capacity: number;
  /** Tokens of each sequence that were read, i32 []: where the next one stands. */
  readonly position: Variable;
  readonly #kept: (readonly [keys: Variable, values: Variable])[] = [];
  readonly #once: (readonly Variable[])[] = [];
  #pass: Pass | undefined;
  #asked = { kept: 0, once: 0 };
  #changed: Assignment[] = [];
  #made: Assignment[] = [];
  #rows: Tensor | undefined;

  constructor(capacity: number) {
    aWholeNumber(1)(capacity, "KeyValueCache: capacity");
    this.capacity = capacity;
    this.position = new Variable([], 0, { dtype: "i32", label: "cache.position", trainable: false });
  }

  /** All variables of the cache, by their names: those of attentions that have asked. */
  variables(): Map<string, Variable> {
    const all = [this.position, ...this.#kept.flat(), ...this.#once.flat()];
    return new Map(all.map((variable) => [variable.label, variable]));
  }

  /**
   * Writes the keys [N, heads, T, E] and values [N, heads, T, Ev] of the next T tokens behind those that are there, and gives all of them: for
   * attentions of your own. The same sizes come in every pass.
   * @throws ShapeError for more tokens than the capacity, or other sizes than before
   *
   * @example
   * import { input } from "simdgrad";
   * import { KeyValueCache } from "simdgrad/generate";
   * import { rotaryPositions, scaledDotProductAttention } from "simdgrad/nn";
   * const cache = new KeyValueCache(64);
   * const [q, k, v] = [input([1, 8, 1, 16]), input([1, 2, 1, 16]), input([1, 2, 1, 16])]; // one token
   * const turned = (x) => rotaryPositions(x, { offset: cache.position, places: cache.capacity });
   * const { keys, values, mask } = cache.append(turned(k), v);
   * keys.shape; // => [1, 2, 64, 16]
   * scaledDotProductAttention(turned(q), keys, values, { mask }).shape; // => [1, 8, 1, 16]
   */
  append(keys: Tensor, values: Tensor): Past {
    const { capacity } = this;
    for (const [what, each] of Object.entries({ keys, values })) {
      aTensor(each, `KeyValueCache: ${what}`);
      checkDType(each, ["f32"], "KeyValueCache");
      if (each.shape.length !== 4 || !sameShape(each.shape.slice(0, 3), keys.shape.slice(0, 3)))
        throw new ShapeError(
          `KeyValueCache: keys ${showShape(keys.shape)} and values ${showShape(values.shape)} are no [N, heads, T, E] and [N, heads, T, Ev]`,
        );
    }
    const length = keys.shape[2];
    if (length < 1 || length > capacity)
      throw new ShapeError(`KeyValueCache: ${length} tokens do not fit a cache of ${capacity}`);
    this.#pass ??= passOf(this.position, length, capacity);
    const pass = this.#pass;
    if (pass.length !== length)
      throw new ShapeError(`KeyValueCache: ${length} tokens after ${pass.length} of the same pass`);
    const at = this.#asked.kept++;
    const roomFor = ({ shape: [rows, heads, , size] }: Tensor) => [capacity, rows, heads, size];
    const named = (tensor: Tensor, name: string) => zeros(roomFor(tensor), `cache.${at}.${name}`);
    this.#kept[at] ??= [named(keys, "keys"), named(values, "values")];
    const [all, allValues] = [keys, values].map((each, i) => {
      const variable = this.#kept[at][i];
      if (!sameShape(roomFor(each), variable.shape))
        throw new ShapeError(
          `KeyValueCache: ${["keys", "values"][i]} ${showShape(each.shape)} do not fit ${showShape(variable.shape)} of earlier passes`,
        );
      const before = this.#rows === undefined ? variable : reordered(variable, this.#rows);
      const after = written(each.permute([2, 0, 1, 3]), before, pass);
      this.#changed.push([variable, after]);
      return after.permute([1, 2, 0, 3]);
    });
    return { keys: all, values: allValues, mask: pass.mask, unseen: pass.unseen };
  }

  /**
   * What `make` gives, made in the first pass alone and kept for all others: keys and values of a memory.
   * @throws ArgumentError for what is no list of tensors
   */
  once(make: () => readonly Tensor[]): readonly Tensor[] {
    aFunction(make, "KeyValueCache: make");
    const at = this.#asked.once++;
    const known = this.#once[at];
    if (known !== undefined) return known;
    const made = make();
    tensors(made, "KeyValueCache: what make gives");
    const kept = made.map(
      ({ shape, dtype }, i) => new Variable(shape, 0, { dtype, label: `cache.once.${at}.${i}`, trainable: false }),
    );
    this.#once[at] = kept;
    this.#made.push(...kept.map((variable, i): Assignment => [variable, made[i]]));
    return made;
  }

  /**
   * In this pass, row n goes on from what row `rows[n]` has kept: i32 [N]. Of a beam search.
   * @throws ArgumentError in the midst of a pass
   */
  reorder(rows: Tensor): void {
    aTensor(rows, "KeyValueCache: rows");
    checkDType(rows, ["i32"], "KeyValueCache: rows");
    if (this.#pass !== undefined) throw new ArgumentError("KeyValueCache: reorder is for the beginning of a pass");
    this.#rows = rows;
  }

  /**
   * Ends a pass: what the program of it assigns, the position included. With "once", what was made for all passes alone.
   * @throws ArgumentError for another word
   */
  assignments(what: "all" | "once" = "all"): Assignment[] {
    oneOf("all", "once")(what, "KeyValueCache: assignments");
    const { length } = this.#pass ?? { length: 0 };
    const moved: Assignment[] = length === 0 ? [] : [[this.position, this.position.add(length)]];
    const all = [...this.#made, ...(what === "all" ? [...this.#changed, ...moved] : [])];
    this.#pass = undefined;
    this.#rows = undefined;
    this.#asked = { kept: 0, once: 0 };
    this.#changed = [];
    this.#made = [];
    return all;
  }
}

function zeros(shape: Shape, label: string): Variable {
  return new Variable(shape, 0, { label, trainable: false });
}

/** Who writes where, and sees what, of tokens from a position on. */
function passOf(position: Tensor, length: number, capacity: number): Pass {
  const places = arange(capacity);
  const full = position.greater(capacity - length);
  const unseen = full.select(Number.NaN, UNSEEN);
  const isFree = full.equal(0);
  if (length === 1) {
    const mask = places.less(position.add(1)).mul(isFree).unsqueeze(0);
    return { length, written: places.equal(position).reshape([capacity, 1, 1, 1]), which: undefined, mask, unseen };
  }
  const ends = arange(1, length + 1).add(position);
  const which = places.sub(position);
  const inside = which.less(length).mul(which.greater(-1)).mul(isFree);
  return {
    length,
    written: inside.reshape([capacity, 1, 1, 1]),
    which: which.maximum(0).minimum(length - 1),
    mask: places.less(ends.unsqueeze(-1)).mul(isFree),
    unseen,
  };
}

// A token's keys of all sequences and heads are one row of a matrix of as many rows as the capacity: written by one map, in place, and read by
// products where they lie.

/** Tokens [T, N, heads, E] in their places of [capacity, N, heads, E]. */
function written(tokens: Tensor, before: Tensor, { written: here, which }: Pass): Tensor {
  return here.select(which === undefined ? tokens : tokens.gather(which), before);
}

/** All that [capacity, N, heads, E] holds of other sequences. */
function reordered(kept: Tensor, rows: Tensor): Tensor {
  const [capacity, count, heads, size] = kept.shape;
  const places = arange(capacity).mul(count).unsqueeze(-1).add(rows);
  return kept.reshape([capacity * count, heads, size]).gather(places);
}

/** Throws an ArgumentError unless a value is a KeyValueCache; `what` says where it was given. */
export function aCache(value: unknown, what: string): void {
  must(value instanceof KeyValueCache, value, what, "a KeyValueCache");
}
