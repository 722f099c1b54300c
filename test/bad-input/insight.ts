// What simdgrad/insight exports, with right arguments.
import * as insight from "../../src/insight/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

export const insightCalls: Readonly<Record<string, Call>> = {
  calibration: call(
    insight.calibration,
    a.also(a.data(0.5), ["data and shape", "logits of two classes"]),
    a.data(1),
    a.options({ bins: a.whole(5), strategy: a.word("quantile"), probabilities: a.flag(true) }),
  ),
};
