// Whether a model, its data, losses, metrics and weights speak of the same tensors. Loaded with the first data.
import { ArgumentError, DataError, ShapeError } from "../errors.ts";
import type { Loss } from "../nn/losses.ts";
import { showAval } from "../shape.ts";
import { show } from "../show.ts";
import { Tensor } from "../tensor.ts";
import { type Bundle, memberOf, pathOf } from "./bundle.ts";
import { lossAt, lossesOf } from "./objectives.ts";
import type { Recipe, Rows } from "./programs.ts";

/** @throws ArgumentError for losses and metrics of what the model does not give, DataError for targets and weights that do not fit these */
export function checkNames(recipe: Recipe, prediction: Bundle<Tensor>, { y, sampleWeight }: Rows): void {
  const { loss, outputs } = recipe;
  const given = namesIn(prediction);
  for (const [metric, output] of outputs)
    if (!given.includes(output) && lossAt(loss, output) === undefined)
      throw new ArgumentError(`Trainer: metrics.${metric}: ${gives(prediction, output)}`);
  if (typeof loss !== "function") {
    for (const output of Object.keys(loss))
      if (!given.includes(output)) throw new ArgumentError(`Trainer: loss.${output}: ${gives(prediction, output)}`);
    for (const output of given)
      if (!Object.hasOwn(loss, output))
        throw new ArgumentError(
          `Trainer: loss.${output} is missing: the model gives it, too; null is for one without a loss`,
        );
  }
  const isSingle = sampleWeight === undefined || sampleWeight instanceof Tensor;
  for (const output of isSingle ? [] : Object.keys(sampleWeight))
    if (lossAt(loss, output) === undefined)
      throw new DataError(`sampleWeight.${output}: there is no loss of this name`);
  checkTargets(recipe, y);
}

function checkTargets({ loss, outputs }: Recipe, y: Bundle<Tensor>): void {
  const wanted = new Set(outputs.values());
  for (const output of wanted)
    if (y instanceof Tensor || memberOf(y, output) === undefined)
      throw new DataError(
        `y.${output} is missing: ${lossAt(loss, output) === undefined ? "a metric" : "a loss"} is of ${output}, and y ${has(y)}`,
      );
  const unused = typeof loss === "function" ? undefined : namesIn(y).find((name) => !wanted.has(name));
  if (unused !== undefined) throw new DataError(`y.${unused}: no loss and no metric is of ${unused}`);
}

function namesIn(bundle: Bundle<Tensor>): string[] {
  return bundle instanceof Tensor ? [] : Object.keys(bundle);
}

function gives(prediction: Bundle<Tensor>, output: string): string {
  return `the model gives no ${output}; it gives ${prediction instanceof Tensor ? `one tensor, ${showAval(prediction)}` : `[${namesIn(prediction).join(", ")}]`}`;
}

function has(y: Bundle<Tensor>): string {
  return y instanceof Tensor ? `is one array, ${showAval(y)}` : `has [${namesIn(y).join(", ")}]`;
}

/** What `make` measures. @throws what it throws; for a metric that has an output's name and takes one tensor, what to write */
export function namingOutputs<T>({ metrics, outputs }: Recipe, prediction: Bundle<Tensor>, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const output = namesIn(prediction).find((name) => Object.hasOwn(metrics, name) && !outputs.has(name));
    if (output === undefined || !/: prediction must be a tensor/.test(String(error))) throw error;
    const metric = metrics[output];
    const name = typeof metric === "function" && metric.name !== "" ? metric.name : "metric";
    throw new ArgumentError(
      `Trainer: metrics.${output}: an output's metrics are a record: { ${output}: { ${name} } }`,
      { cause: error },
    );
  }
}

/**
 * @throws ArgumentError for weights of what has no loss, of classes whose loss takes no class indices, and for what is no weight, ShapeError for
 * another number of classes
 */
export function checkWeights({ loss, lossWeights, classWeight }: Recipe, prediction: Bundle<Tensor>): void {
  const known = lossesOf(loss).flatMap(([output]) => (output === undefined ? [] : [output]));
  const checkKnown = (what: string, given: object = {}) => {
    for (const output of Object.keys(given))
      if (!known.includes(output))
        throw new ArgumentError(`Trainer: ${what}.${output}: there is no loss of this name, but [${known.join(", ")}]`);
  };
  if (typeof loss === "function" && lossWeights !== undefined)
    throw new ArgumentError("Trainer: lossWeights: the loss is one function, and has no parts by name");
  checkKnown("lossWeights", lossWeights as object | undefined);
  if (typeof loss !== "function") checkKnown("classWeight", classWeight as object | undefined);
  for (const [output, each] of lossesOf(loss)) {
    const weight = memberOf(classWeight, output);
    if (weight !== undefined)
      checkClassWeight(weight, `Trainer: ${pathOf("classWeight", output)}`, each, memberOf(prediction, output));
  }
}

function checkClassWeight(
  weight: unknown,
  what: string,
  { targets }: Loss,
  prediction: Bundle<Tensor> | undefined,
): void {
  if (targets !== "classes" || !(prediction instanceof Tensor))
    throw new ArgumentError(
      `${what}: the loss takes no class indices; weigh rows by sampleWeight, or each yes of yes and no by ` +
        "withOptions(binaryCrossEntropyWithLogits, { posWeight: 5 })",
    );
  const classes = prediction.shape[1] ?? 0;
  const given = Array.isArray(weight) ? weight.length : undefined;
  if (given !== classes)
    throw new ShapeError(
      `${what} must be a list of one factor a class, [${classes}], got ${given === undefined ? show(weight) : `[${given}]`}`,
    );
}
