// Models that count: what comes next, by how often it came after the last few. What networks are compared with.

/** What comes next, by what came before. */
export interface NGrams {
  /** How likely a class is at a place of a sequence, by those right before it. */
  probability(sequence: ArrayLike<number>, at: number): number;
}

export interface NGramOptions {
  /** Of the longest: one more than what is looked back at. */
  readonly order: number;
  /** Classes are 0 to classes - 1. Before its begin, a sequence has a class of its own. */
  readonly classes: number;
}

/** After what was seen: how often in all, and how many different ones. */
interface Seen {
  total: number;
  kinds: number;
}

/** Counts of all n-grams of one length, by their number in base classes + 1. */
interface Counts {
  readonly grams: Map<number, number>;
  /** By the n-gram without its last. */
  readonly contexts: Map<number, Seen>;
}

/** n-grams as whole numbers, the class before the begin the last digit. */
class Digits {
  readonly base: number;

  constructor({ order, classes }: NGramOptions) {
    this.base = classes + 1;
    if (this.base ** order > Number.MAX_SAFE_INTEGER)
      throw new Error(`${order} of ${classes} classes are more n-grams than can be told apart`);
  }

  /** The `length` classes up to a place. */
  gram(sequence: ArrayLike<number>, at: number, length: number): number {
    let number = 0;
    for (let i = at - length + 1; i <= at; i++) number = number * this.base + (i < 0 ? this.base - 1 : sequence[i]);
    return number;
  }
}

/** Counts with sums over what follows each context. */
function withContexts(grams: Map<number, number>, base: number): Counts {
  const contexts = new Map<number, Seen>();
  for (const [gram, count] of grams) {
    const context = Math.floor(gram / base);
    const seen = contexts.get(context);
    if (seen === undefined) contexts.set(context, { total: count, kinds: 1 });
    else {
      seen.total += count;
      seen.kinds++;
    }
  }
  return { grams, contexts };
}

function counted(sequences: readonly ArrayLike<number>[], digits: Digits, length: number): Map<number, number> {
  const grams = new Map<number, number>();
  for (const sequence of sequences)
    for (let at = 0; at < sequence.length; at++) {
      const gram = digits.gram(sequence, at, length);
      grams.set(gram, (grams.get(gram) ?? 0) + 1);
    }
  return grams;
}

/** n-grams without their first: how many different ones stood before each. */
function continuations(grams: ReadonlyMap<number, number>, base: number, length: number): Map<number, number> {
  const place = base ** (length - 1);
  const shorter = new Map<number, number>();
  for (const gram of grams.keys()) {
    const rest = gram % place;
    shorter.set(rest, (shorter.get(rest) ?? 0) + 1);
  }
  return shorter;
}

/** What is taken from each count: n1 / (n1 + 2 n2), by how many were seen once and twice (Ney, Essen and Kneser 1994). */
function discountOf(grams: ReadonlyMap<number, number>): number {
  const [once, twice] = [1, 2].map((count) => [...grams.values()].filter((each) => each === count).length);
  // Were nothing taken, nothing would be left for what was never seen.
  return once === 0 ? 0.5 : once / (once + 2 * twice);
}

/**
 * Interpolated Kneser-Ney: counts less a discount, which goes to the next shorter n-grams; those are counted by how many different classes
 * stand before them, and the shortest share theirs evenly (Kneser and Ney 1995; Chen and Goodman 1999).
 */
export function kneserNey(sequences: readonly ArrayLike<number>[], options: NGramOptions): NGrams {
  const { order, classes } = options;
  const digits = new Digits(options);
  const orders: (Counts & { readonly discount: number })[] = [];
  for (let length = order, grams = counted(sequences, digits, order); length >= 1; length--) {
    orders[length] = { ...withContexts(grams, digits.base), discount: discountOf(grams) };
    grams = continuations(grams, digits.base, length);
  }
  const probability = (sequence: ArrayLike<number>, at: number) => {
    let found = 1 / classes;
    for (let length = 1; length <= order; length++) {
      const { grams, contexts, discount } = orders[length];
      const gram = digits.gram(sequence, at, length);
      const seen = contexts.get(Math.floor(gram / digits.base));
      if (seen === undefined) return found;
      const count = Math.max(0, (grams.get(gram) ?? 0) - discount);
      found = (count + discount * seen.kinds * found) / seen.total;
    }
    return found;
  };
  return { probability };
}

/** Counts with the same number added to each (Lidstone 1920). */
export function additive(
  sequences: readonly ArrayLike<number>[],
  { added, ...options }: NGramOptions & { readonly added: number },
): NGrams {
  const { order, classes } = options;
  const digits = new Digits(options);
  const { grams, contexts } = withContexts(counted(sequences, digits, order), digits.base);
  const probability = (sequence: ArrayLike<number>, at: number) => {
    const gram = digits.gram(sequence, at, order);
    const total = contexts.get(Math.floor(gram / digits.base))?.total ?? 0;
    return ((grams.get(gram) ?? 0) + added) / (total + added * classes);
  };
  return { probability };
}

/** Mean of -ln p over all places of sequences, from place `from` on. */
export function lossOf(model: NGrams, sequences: readonly ArrayLike<number>[], from = 0): number {
  let [sum, count] = [0, 0];
  for (const sequence of sequences)
    for (let at = from; at < sequence.length; at++) {
      sum -= Math.log(model.probability(sequence, at));
      count++;
    }
  return sum / count;
}
