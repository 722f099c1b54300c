// What simdgrad/tabular exports, with right arguments.
import { table } from "../../src/data/index.ts";
import { JsExecutor } from "../../src/index.ts";
import * as tabular from "../../src/tabular/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const size = Array.from({ length: 40 }, (_, i) => 1 + (i % 20) / 10);
const fruits = table({ size, kind: size.map((each) => (each < 2 ? "plum" : "pear")) });
const model = tabular.fitTable(fruits, { target: "kind", epochs: 2 });
const share = a.positive(0.25);

/** Two epochs, where nobody says how many. */
function short(options: tabular.TabularOptions): tabular.TabularOptions {
  const isRecord = Object.prototype.toString.call(options) === "[object Object]";
  return isRecord && options.epochs === undefined ? { ...options, epochs: 2 } : options;
}

export const tabularCalls: Readonly<Record<string, Call>> = {
  fitTable: call(
    (given: never, options: never) => tabular.fitTable(given, short(options)),
    a.instance(fruits),
    a.options(
      {
        target: a.word("kind"),
        task: a.word("classification"),
        features: a.list(["size"]),
        validation: share,
        test: share,
        seed: a.seed(1),
        epochs: a.whole(2),
        patience: a.whole(2),
        batch: a.whole(8),
        hidden: a.also(a.list([4]), ["a list", "two sizes"]),
        dropout: a.positive(0.1),
        rate: a.positive(0.01),
        weightDecay: a.positive(0.01),
        reading: a.options({
          delimiter: a.text(";"),
          header: a.flag(true),
          missing: a.list(["", "?"]),
          decimal: a.word(","),
        }),
        executor: a.instance(new JsExecutor()),
        threads: a.whole(1),
        signal: a.instance(new AbortController().signal),
        report: a.callback(() => undefined),
      },
      ["target"],
    ),
  ),
  TabularModel: call(
    async (bytes: never, options: never) => (await tabular.TabularModel.load(bytes, options)).dispose(),
    a.instance(await (await model).save()),
    a.options({ executor: a.instance(new JsExecutor()) }),
  ),
};

export const modelCalls: Readonly<Record<string, Call>> = {
  types: call(async (options: never) => (await model).types(options), a.options({ target: a.flag(true) })),
  predict: call(async (given: never) => (await model).predict(given), a.instance([{ size: 1.5 }])),
  evaluate: call(async (given: never) => (await model).evaluate(given), a.instance(fruits)),
  isMadeOf: call(async (given: never) => (await model).isMadeOf(given), a.instance(fruits)),
  partsOf: call(async (given: never) => (await model).partsOf(given), a.instance(fruits)),
  trainingRows: call(async (given: never) => (await model).trainingRows(given), a.instance(fruits)),
  withWeights: call(async (weights: never) => (await model).withWeights(weights), a.instance((await model).weights)),
  save: call(async () => (await model).save()),
};
