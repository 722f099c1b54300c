// npm run word-embeddings: words as vectors, by which words stand around them: skip-gram with negative sampling (Mikolov et al. 2013). It must
// know neighbours in held-out text better than how frequent they are tells.
import { readFile } from "node:fs/promises";
import { type Tensor, Trainer, Variable } from "simdgrad";
import { binaryCrossEntropyWithLogits, init } from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { randomOf } from "./random.ts";
import { script } from "./script.ts";
import { brown } from "./text.ts";

/** Words that occur less often are left out, as is what comes after so many. */
const [LEAST, MOST] = [5, 10_000];
/** Words to each side at the most. */
const WINDOW = 5;
/** Words from anywhere, for each that stands there. */
const NEGATIVES = 5;
const CANDIDATES = 1 + NEGATIVES;
/** Words more frequent than this share are often passed over. */
const FREQUENT = 1e-4;
/** One piece of the text in so many is held out. */
const HELD_OUT = 10;
/** Whose neighbours are shown, as far as the text has them. */
const SHOWN = ["he", "three", "city", "night", "water", "war", "white", "president", "france", "money"];

/** The pieces of a text: documents of the Brown corpus, or of a file paragraphs, a few together. */
async function piecesOf(path: string): Promise<string[]> {
  if (path === "") return brown(/^c[a-r]\d\d$/);
  const paragraphs = (await readFile(path, "utf8")).split(/\n\s*\n/);
  const size = Math.ceil(paragraphs.length / 500);
  return Array.from({ length: Math.ceil(paragraphs.length / size) }, (_, i) =>
    paragraphs.slice(i * size, (i + 1) * size).join("\n"),
  );
}

/** Pieces of a text as indices of its words, the most frequent first. */
class Words {
  readonly list: readonly string[];
  readonly counts: readonly number[];
  readonly index: ReadonlyMap<string, number>;

