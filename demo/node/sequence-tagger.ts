// npm run sequence-tagger: parts of speech of the Brown corpus by an LSTM in both directions, which reads words, their last letters and how
// they are written (after Huang, Xu and Yu, "Bidirectional LSTM-CRF models for sequence tagging", 2015), on documents that it never saw.
import { concat, type Report, type Tensor, Trainer } from "simdgrad";
import { type Context, crossEntropy, Dropout, Embedding, Linear, LSTM } from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { loadBrown, TAGS } from "./brown.ts";
import { randomOf, shuffled } from "./random.ts";
import { percent, script } from "./script.ts";
import { FORMS_SIZE, mostFrequentTags, Numbering, type Sizes, shareRight } from "./tagging.ts";

/** Of ten documents, that is held out. */
const HELD = 10;

const WIDTHS = { words: 64, endings: 32, forms: 8 };

/** Indices i32 [N, T], and the lengths of the rows [N]. */
interface Words {
  readonly words: Tensor;
  readonly endings: Tensor;
  readonly forms: Tensor;
  readonly lengths: Tensor;
}

/** From words to logits of their tags [N, TAGS, T]. */
export class Tagger {
  readonly words: Embedding;
  readonly endings: Embedding;
  readonly forms = new Embedding(FORMS_SIZE, WIDTHS.forms, { paddingIdx: 0 });
  readonly dropout = new Dropout(0.3);
  readonly lstm: LSTM;
  readonly out: Linear;

  constructor({ words, endings }: Sizes, hidden: number) {
    this.words = new Embedding(words, WIDTHS.words, { paddingIdx: 0 });
    this.endings = new Embedding(endings, WIDTHS.endings, { paddingIdx: 0 });
    const width = WIDTHS.words + WIDTHS.endings + WIDTHS.forms;
    this.lstm = new LSTM(width, hidden, { batchFirst: true, bidirectional: true });
    this.out = new Linear(2 * hidden, TAGS.length);
  }

  forward({ words, endings, forms, lengths }: Words, context: Context): Tensor {
    const parts = [this.words.forward(words), this.endings.forward(endings), this.forms.forward(forms)];
    const read = this.dropout.forward(concat(parts, -1), context);
    const { output } = this.lstm.forward({ input: read, lengths }, context);
    return this.out.forward(this.dropout.forward(output, context)).permute([0, 2, 1]);
  }
}

await script({
  name: "sequence-tagger",
  about: "Parts of speech of the Brown corpus by a bidirectional LSTM.",
  metric: "share of words of unseen documents that are tagged right",
  options: {
    epochs: { about: "passes over the sentences", value: "3" },
    batch: { about: "rows of up to 32 words a step", value: "64" },
    documents: { about: "of the 500, a tenth of which is held out", value: "500" },
    hidden: { about: "numbers of a state, in each direction", value: "64" },
  },
  async run({ seed, executor, whole, train, say }) {
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    const documents = shuffled(await loadBrown(), randomOf(seed)).slice(0, whole("documents", HELD));
    const held = Math.floor(documents.length / HELD);
    const [unseen, known] = [documents.slice(0, held).flat(), documents.slice(held).flat()];
    const numbering = new Numbering(known);
    const [samples, test] = [numbering.of(known), numbering.of(unseen)];
    const mostFrequent = mostFrequentTags(known);
    const counted = unseen.flat().map(({ word }) => TAGS.indexOf(mostFrequent(word)));
    const baseline = shareRight(
      counted,
      unseen.flat().map(({ tag }) => TAGS.indexOf(tag)),
    );
    say(
      `${known.flat().length} words to learn from, ${counted.length} unseen; their most frequent tags: ${percent(baseline)}`,
    );
    const rows = samples.y.shape[0];
    const trainer = new Trainer(new Tagger(numbering.sizes, whole("hidden")), {
      loss: crossEntropy,
      optimizer: adam(cosineDecay(4e-3, { steps: epochs * Math.ceil(rows / batch) })),
      executor,
      seed,
    });
    await trainer.load(samples);
    const history = await train(trainer, { batch, epochs }, accuracyOf);
    const { data: tags } = await trainer.predict(test.x, { as: "argmax" });
    const value = shareRight(tags, test.y.data);
    const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
    await trainer.dispose();
    return { value, baseline, seconds, more: { epochs, threads: executor.info.threads } };
  },
});

function accuracyOf({ metrics }: Report): string {
  return `${percent(metrics.accuracy)} right`;
}
