// npm run breast-cancer: whether a tumour is malignant, by the sizes and shapes of its cells' nuclei. Ten folds of five shuffles: how often a
// network is right, beside logistic regression, how many malignant tumours it finds, and whether its probabilities are to be believed.
import { type Samples, Trainer, type TrainerOptions } from "simdgrad";
import { earlyStopping } from "simdgrad/callbacks";
import { kFold, preprocessing, standardize, type Table, trainTestSplit } from "simdgrad/data";
import { type CalibrationBin, calibration } from "simdgrad/insight";
import { binaryAccuracy, rocAuc } from "simdgrad/metrics";
import { binaryCrossEntropyWithLogits, Dropout, type Layer, Linear, relu, Sequential } from "simdgrad/nn";
import { adamW } from "simdgrad/optim";
import { DIAGNOSES, readTumours, sensitivityAt } from "./diagnosis.ts";
import { diagonal, type Panel, writePanels } from "./scatter.ts";
import { percent, script } from "./script.ts";

/** Of the weights, one of which is chosen in each fold. */
const DECAYS = [0.3, 1, 3];
const METRICS = { accuracy: binaryAccuracy(), area: rocAuc() };
/** The share of benign tumours that must be taken for such where malignant ones are counted. */
const SPECIFICITY = 0.95;

/** From a row of features to the logit of malignant. */
const MODELS: Readonly<Record<string, (features: number, width: number) => Layer>> = {
  "logistic regression": (features) => new Linear(features, 1),
  network: (features, width) =>
    new Sequential(
      new Linear(features, width),
      relu,
      new Dropout(0.5),
      new Linear(width, width),
      relu,
      new Dropout(0.5),
      new Linear(width, 1),
    ),
};
const COLOURS = ["#c60", "#06c"];

/** What is known of a model after the folds: a number a fold, and the logits of all tumours, each by a model that has not seen it. */
class Found {
  readonly accuracies: number[] = [];
  readonly areas: number[] = [];
  readonly logits: number[] = [];
  readonly malignant: number[] = [];
}

/** The model that has the least loss on what it was not trained on, of one a decay: the tumours to test with have no say. */
async function chosen(
  make: () => Layer,
  options: Omit<TrainerOptions, "optimizer">,
  { train, validation }: Readonly<Record<"train" | "validation", Samples>>,
  epochs: number,
): Promise<Trainer> {
  let best: { readonly trainer: Trainer; readonly loss: number } | undefined;
  for (const weightDecay of DECAYS) {
    const trainer = new Trainer(make(), { ...options, optimizer: adamW(3e-3, { weightDecay }) });
    await trainer.load(train);
    const callbacks = [earlyStopping({ patience: 20, restoreBest: true })];
    await trainer.fit({ batch: 32, epochs, validation, callbacks });
    const { loss } = await trainer.evaluate(validation);
    if (best !== undefined && best.loss <= loss) await trainer.dispose();
    else {
      await best?.trainer.dispose();
      best = { trainer, loss };
    }
  }
  return (best as { readonly trainer: Trainer }).trainer;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

await script({
  name: "breast-cancer",
  about: "Whether tumours are malignant, by their cells' nuclei, in ten folds of five shuffles.",
  metric: "accuracy of tumours that were held out",
  options: {
    epochs: { about: "passes over the tumours at the most, of each network", value: "200" },
    shuffles: { about: "how often all are cut into ten folds anew", value: "5" },
    width: { about: "units of a hidden layer", value: "32" },
  },
  async run({ seed, executor, whole, say, file, progress }) {
    const [epochs, shuffles, width] = [whole("epochs"), whole("shuffles"), whole("width")];
    const all = await readTumours();
    const columns = all.names.filter((name) => name !== "diagnosis");
    const found: Record<string, Found> = {};
    for (let shuffle = 0, done = 0; shuffle < shuffles; shuffle++)
      for (const fold of kFold(all, { folds: 10, stratify: "diagnosis", seed: seed * shuffles + shuffle })) {
        // A sixth of what may be seen tells when to stop. Means and deviations are those of the tumours that are trained on.
        const seen = trainTestSplit(fold.train, { test: 1 / 6, stratify: "diagnosis", seed });
        const fitted = preprocessing([{ columns, steps: [standardize()] }]).fit(seen.train);
        const samples = (part: Table) => {
          const { data } = part.toClasses("diagnosis", DIAGNOSES);
          return { x: fitted.transform(part), y: { data: Float32Array.from(data), shape: [part.rows, 1] } };
        };
        const test = samples(fold.test);
        for (const [name, make] of Object.entries(MODELS)) {
          const parts = { train: samples(seen.train), validation: samples(seen.test) };
          const options = { loss: binaryCrossEntropyWithLogits, metrics: METRICS, executor, seed };
          await using trainer = await chosen(() => make(columns.length, width), options, parts, epochs);
          const { accuracy, area } = await trainer.evaluate(test);
          const { data } = await trainer.predict(test.x);
          found[name] ??= new Found();
          found[name].accuracies.push(accuracy);
          found[name].areas.push(area);
          found[name].logits.push(...data);
          found[name].malignant.push(...test.y.data);
        }
        progress.draw(++done / (10 * shuffles), `fold ${done}: ${percent(mean(found.network.accuracies))} right`);
      }
    const more: Record<string, number> = {};
    const panels: Panel[] = [];
    for (const [i, [name, { accuracies, areas, logits, malignant }]] of Object.entries(found).entries()) {
      const { curve, expectedCalibrationError } = calibration(logits, malignant);
      const sensitivity = sensitivityAt(SPECIFICITY, logits, malignant);
      Object.assign(more, {
        [`${name}: area`]: mean(areas),
        [`${name}: sensitivity`]: sensitivity,
        [`${name}: calibration error`]: expectedCalibrationError,
      });
      panels.push(reliability(`${name}: off by ${percent(expectedCalibrationError)}`, curve, COLOURS[i]));
      say(`${name}: ${percent(mean(accuracies))} right, area under the ROC curve ${mean(areas).toFixed(4)}`);
      say(
        `  finds ${percent(sensitivity)} of the malignant ones where ${percent(SPECIFICITY)} of the others are right`,
      );
    }
    const path = await file("breast-cancer.svg");
    await writePanels(path, panels);
    say(`how likely they said it was, and how often it was so: ${path}`);
    const [baseline, value] = Object.keys(MODELS).map((name) => mean(found[name].accuracies));
    return { value, baseline, more };
  },
});

/** On the dashed line probabilities are what happens. Points are as large as there are tumours. */
function reliability(title: string, curve: readonly CalibrationBin[], colour: string): Panel {
  return {
    title,
    x: { name: "probability of malignant, as it was said", from: 0, to: 1, decimals: 1 },
    y: { name: "share that was malignant", from: 0, to: 1, decimals: 1 },
    lines: [diagonal(0, 1), { points: curve.map(({ predicted, actual }) => [predicted, actual]), colour }],
    points: curve.map(({ predicted, actual, rows }) => ({
      x: predicted,
      y: actual,
      colour,
      radius: Math.round(Math.log2(1 + rows)),
    })),
  };
}
