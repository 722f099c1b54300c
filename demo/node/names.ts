// npm run names: a small transformer and a GRU learn how names are spelled, and make up new ones. Both must know held-out names better than
// counts of pairs and of triples do, smoothed as these do best.
import { readFile } from "node:fs/promises";
import { dictionary } from "cmu-pronouncing-dictionary";
import { type Tensor, Trainer, type WasmExecutor } from "simdgrad";
import {
  type Context,
  crossEntropy,
  Dropout,
  Embedding,
  GRU,
  type Layer,
  LayerNorm,
  Linear,
  Sequential,
  TransformerEncoder,
  TransformerEncoderLayer,
  withOptions,
} from "simdgrad/nn";
import { adamW, chain, clipByGlobalNorm, cosineDecay } from "simdgrad/optim";
import { additive, kneserNey, lossOf } from "./n-grams.ts";
import { randomOf, shuffled } from "./random.ts";
import { script } from "./script.ts";
import { Alphabet, drawnClass } from "./text.ts";

/** Begins and ends each name: class 0, as it sorts before all letters. */
const MARK = "\n";
/** The class of places behind an end, which count nothing. */
const NOTHING = -1;
const DROPOUT = 0.1;
const SHOWN = 20;

/** A transformer that reads letters up to a place, i32 [N, T], and says what comes next: logits [N, letters, T]. */
export class Reader {
  readonly letters: Embedding;
  readonly places: Embedding;
  readonly body: TransformerEncoder;
  readonly head: Linear;

  constructor(letters: number, length: number, width = 64) {
    this.letters = new Embedding(letters, width);
    this.places = new Embedding(length, width);
    const layer = () =>
      new TransformerEncoderLayer(width, 4, {
        dimFeedforward: 4 * width,
        dropout: DROPOUT,
        activation: "gelu",
        normFirst: true,
        batchFirst: true,
      });
    this.body = new TransformerEncoder([layer(), layer(), layer()], { norm: new LayerNorm(width) });
    this.head = new Linear(width, letters);
  }

  forward(x: Tensor, context: Context): Tensor {
    const src = this.letters.forward(x).add(this.places.weight);
    return this.head.forward(this.body.forward({ src, isCausal: true }, context)).transpose(1, 2);
  }
}

export function gruOf(letters: number): Layer {
  return new Sequential(
    new Embedding(letters, 32),
    new GRU(32, 128, { batchFirst: true }),
    new Dropout(2 * DROPOUT),
    new Linear(128, letters),
    (x: Tensor) => x.transpose(1, 2),
  );
}

/** Names from a file, one a line, without those that occur again. */
async function readNames(path: string): Promise<string[]> {
  const words = path === "" ? Object.keys(dictionary) : (await readFile(path, "utf8")).split(/\r?\n/);
  const names = words.map((word) => word.trim()).filter((word) => (path === "" ? /^[a-z]{2,14}$/.test(word) : word));
  return [...new Set(names)];
}

/** Names as rows of letters and those that follow: from the mark before the first to the mark behind the last. */
function rowsOf(names: readonly string[], alphabet: Alphabet, length: number) {
  const [x, y] = [0, NOTHING].map((filler) => new Int32Array(names.length * length).fill(filler));
  for (const [row, name] of names.entries()) {
    const codes = alphabet.encode(name);
    x.set(codes, row * length + 1);
    y.set(codes, row * length);
    y[row * length + codes.length] = 0;
  }
  const shape = [names.length, length];
  return { x: { data: x, shape }, y: { data: y, shape } };
}

/** The loss of counts, smoothed in the way that is best on these very names. */
function countedLoss(train: readonly Int32Array[], heldOut: readonly Int32Array[], order: number, classes: number) {
  const models = [
    kneserNey(train, { order, classes }),
    ...[0.003, 0.01, 0.03, 0.1, 0.3, 1].map((added) => additive(train, { order, classes, added })),
  ];
  return Math.min(...models.map((model) => lossOf(model, heldOut)));
}

