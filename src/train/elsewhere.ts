// What is said of the options of a fit: of those that others call otherwise, and of a validation that does not fit. Loaded with the first data.
import { ArgumentError, SimdgradError } from "../errors.ts";
import { advise } from "./advise.ts";
import type { Samples } from "./dataset.ts";

/** Samples of any model. */
type AnySamples = Samples<unknown, unknown>;

const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [
    /^(loss|lossWeights|optimizer|metrics|seed|executor|preprocess|transform)$/,
    "an option of new Trainer(model, { ... })",
  ],
  [/^(max|n|nb|num)_?epochs?$|^iter/i, "epochs"],
  [/^val.*data$/i, "validation: { x, y }"],
  [/^val.*split$/i, "validation: { x, y }, rows that load does not get"],
  [/^(max_?)?steps$/i, "callbacks: [stopAt({ steps })]"],
  [/^drop_?last$/i, 'lastBatch: "drop"'],
  [/^verbose$/, "for await (const report of trainer.fit(...)) console.log(report)"],
  [/^on_?[a-z]+_?end$/i, "callbacks: [{ onEpochEnd() {} }]"],
  [/^(lr|learning_?rate)$/i, "new Trainer(model, { optimizer: adam(0.01) })"],
  [/^(x|y|sample_?weights?)$/i, "trainer.load({ x, y, sampleWeight })"],
  [/^class_?weights?$/i, "new Trainer(model, { classWeight: [1, 2] })"],
];

/** @throws ArgumentError for an option of a fit that is called otherwise here, or is not a fit's */
export function checkNames(options: object): void {
  for (const key of Object.keys(options ?? {})) {
    const [, meant] = ELSEWHERE.find(([pattern]) => pattern.test(key)) ?? [];
    if (meant !== undefined) throw new ArgumentError(`fit: unknown option ${key}; here it is ${meant}`);
  }
}

/** What `check` gives for samples of a validation. @throws what it throws, with where they were given, and advice */
export function ofValidation<T>(samples: AnySamples | undefined, check: () => T): T {
  try {
    return check();
  } catch (error) {
    const said = advise(error, samples ?? {});
    if (said instanceof SimdgradError) said.message = `fit: validation: ${said.message}`;
    throw said;
  }
}
