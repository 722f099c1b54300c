// npm run addition-rnn: sums of two numbers of up to three digits, read and written as characters, by recurrent networks with attention:
// LSTMs and GRUs.
import { Trainer } from "simdgrad";
import { crossEntropy } from "simdgrad/nn";
import { adam, chain, clipByGlobalNorm, cosineDecay } from "simdgrad/optim";
import { Adder, answers, KINDS, type Kind } from "./adder.ts";
import { ANSWER, nearestShare, rowOf, shareExact, sums, textOf } from "./addition.ts";
import { percent, script } from "./script.ts";

const SHOWN = 3;

await script({
  name: "addition-rnn",
  about:
    "Sums of numbers of up to three digits, characters in and characters out, by recurrent networks with attention.",
  metric: "share of unseen sums that are right to the last character, of the weaker network",
  options: {
    epochs: { about: "passes over the sums, of each network", value: "20" },
    batch: { about: "sums a step", value: "128" },
    sums: { about: "that are learned from", value: "45000" },
    tested: { about: "sums of other numbers, that are held out", value: "5000" },
    hidden: {
      about: "numbers of a state of the encoder, in each direction; the decoder has twice as many",
      value: "64",
    },
    kind: { about: "LSTM, GRU or both", value: "both" },
  },
  async run({ seed, executor, options, whole, train, say }) {
    const kinds = (Object.keys(KINDS) as Kind[]).filter((kind) => options.kind === "both" || options.kind === kind);
    if (kinds.length === 0) throw new Error(`--kind ${options.kind}: choose LSTM, GRU or both`);
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    const { train: known, test } = sums(whole("sums"), whole("tested"), seed);
    const baseline = nearestShare(known, test);
    say(`answers of the most similar questions: ${percent(baseline)} right`);
    const more: Record<string, number> = {};
    for (const kind of kinds) {
      const adder = new Adder(kind, whole("hidden"));
      const steps = epochs * Math.ceil(known.rows / batch);
      const trainer = new Trainer(adder, {
        loss: crossEntropy,
        optimizer: chain(clipByGlobalNorm(1), adam(cosineDecay(3e-3, { steps }))),
        executor,
        seed,
      });
      await trainer.load({ x: { question: known.question, before: known.before }, y: known.answer });
      const history = await train(
        trainer,
        { batch, epochs },
        ({ metrics }) => `${kind}: ${percent(metrics.accuracy)} of characters`,
      );
      const written = await answers(executor, adder, test);
      more[kind] = shareExact(test, written);
      more[`${kind} seconds`] = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
      const rows = Array.from({ length: Math.min(SHOWN, test.rows) }, (_, row) => row);
      const shown = rows.map((row) => {
        const codes = Array.from({ length: ANSWER }, (_, i) => written[row * ANSWER + i]);
        return `${textOf(rowOf(test.question, row))} = ${textOf(codes)}`;
      });
      say(`${kind}: ${percent(more[kind])} right, such as ${shown.join(", ")}`);
      await trainer.dispose();
    }
    const seconds = kinds.reduce((sum, kind) => sum + more[`${kind} seconds`], 0);
    return { value: Math.min(...kinds.map((kind) => more[kind])), baseline, seconds, more };
  },
});