/** Names that are not known, letter by letter, many at once. */
async function newNames(
  trainer: Trainer,
  alphabet: Alphabet,
  length: number,
  known: ReadonlySet<string>,
  random: () => number,
): Promise<string[]> {
  const found = new Set<string>();
  // As many are new as are not: a few rounds are enough. A network that knows nothing but its data by heart ends, too.
  for (let round = 0; found.size < SHOWN && round < 20; round++) {
    const data = new Int32Array(SHOWN * length);
    const shape = [SHOWN, length];
    const ends = new Set<number>();
    for (let at = 0; at < length && ends.size < SHOWN; at++) {
      const { data: logits } = await trainer.predict({ data, shape });
      for (let row = 0; row < SHOWN; row++) {
        if (ends.has(row)) continue;
        const next = alphabet.letters.map((_, letter) => logits[(row * alphabet.size + letter) * length + at]);
        const letter = drawnClass(next, 1, random);
        if (letter === 0) ends.add(row);
        else if (at + 1 < length) data[row * length + at + 1] = letter;
      }
    }
    for (const row of ends) {
      const codes = data.subarray(row * length + 1, (row + 1) * length);
      const name = alphabet.decode(codes.subarray(0, codes.indexOf(0) < 0 ? length : codes.indexOf(0)));
      if (name !== "" && !known.has(name)) found.add(name);
    }
  }
  return [...found].slice(0, SHOWN);
}

interface Training {
  readonly epochs: number;
  readonly batch: number;
  readonly rows: number;
  readonly seed: number;
  readonly executor: WasmExecutor;
}

function trainerOf(model: Layer, { epochs, batch, rows, seed, executor }: Training): Trainer {
  const rate = cosineDecay(3e-3, { steps: epochs * Math.ceil(rows / batch), final: 1e-4 });
  return new Trainer(model, {
    loss: withOptions(crossEntropy, { ignoreIndex: NOTHING }),
    optimizer: chain(clipByGlobalNorm(1), adamW(rate, { weightDecay: 0.01, mask: ({ shape }) => shape.length > 1 })),
    executor,
    seed,
  });
}

await script({
  name: "names",
  about: "A transformer and a GRU learn how names are spelled, and make up new ones.",
  metric: "held-out loss a letter, of the worse of the two, in nats",
  options: {
    data: { about: "a file of names, one a line; default: the words of the CMU dictionary", value: "" },
    epochs: { about: "passes over the names", value: "10" },
    batch: { about: "names a step", value: "128" },
  },
  async run({ seed, executor, options, whole, train, say }) {
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    const names = shuffled(await readNames(options.data), randomOf(seed));
    const alphabet = new Alphabet(MARK + names.join(""));
    const end = Math.floor(0.9 * names.length);
    const [known, heldOut] = [names.slice(0, end), names.slice(end)];
    const length = Math.max(...names.map((name) => name.length)) + 1;
    const sequences = (list: readonly string[]) => list.map((name) => alphabet.encode(name + MARK));
    const [bigram, trigram] = [2, 3].map((order) =>
      countedLoss(sequences(known), sequences(heldOut), order, alphabet.size),
    );
    say(
      `${known.length} names and ${heldOut.length} held-out ones; 2-gram ${bigram.toFixed(4)}, 3-gram ${trigram.toFixed(4)}`,
    );
    const networks = { transformer: new Reader(alphabet.size, length), gru: gruOf(alphabet.size) };
    const losses: Record<string, number> = {};
    for (const [name, model] of Object.entries(networks)) {
      const trainer = trainerOf(model, { epochs, batch, rows: known.length, seed, executor });
      await trainer.load(rowsOf(known, alphabet, length));
      await train(trainer, { batch, epochs }, () => name);
      const { loss } = await trainer.evaluate(rowsOf(heldOut, alphabet, length));
      losses[name] = loss;
      const made = await newNames(trainer, alphabet, length, new Set(names), randomOf(seed));
      say(`${name}: held-out loss ${loss.toFixed(4)}; new names: ${made.join(", ")}`);
      await trainer.dispose();
    }
    return {
      value: Math.max(...Object.values(losses)),
      baseline: Math.min(bigram, trigram),
      more: { ...losses, bigram, trigram, epochs },
    };
  },
});
