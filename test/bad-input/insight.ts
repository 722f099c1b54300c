// What simdgrad/insight exports, with right arguments.
import * as insight from "../../src/insight/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

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
    a.also(a.data(0.5), ["data and shape", "logits of two classes"]),
    a.data(1),
    a.options({ bins: a.whole(5), strategy: a.word("quantile"), probabilities: a.flag(true) }),
  ),
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
};
