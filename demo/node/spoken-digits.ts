// npm run spoken-digits -- --data DIR: digits that are spoken, one by one, also those of a speaker whom the network never heard, and in strings by
// a network that is not told where one digit ends and the next begins (Graves et al., "Connectionist temporal classification", 2006).
import { type FitOptions, type Tensor, Trainer } from "simdgrad";
import { crossEntropy, ctcBeamDecode, ctcLoss } from "simdgrad/nn";
import { adamW, chain, clipByGlobalNorm, oneCycle } from "simdgrad/optim";
import { checkpoints, folderStorage, resume } from "simdgrad/storage";
import { editDistance } from "./edit-distance.ts";
import { randomOf } from "./random.ts";
import { percent, script, type Task } from "./script.ts";
import { CUTS, type Cuts, linearAccuracy, piecesOf } from "./spoken-baselines.ts";
import { type Clip, isTest, readClips } from "./spoken-clips.ts";
import { MELS } from "./spoken-mels.ts";
import { DigitNetwork, STRIDE, StringNetwork } from "./spoken-networks.ts";
import { type Heard, writeHeard } from "./spoken-picture.ts";
import {
  digitSamples,
  drawnDigits,
  drawnString,
  drawnStrings,
  pieceSamples,
  type Spoken,
  STRING_FRAMES,
  stringSamples,
} from "./spoken-samples.ts";

const OPTIONS = {
  data: { about: "folder of the data set's WAV files", value: "" },
  epochs: { about: "passes over the clips", value: "20" },
  batch: { about: "clips or strings a step", value: "32" },
  strings: { about: "in a pass of the second network, all new", value: "500" },
  passes: { about: "of the second network", value: "40" },
  tested: { about: "strings of test clips", value: "500" },
  heldout: { about: "the speaker whom a network never hears; default: the last one", value: "" },
  keep: { about: "folder of checkpoints: a run that was interrupted goes on", value: "" },
};
type Own = Task<keyof typeof OPTIONS>;

/** Strings that are drawn, and training strings at the most by which pauses are chosen. */
const [DRAWN, CHOSEN] = [4, 50];
const BEAM = 8;

interface Target {
  readonly labels: Tensor;
  readonly lengths: Tensor;
}

/** What is drawn anew for each pass. */
function ofPass(seed: number, pass: number): () => number {
  return randomOf(1_000_003 * seed + pass);
}

/** Trains from the newest checkpoint of this name on, if any is kept. */
async function trained<Input, Output, Y, X>(
  { options, seed, train }: Own,
  trainer: Trainer<Input, Output, Y, X>,
  name: string,
  fit: FitOptions<"frame", X, Y> & { readonly epochs: number },
): Promise<number> {
  const own = `${name}-${seed}`;
  const storage = options.keep === "" ? undefined : folderStorage(options.keep);
  if (storage !== undefined) await resume(trainer, storage, own);
  const left = fit.epochs - trainer.history.length;
  const callbacks = storage === undefined ? [] : [checkpoints({ storage, name: own, keep: 1 })];
  if (left > 0) await train(trainer, { ...fit, epochs: left, callbacks }, () => name);
  return trainer.history.reduce((sum, epoch) => sum + epoch.seconds, 0);
}

async function digitTrainer(task: Own, name: string, known: readonly Clip[]) {
  const { seed, executor, whole } = task;
  const [epochs, batch] = [whole("epochs"), whole("batch")];
  const trainer = new Trainer(new DigitNetwork(), {
    loss: crossEntropy,
    optimizer: adamW(oneCycle(4e-3, { steps: epochs * Math.ceil(known.length / batch) }), { weightDecay: 0.01 }),
    executor,
    seed,
  });
  const data = (pass: number) => drawnDigits(known, batch, ofPass(seed, pass));
  return { trainer, seconds: await trained(task, trainer, name, { data, batch, epochs }) };
}

type DigitTrainer = Awaited<ReturnType<typeof digitTrainer>>["trainer"];

async function stringTrainer(task: Own, known: readonly Clip[], ear: Awaited<ReturnType<Trainer["stateDict"]>>) {
  const { seed, executor, whole } = task;
  const [epochs, batch, count] = [whole("passes"), whole("batch"), whole("strings")];
  const trainer = new Trainer(new StringNetwork(), {
    loss: (heard: Tensor, y: Target) =>
      ctcLoss(heard, y.labels, STRING_FRAMES / STRIDE, y.lengths, { batchFirst: true }),
    optimizer: chain(
      clipByGlobalNorm(1),
      adamW(oneCycle(4e-3, { steps: epochs * Math.ceil(count / batch) }), { weightDecay: 0.01 }),
    ),
    executor,
    seed,
  });
  await trainer.loadStateDict(ear, { strict: false });
  const data = (pass: number) => drawnStrings(known, count, batch, ofPass(seed, pass));
  return { trainer, seconds: await trained(task, trainer, "strings", { data, batch, epochs }) };
}

/** Digits of each string, by the first network on what is between pauses. */
async function piecewise(trainer: DigitTrainer, pieces: readonly Float32Array[][]) {
  const all = pieces.flat();
  const { data } = await trainer.predict(pieceSamples(all), { as: "argmax" });
  let at = 0;
  return pieces.map((own) => own.map(() => data[at++]));
}

