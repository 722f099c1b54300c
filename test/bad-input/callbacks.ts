// What simdgrad/callbacks exports, with right arguments.
import * as callbacks from "../../src/callbacks/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const monitored = { monitor: a.text("loss"), mode: a.word("max") };

export const callbackCalls: Readonly<Record<string, Call>> = {
  earlyStopping: call(
    callbacks.earlyStopping,
    a.options({
      ...monitored,
      patience: a.whole(1),
      minDelta: a.positive(0.5),
      baseline: a.number(1),
      restoreBest: a.flag(true),
    }),
  ),
  modelCheckpoint: call(
    callbacks.modelCheckpoint,
    a.options(
      {
        monitor: a.beside(monitored.monitor, { best: true }),
        mode: a.beside(monitored.mode, { best: true }),
        keep: a.callback(() => undefined),
        every: a.whole(1),
        best: a.flag(true),
        snapshot: a.flag(true),
      },
      ["keep"],
    ),
  ),
  reduceOnPlateau: call(
    callbacks.reduceOnPlateau,
    a.options({
      ...monitored,
      hyperparameter: a.text("rate"),
      factor: a.positive(0.5),
      patience: a.whole(1),
      minDelta: a.positive(0.5),
      cooldown: a.whole(1),
      minimum: a.positive(0.5),
    }),
  ),
  stopAt: call(
    callbacks.stopAt,
    a.options(
      {
        steps: a.whole(1),
        seconds: a.positive(1),
        metric: a.text("loss"),
        value: a.finite(1),
        mode: a.word("max"),
      },
      ["metric", "value"],
    ),
  ),
  terminateOnNaN: call(callbacks.terminateOnNaN),
};
