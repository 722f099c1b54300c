// What simdgrad/insight exports, with right arguments.
import { JsExecutor, Trainer } from "../../src/index.ts";
import * as insight from "../../src/insight/index.ts";
import { Linear, mseLoss } from "../../src/nn/index.ts";
import { hyperparameter, sgd } from "../../src/optim/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const rate = hyperparameter(0.1);
const trainer = new Trainer(new Linear(1, 1), {
  loss: mseLoss,
  optimizer: sgd(rate),
  executor: new JsExecutor(),
  hyperparameters: { rate },
});
const samples = { x: [[0], [1], [2]], y: [[1], [3], [5]] };
await trainer.load(samples);
const aTrainer = a.instance(trainer);
const aTarget = a.also(a.text("log.csv"), ["a function", "it is given texts"]);
const theSamples = a.instance(samples);

const anyRecord = (value: object) =>
  a.also(
    a.instance(value),
    ["an object", "a setting, or a seed"],
    ["an object without a prototype", "none"],
    ["an object with a constructor of its own", "a setting of this name"],
    ["data and shape", "settings"],
  );
const named = (value: object) => a.also(a.instance(value), ["an object without a prototype", "none"]);

export const insightCalls: Readonly<Record<string, Call>> = {
  calibration: call(
    insight.calibration,
    a.also(a.data(1.5), ["data and shape", "logits of two classes"]),
    a.data(1),
    a.options({ bins: a.whole(5), strategy: a.word("quantile"), probabilities: a.flag(false) }),
  ),
  csvLogger: call(insight.csvLogger, aTarget, a.options({ append: a.flag(true) })),
  findLearningRate: call(
    insight.findLearningRate,
    aTrainer,
    a.options({
      data: theSamples,
      from: a.positive(1e-3),
      to: a.positive(1),
      steps: a.whole(12),
      batch: a.whole(1),
      hyperparameter: a.also(a.text("rate"), ["word", "no name of one"]),
    }),
  ),
  gradientMonitor: call(
    insight.gradientMonitor,
    a.options({ data: theSamples, every: a.whole(2), vanishing: a.positive(0.5), exploding: a.positive(0.5) }, [
      "data",
    ]),
  ),
  jsonLines: call(insight.jsonLines, aTarget, a.options({ append: a.flag(true) })),
  overfitOneBatch: call(
    insight.overfitOneBatch,
    aTrainer,
    theSamples,
    a.options({ batch: a.whole(1), steps: a.whole(2), goal: a.finite(0.5) }),
  ),
  progressBar: call(insight.progressBar, a.options({ stream: a.instance({ write: () => true }), every: a.whole(2) })),
  report: call(
    insight.report,
    a.options(
      {
        title: a.text("A training"),
        summary: a.text("It went well."),
        history: a.list([{ epoch: 1, loss: 0.5, metrics: {}, seconds: 1 }]),
        metrics: named({ test: { loss: 0.5 } }),
        predictions: a.instance({ outputs: [0.5], targets: [1] }),
        worst: a.list([{ row: 1, loss: 2 }]),
        configuration: anyRecord({ rate: 0.1 }),
        seeds: anyRecord({ training: 0 }),
      },
      ["title"],
    ),
  ),
  topLosses: call(insight.topLosses, aTrainer, theSamples, a.options({ count: a.whole(2) })),
};
