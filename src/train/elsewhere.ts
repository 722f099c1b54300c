// Options of a fit as others call them, and what they are here. Loaded with the first data.
import { ArgumentError } from "../errors.ts";

const ELSEWHERE: readonly (readonly [RegExp, string])[] = [
  [/^(loss|optimizer|metrics|seed|executor|preprocess)$/, "an option of new Trainer(model, { ... })"],
  [/^(max|n|nb|num)_?epochs?$|^iter/i, "epochs"],
  [/^val.*data$/i, "validation: { x, y }"],
  [/^val.*split$/i, "validation: { x, y }, rows that load does not get"],
  [/^(max_?)?steps$/i, "callbacks: [stopAt({ steps })]"],
  [/^drop_?last$/i, 'lastBatch: "drop"'],
  [/^verbose$/, "for await (const report of trainer.fit(...)) console.log(report)"],
  [/^on_?[a-z]+_?end$/i, "callbacks: [{ onEpochEnd() {} }]"],
  [/^(lr|learning_?rate)$/i, "new Trainer(model, { optimizer: adam(0.01) })"],
  [/^(x|y|sample_?weights?)$/i, "trainer.load({ x, y, sampleWeight })"],
  [/^class_?weights?$/i, "new Trainer(model, { loss: withOptions(crossEntropy, { weight }) })"],
];

/** @throws ArgumentError for an option of a fit that is called otherwise here, or is not a fit's */
export function checkNames(options: object): void {
  for (const key of Object.keys(options ?? {})) {
    const [, meant] = ELSEWHERE.find(([pattern]) => pattern.test(key)) ?? [];
    if (meant !== undefined) throw new ArgumentError(`fit: unknown option ${key}; here it is ${meant}`);
  }
}
