// npm run char-lstm: an LSTM of two layers learns to write letter by letter. It reads many places of a text at once, stretch by stretch, and
// goes on with its state from each stretch to the next: truncated back-propagation through time.
import { Predictor, type Tensor, Trainer, type WasmExecutor } from "simdgrad";
import { type Context, crossEntropy, Dropout, Embedding, evaluationContext, Linear, LSTM, Stateful } from "simdgrad/nn";
import { adam, chain, clipByGlobalNorm, cosineDecay } from "simdgrad/optim";
import { kneserNey, lossOf } from "./n-grams.ts";
import { randomOf } from "./random.ts";
import { script } from "./script.ts";
import { type Alphabet, drawnClass, lettersOf, readText, stretches, TEXT_OPTION } from "./text.ts";

const LAYERS = 2;
const EMBEDDED = 64;
/** Letters of each text that is written, and how likely letters are preferred. */
const [WRITTEN, TEMPERATURE] = [300, 0.8];
/** Places of the held-out text that are read at once, and letters of a stretch there at the most. */
const [READ_ROWS, READ_LENGTH] = [16, 256];

/** From stretches, i32 [N, T], to logits of the letters that come next, [N, letters, T]; `fresh` says where the text begins. */
export class CharLstm {
  readonly table: Embedding;
  readonly lstm: Stateful;
  readonly dropout = new Dropout(0.1);
  readonly head: Linear;

  constructor(letters: number, width: number, rows: number) {
    this.table = new Embedding(letters, EMBEDDED);
    this.lstm = new Stateful(
      new LSTM(EMBEDDED, width, { numLayers: LAYERS, batchFirst: true, dropout: this.dropout.p }),
      rows,
    );
    this.head = new Linear(width, letters);
  }

  forward({ letters, fresh }: { readonly letters: Tensor; readonly fresh: Tensor }, context: Context): Tensor {
    const made = this.lstm.forward({ input: this.table.forward(letters), fresh }, context);
    return this.head.forward(this.dropout.forward(made, context)).transpose(1, 2);
  }
}

/** What is read at once, and the state of the layers, [N, layers, width]. */
interface Reading<T> {
  readonly letters: T;
  readonly h: T;
  readonly c: T;
}

/** The same network with its state given and taken: to read on from where it was. */
export class Reader {
  readonly model: CharLstm;

  constructor(model: CharLstm) {
    this.model = model;
  }

  forward({ letters, h, c }: Reading<Tensor>): { logits: Tensor; h: Tensor; c: Tensor } {
    const { table, lstm, head } = this.model;
    const layer = lstm.layer as LSTM;
    const rowsFirst = (each: Tensor) => each.transpose(0, 1);
    const given = { input: table.forward(letters), state: [rowsFirst(h), rowsFirst(c)] as const };
    const { output, state } = layer.forward(given, evaluationContext());
    return { logits: head.forward(output).logSoftmax(-1), h: rowsFirst(state[0]), c: rowsFirst(state[1]) };
  }
}

type State = Omit<Reading<{ readonly data: Float32Array; readonly shape: readonly number[] }>, "letters">;

function reading(model: CharLstm, width: number, executor: WasmExecutor) {
  const predictor = new Predictor(new Reader(model), { executor });
  const begin = (rows: number): State => {
    const shape = [rows, LAYERS, width];
    const zeros = { data: new Float32Array(rows * LAYERS * width), shape };
    return { h: zeros, c: zeros };
  };
  const read = async (data: Int32Array, rows: number, { h, c }: State) => {
    const made = await predictor.predict({ letters: { data, shape: [rows, data.length / rows] }, h, c });
    return { logits: made.logits.data, state: { h: made.h, c: made.c } as State };
  };
  return { begin, read, dispose: () => predictor.dispose() };
}

type Read = ReturnType<typeof reading>;

/** Mean of -ln p over a text: read at several places at once, from zeros, each on to where the next began. */
async function heldOutLoss({ begin, read }: Read, codes: Int32Array, letters: number): Promise<number> {
  const length = Math.min(READ_LENGTH, Math.floor((codes.length - 1) / READ_ROWS));
  const { x, y, count } = stretches(codes, READ_ROWS, length);
  const size = READ_ROWS * length;
  let state = begin(READ_ROWS);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const part = (data: Int32Array) => data.subarray(i * size, (i + 1) * size);
    const made = await read(part(x.data), READ_ROWS, state);
    for (const [at, letter] of part(y.data).entries()) sum -= made.logits[at * letters + letter];
    state = made.state;
  }
  return sum / (count * size);
}

/** A text that goes on from its begin. */
async function write({ begin, read }: Read, alphabet: Alphabet, start: string, random: () => number): Promise<string> {
  const written = [...alphabet.encode(start)];
  let state = begin(1);
  while (written.length < WRITTEN) {
    const made = await read(Int32Array.of(written[written.length - 1]), 1, state);
    state = made.state;
    written.push(drawnClass(made.logits, TEMPERATURE, random));
  }
  return alphabet.decode(written);
}

await script({
  name: "char-lstm",
  about: "An LSTM of two layers learns to write letter by letter, its state going on from batch to batch.",
  metric: "held-out bits a letter",
  options: {
    text: TEXT_OPTION,
    epochs: { about: "passes over the text", value: "4" },
    rows: { about: "places of the text that are read at once", value: "32" },
    length: { about: "letters of a stretch, through which gradients go back", value: "32" },
    width: { about: "units of a layer", value: "256" },
    samples: { about: "texts to write", value: "2" },
  },
  async run({ seed, executor, options, whole, train, say }) {
    const [epochs, rows, width] = [whole("epochs"), whole("rows"), whole("width")];
    const { alphabet, train: letters, heldOut } = lettersOf(await readText(options.text));
    const { x, y, fresh, count } = stretches(letters, rows, whole("length"));
    const model = new CharLstm(alphabet.size, width, rows);
    const rate = cosineDecay(4e-3, { steps: epochs * count, final: 1e-4 });
    const trainer = new Trainer(model, {
      loss: crossEntropy,
      optimizer: chain(clipByGlobalNorm(1), adam(rate)),
      executor,
      seed,
    });
    await trainer.load({ x: { letters: x, fresh }, y });
    const history = await train(trainer, { batch: rows, epochs, shuffle: false });
    const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
    const reader = reading(model, width, executor);
    const bits = (nats: number) => nats / Math.LN2;
    const value = bits(await heldOutLoss(reader, heldOut, alphabet.size));
    const baseline = bits(lossOf(kneserNey([letters], { order: 5, classes: alphabet.size }), [heldOut]));
    say(`${value.toFixed(4)} bits a letter after ${epochs} epochs; Kneser-Ney 5-gram ${baseline.toFixed(4)}`);
    const random = randomOf(seed);
    for (let i = 0; i < whole("samples", 0); i++) say(`\n${await write(reader, alphabet, "\n", random)}\n`);
    await reader.dispose();
    await trainer.dispose();
    return { value, baseline, seconds, more: { epochs, width, threads: executor.info.threads } };
  },
});
