// What simdgrad/tune exports, with right arguments, and the methods of a study.
import { memoryStorage } from "../../src/storage/index.ts";
import * as tune from "../../src/tune/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const space = { x: tune.uniform(0, 1) };

/** A study of a trial, complete unless told otherwise. */
async function study(isComplete = true): Promise<tune.Study<typeof space>> {
  const made = await tune.openStudy({ space });
  for (const value of [1, 2]) {
    const trial = await made.ask();
    if (isComplete) await made.tell(trial, value);
  }
  return made;
}

const whole = await study();

const bounds = [a.finite(0), a.finite(7)] as const;
const picture = { width: a.whole(300), height: a.whole(300) };
const aStudy = a.instance(whole);
const anObjective = a.callback(() => 1);

export const tuneCalls: Readonly<Record<string, Call>> = {
  asha: call(tune.asha, a.options({ firstStep: a.whole(1), reduction: a.whole(3) })),
  bayesian: call(tune.bayesian, a.options({ startup: a.whole(3), candidates: a.whole(3) })),
  choice: call(
    tune.choice,
    a.also(
      a.list(["a", "b"]),
      ["a list", "numbers are values"],
      ["a list of digits", "strings are values"],
      ["a list of sizes that are none", "numbers are values"],
    ),
  ),
  conditional: call(tune.conditional, a.instance({ one: space, two: {} })),
  fileStorage: call(tune.fileStorage, a.text("study.jsonl")),
  grid: call(
    tune.grid,
    a.options({
      points: a.also(
        a.whole(3),
        ["an object", "points of one parameter"],
        ["an object without a prototype", "no parameter is named"],
      ),
    }),
  ),
  importance: call(tune.importance, aStudy, a.options({ trees: a.whole(3), seed: a.seed(3) })),
  importanceSvg: call(tune.importanceSvg, aStudy, a.options({ ...picture, trees: a.whole(3), seed: a.seed(3) })),
  integer: call(tune.integer, a.place(1), a.whole(7), a.options({ step: a.whole(2) })),
  logInteger: call(tune.logInteger, a.whole(1), a.whole(7)),
  logUniform: call(tune.logUniform, a.positive(0.1), a.positive(7)),
  median: call(tune.median, a.options({ startup: a.whole(3), warmup: a.whole(3) })),
  memoryStorage: call(tune.memoryStorage, a.optional(a.instance(new Uint8Array()))),
  openStudy: call(
    tune.openStudy,
    a.options(
      {
        space: a.instance(space),
        mode: a.word("max"),
        sampler: a.instance(tune.random()),
        pruner: a.instance(tune.asha()),
        seed: a.seed(3),
        conditions: a.also(
          a.instance({ data: "1a2b" }),
          ["an object", "conditions"],
          ["an object without a prototype", "no conditions"],
        ),
        storage: a.instance(tune.memoryStorage()),
      },
      ["space"],
    ),
  ),
  parallelCoordinates: call(tune.parallelCoordinates, aStudy),
  parallelCoordinatesSvg: call(tune.parallelCoordinatesSvg, aStudy, a.options(picture)),
  random: call(tune.random),
  serveObjective: call(tune.serveObjective, anObjective),
  studyStorage: call(
    tune.studyStorage,
    a.instance(memoryStorage()),
    a.optional(a.also(a.text("study"), ["digits", "a name"])),
  ),
  table: call(tune.table, aStudy, a.options({ best: a.whole(1) })),
  uniform: call(tune.uniform, ...bounds, a.options({ step: a.positive(0.5) })),
};

export const studyCalls: Readonly<Record<string, Call>> = {
  ask: call(async () => (await study()).ask()),
  tell: call(
    async (trial: never, outcome: never, reason: never) => (await study(false)).tell(trial, outcome, reason),
    a.whole(1),
    a.finite(1),
    a.optional(a.text("out of memory")),
  ),
  bestArtifact: call(async () => (await study()).bestArtifact()),
  trials: call(
    async (count: never, options: never) => (await study()).trials(count, options),
    a.whole(3),
    a.options(
      {
        objective: anObjective,
        module: a.whatever("beside an objective it is refused; alone it has tests of its own")(undefined),
        distribute: a.whatever("beside an objective it is refused; alone it has tests of its own")(undefined),
        workers: a.whole(2),
        patience: a.whatever("beside a module, which has tests of its own")(undefined),
        signal: a.instance(new AbortController().signal),
        tolerate: a.callback(() => true),
      },
      ["objective"],
    ),
  ),
  report: call(
    async (step: never, value: never) => (await (await study()).ask()).report(step, value),
    a.whole(1),
    a.anyNumber(1),
  ),
};