  constructor(pieces: readonly string[]) {
    const counts = new Map<string, number>();
    for (const piece of pieces) for (const word of split(piece)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const kept = [...counts].filter(([, count]) => count >= LEAST).sort(([, a], [, b]) => b - a);
    this.list = kept.slice(0, MOST).map(([word]) => word);
    this.counts = kept.slice(0, MOST).map(([, count]) => count);
    this.index = new Map(this.list.map((word, i) => [word, i]));
    if (this.list.length < 2) throw new Error(`the text has no two words that occur ${LEAST} times`);
  }

  read(piece: string): number[] {
    return split(piece).flatMap((word) => this.index.get(word) ?? []);
  }
}

function split(text: string): string[] {
  return text.toLowerCase().match(/[a-z]+(?:['-][a-z]+)*/g) ?? [];
}

/** Rows of a word, one that stands near it, and others that are drawn: which of them stands there is to be told. */
interface Pairs {
  readonly x: { readonly word: Indices; readonly candidates: Indices };
  readonly y: { readonly data: Float32Array; readonly shape: readonly number[] };
}

interface Indices {
  readonly data: Int32Array;
  readonly shape: readonly number[];
}

/** Places of the table that words are drawn from. */
const PLACES = 2 ** 20;

/** Draws pairs and negatives of texts. */
class Sampler {
  readonly #random: () => number;
  /** How likely a word is not passed over. */
  readonly #kept: readonly number[];
  /** Each word as often as its share is: as many times as it occurs, to the power of 3/4. */
  readonly #table: Int32Array;
  /** Shares of the words in the table. */
  readonly noise: readonly number[];

  constructor({ counts }: Words, random: () => number) {
    this.#random = random;
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.#kept = counts.map((count) => Math.min(1, Math.sqrt((FREQUENT * total) / count)));
    const weights = counts.map((count) => count ** 0.75);
    const sum = weights.reduce((a, b) => a + b, 0);
    const times = weights.map((weight) => Math.ceil((PLACES * weight) / sum));
    this.#table = Int32Array.from(times.flatMap((count, word) => new Array<number>(count).fill(word)));
    this.noise = times.map((count) => count / this.#table.length);
  }

  /** Words with those around them, the nearer the likelier. */
  *around(texts: readonly (readonly number[])[]): Generator<readonly [word: number, context: number]> {
    for (const text of texts) {
      const kept = text.filter((word) => this.#random() < this.#kept[word]);
      for (const [at, word] of kept.entries()) {
        const reach = 1 + Math.floor(this.#random() * WINDOW);
        for (let i = Math.max(0, at - reach); i <= Math.min(kept.length - 1, at + reach); i++)
          if (i !== at) yield [word, kept[i]];
      }
    }
  }

  rows(pairs: readonly (readonly [word: number, context: number])[]): Pairs {
    const candidates = new Int32Array(pairs.length * CANDIDATES);
    const y = new Float32Array(candidates.length);
    for (const [row, [, context]] of pairs.entries()) {
      candidates[row * CANDIDATES] = context;
      y[row * CANDIDATES] = 1;
      for (let i = 1; i < CANDIDATES; i++)
        candidates[row * CANDIDATES + i] = this.#table[Math.floor(this.#random() * this.#table.length)];
    }
    const word = { data: Int32Array.from(pairs, ([each]) => each), shape: [pairs.length] };
    const shape = [pairs.length, CANDIDATES];
    return { x: { word, candidates: { data: candidates, shape } }, y: { data: y, shape } };
  }

  /** Rows of texts, so many at once, again and again. */
  *batches(texts: readonly (readonly number[])[], rows: number): Generator<Pairs> {
    let pairs: (readonly [number, number])[] = [];
    for (;;)
      for (const pair of this.around(texts))
        if (pairs.push(pair) === rows) {
          yield this.rows(pairs);
          pairs = [];
        }
  }
}

/** Whether a candidate stands near a word: the product of two vectors, and how frequent the candidate is. */
export class SkipGram {
  readonly words: Variable;
  readonly contexts: Variable;
  readonly frequency: Variable;

  /** @param logits what is known of words without vectors: where the training begins */
  constructor(logits: readonly number[], width: number) {
    const count = logits.length;
    this.words = new Variable([count, width], init.uniform(-0.5 / width, 0.5 / width));
    this.contexts = new Variable([count, width], 0);
    this.frequency = new Variable([count], logits);
  }

  /** Of words [N] and candidates [N, C]: logits [N, C]. */
  forward({ word, candidates }: { readonly word: Tensor; readonly candidates: Tensor }): Tensor {
    const products = this.contexts.gather(candidates).matmul(this.words.gather(word).unsqueeze(-1)).squeeze(-1);
    return products.add(this.frequency.gather(candidates));
  }
}

/** ln of how much likelier each word stands near another one than it is drawn: all that is known without the other one. */
function unigramLogits(sampler: Sampler, texts: readonly (readonly number[])[]): number[] {
  const seen = sampler.noise.map(() => 0.5);
  for (const [, context] of sampler.around(texts)) seen[context]++;
  const total = seen.reduce((sum, each) => sum + each, 0);
  return seen.map((each, word) => Math.log(each / total / (NEGATIVES * sampler.noise[word])));
}

/** Mean of -ln p of what these logits say of candidates. */
function lossOf(logits: readonly number[], { x, y }: Pairs): number {
  const losses = Array.from(x.candidates.data, (word, i) =>
    Math.log1p(Math.exp(y.data[i] === 1 ? -logits[word] : logits[word])),
  );
  return losses.reduce((sum, each) => sum + each, 0) / losses.length;
}

/** The words whose vectors point where one's does. */
function nearest(vectors: Float32Array, width: number, word: number, count: number): number[] {
  const vector = (of: number) => vectors.subarray(of * width, (of + 1) * width);
  const product = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  const own = vector(word);
  const all = Array.from({ length: vectors.length / width }, (_, i) => i).filter((i) => i !== word);
  const cosines = new Map(all.map((i) => [i, product(own, vector(i)) / Math.sqrt(product(vector(i), vector(i)))]));
  return all.sort((a, b) => (cosines.get(b) ?? 0) - (cosines.get(a) ?? 0)).slice(0, count);
}

await script({
  name: "word-embeddings",
  about: "Words as vectors, by which words stand around them: skip-gram with negative sampling.",
  metric: "held-out loss a candidate, in nats",
  options: {
    text: { about: "a file of text; default: the Brown corpus", value: "" },
    steps: { about: "of the training", value: "4000" },
    batch: { about: "pairs a step", value: "1024" },
    width: { about: "numbers of a vector", value: "64" },
  },
  async run({ seed, executor, options, whole, train, say }) {
    const [steps, batch, width] = [whole("steps"), whole("batch"), whole("width")];
    const pieces = await piecesOf(options.text);
    const isHeldOut = (i: number) => i % HELD_OUT === HELD_OUT - 1;
    const known = pieces.filter((_, i) => !isHeldOut(i));
    const words = new Words(known);
    const sampler = new Sampler(words, randomOf(seed));
    const texts = known.map((piece) => words.read(piece));
    const others = pieces.filter((_, i) => isHeldOut(i)).map((piece) => words.read(piece));
    const heldOut = sampler.rows([...sampler.around(others)]);
    if (heldOut.y.shape[0] === 0) throw new Error("the text is too short: nothing of it is held out");
    const logits = unigramLogits(sampler, texts);
    const baseline = lossOf(logits, heldOut);
    const model = new SkipGram(logits, width);
    const trainer = new Trainer(model, {
      loss: binaryCrossEntropyWithLogits,
      optimizer: adam(cosineDecay(4e-3, { steps, final: 1e-4 })),
      executor,
      seed,
    });
    const [{ seconds }] = await train(trainer, { data: sampler.batches(texts, batch), batch, stepsPerEpoch: steps });
    const { loss } = await trainer.evaluate(heldOut);
    say(`${words.list.length} words; held-out loss ${loss.toFixed(4)}, by frequency alone ${baseline.toFixed(4)}`);
    const vectors = Float32Array.from(await executor.read({ variable: model.words.key }));
    for (const word of SHOWN) {
      const at = words.index.get(word);
      if (at !== undefined)
        say(
          `${word}: ${nearest(vectors, width, at, 6)
            .map((each) => words.list[each])
            .join(", ")}`,
        );
    }
    await trainer.dispose();
    return {
      value: loss,
      baseline,
      seconds,
      more: { words: words.list.length, steps, threads: executor.info.threads },
    };
  },
});