/** Digits of each string by the first network, cut as strings to practise on are heard best. */
async function cutAtPauses(trainer: DigitTrainer, practice: readonly Spoken[], strings: readonly Spoken[]) {
  const heardIn = (all: readonly Spoken[], cuts: Cuts) =>
    piecewise(
      trainer,
      all.map(({ samples }) => piecesOf(samples, cuts)),
    );
  let [best, least] = [CUTS[0], Number.POSITIVE_INFINITY];
  for (const cuts of CUTS) {
    const { strings: wrong } = errorsOf(await heardIn(practice, cuts), practice);
    if (wrong < least) [best, least] = [cuts, wrong];
  }
  return heardIn(strings, best);
}

/** The share of strings that are not heard as they were said, and how many digits are wrong for each that was said. */
function errorsOf(heard: readonly (readonly number[])[], strings: readonly Spoken[]) {
  const wrong = strings.map(({ digits }, i) => editDistance(digits, heard[i]));
  const all = strings.reduce((sum, { digits }) => sum + digits.length, 0);
  return {
    strings: wrong.filter((errors) => errors > 0).length / strings.length,
    digits: wrong.reduce((sum, errors) => sum + errors, 0) / all,
  };
}

/** Where the network begins to say each digit. */
function marksOf(logProbs: ArrayLike<number>, first: number): Heard["marks"] {
  const marks: { digit: number; frame: number }[] = [];
  let before = 0;
  for (let t = 0; t < STRING_FRAMES / STRIDE; t++) {
    const classes = Array.from({ length: 11 }, (_, c) => logProbs[first + t * 11 + c]);
    const best = classes.indexOf(Math.max(...classes));
    if (best !== 0 && best !== before) marks.push({ digit: best - 1, frame: t * STRIDE });
    before = best;
  }
  return marks;
}

await script({
  name: "spoken-digits",
  about: "Spoken digits by a convolutional network on log-mels, and strings of them by one trained with CTC.",
  metric: "accuracy on the test clips",
  options: OPTIONS,
  async run(task) {
    const { seed, executor, options, whole, say, file } = task;
    const clips = await readClips(options.data);
    const [known, test] = [clips.filter((clip) => !isTest(clip)), clips.filter(isTest)];
    const speakers = [...new Set(clips.map(({ speaker }) => speaker))].sort();
    const stranger = options.heldout || speakers[speakers.length - 1];
    if (!speakers.includes(stranger)) throw new Error(`--heldout ${stranger}: the speakers are ${speakers.join(", ")}`);

    // All trainings first, which may be interrupted.
    const { trainer: digits, seconds: first } = await digitTrainer(task, "digits", known);
    const heardOthers = await digitTrainer(
      task,
      "others",
      clips.filter(({ speaker }) => speaker !== stranger),
    );
    const ears = Object.entries(await digits.stateDict()).filter(([name]) => name.startsWith("ear."));
    const { trainer: strings, seconds: last } = await stringTrainer(task, known, Object.fromEntries(ears));

    const baseline = await linearAccuracy(known, test, executor, seed);
    const { accuracy } = await digits.evaluate(digitSamples(test));
    say(
      `${known.length} clips to learn from, ${test.length} to test: ${percent(accuracy)} of these; logistic regression on mean cepstra: ${percent(baseline)}`,
    );
    const unheard = clips.filter(({ speaker }) => speaker === stranger);
    const { accuracy: ofStranger } = await heardOthers.trainer.evaluate(digitSamples(unheard));
    say(`clips of ${stranger}, by a network that heard ${speakers.length - 1} others: ${percent(ofStranger)}`);
    await heardOthers.trainer.dispose();

    const random = randomOf(seed + 1_000_000);
    const said = Array.from({ length: whole("tested") }, () => drawnString(test, random));
    const samples = stringSamples(said);
    const { data: logProbs, shape } = await strings.predict(samples.x);
    const heard = ctcBeamDecode(logProbs, shape, { batchFirst: true, beamWidth: BEAM }).map(([{ labels }]) =>
      labels.map((label) => label - 1),
    );
    const errors = errorsOf(heard, said);

    const practice = Array.from({ length: Math.min(CHOSEN, said.length) }, () => drawnString(known, random));
    const cut = errorsOf(await cutAtPauses(digits, practice, said), said);
    say(
      `strings: ${percent(errors.strings)} not as they were said, ${percent(errors.digits)} of digits wrong; cut at pauses, digit by digit: ${percent(cut.strings)}, ${percent(cut.digits)}`,
    );
    const size = MELS * STRING_FRAMES;
    const path = await file("spoken-digits.png");
    await writeHeard(
      path,
      said.slice(0, DRAWN).map(({ digits }, i) => ({
        mels: samples.x.data.subarray(i * size, (i + 1) * size),
        said: digits.join(" "),
        heard: heard[i].join(" "),
        marks: marksOf(logProbs, i * shape[1] * shape[2]),
      })),
    );
    say(`strings as they were heard: ${path}`);
    await strings.dispose();
    await digits.dispose();
    const more = {
      [stranger]: ofStranger,
      "strings wrong": errors.strings,
      "digits of strings wrong": errors.digits,
      "strings wrong, cut": cut.strings,
    };
    return { value: accuracy, baseline, seconds: first + heardOthers.seconds + last, more };
  },
});
