// The loss and the metrics of a training, weights of rows and what is trained, checked before they become a program. Loaded with the first
// data.
import { aFunction, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { topological } from "../graph.ts";
import { evaluationContext, variables } from "../nn/module.ts";
import { type Aval, checkDType, sameShape, showShape } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import { eachOf, pathOf } from "./bundle.ts";
import { checkModel } from "./check-model.ts";
import { checkNames, checkWeights, namingOutputs } from "./check-names.ts";
import type { Metric } from "./metrics.ts";
import { lossesOf } from "./objectives.ts";
import { ofOneRow } from "./one-row.ts";
import { inputsOf, predictorOf, type Recipe } from "./programs.ts";
import { type Measured, measure } from "./step-graph.ts";
import { flattest } from "./trial.ts";

/**
 * @throws ArgumentError for a metric with the name of a number that a step logs, for names that the model does not share and for weights that
 * the loss does not see, DataError for such targets, ShapeError and DTypeError for what gives something else than it should and for weights
 * that are not one a row or not one a class
 */
export function checkMeasures(
  recipe: Recipe,
  samples: Parameters<typeof inputsOf>[0] & { readonly rows: number },
): void {
  const { metrics } = recipe;
  for (const name of Object.keys(metrics)) checkName(name, metrics);
  const { sampleWeight } = samples;
  for (const [path, { shape }] of sampleWeight === undefined ? [] : eachOf<Aval>(sampleWeight, "sampleWeight"))
    if (!sameShape(shape, [samples.rows]))
      throw new ShapeError(`${path} ${showShape(shape)} is not one a row, [${samples.rows}]`);
  const { row, measured } = ofOneRow(flattest(samples.x), (rows) => {
    const row = inputsOf(samples, rows);
    const prediction = predictorOf(recipe)(row.x);
    checkNames(recipe, prediction, row);
    checkWeights(recipe, prediction);
    const measured = namingOutputs(recipe, prediction, () => measure(recipe, row, evaluationContext()));
    const [sum, ...parts] = measured;
    checkValues(typeof recipe.loss === "function" ? measured : [...parts, sum], namesOf(recipe));
    return { row, measured };
  });
  const unseen = measured.find(({ value, weight }) => weight !== undefined && !topological([value]).includes(weight));
  if (unseen !== undefined)
    throw new ArgumentError(
      `${row.sampleWeight === undefined ? "classWeight" : "sampleWeight"}: the loss is made of none of simdgrad/nn, which know how to weigh rows`,
    );
}

/** What gives what is measured, in words: losses by the names that they are measured under. */
function namesOf({ loss }: Recipe): ReadonlyMap<string, string> {
  const losses = lossesOf(loss).map(([output]): [string, string] =>
    output === undefined
      ? ["loss", "what the loss gives"]
      : [pathOf(output, "loss"), `what the loss of ${output} gives`],
  );
  return new Map([["loss", "what the loss gives"], ...losses]);
}

function checkValues(measured: readonly Measured[], names: ReadonlyMap<string, string>): void {
  for (const { name, value, metric } of measured) {
    const whole = names.get(name) ?? `Trainer: metrics.${name}`;
    const what = metric === undefined ? whole : `${whole}.numbers`;
    must(
      value instanceof Tensor,
      value,
      what,
      `a tensor${names.has(name) ? "" : "; a metric is made by calling it, as f1()"}`,
    );
    if (metric !== undefined) {
      aFunction(metric.value, `${whole}.value`);
      checkDType(value, ["f32"], what);
    }
    if (metric === undefined) checkAxes(value, 0, what, "one number, such as mean() gives");
    else if (metric.ofEachRow) checkAxes(value, 2, what, "[N, n], numbers of each row");
    else checkAxes(value, 1, what, "[n], sums over the rows");
  }
}

function checkAxes({ shape }: Tensor, axes: number, what: string, expected: string): void {
  if (shape.length !== axes) throw new ShapeError(`${what} must be ${expected}, got ${showShape(shape)}`);
}

/** A step logs the numbers of a counted metric one by one, and gradients where an optimizer searches. */
function checkName(name: string, metrics: Readonly<Record<string, Metric>>): void {
  const [, metric = ""] = /^(.*)#\d+$/s.exec(name) ?? [];
  const isNumber = Object.hasOwn(metrics, metric) && typeof metrics[metric] !== "function";
  if (isNumber || /^gradient \d+$/.test(name))
    throw new ArgumentError(`Trainer: metrics.${name}: a number that a step logs has this name`);
}

/**
 * The optimizer keeps state of those parameters alone that were trained when the trainer was made.
 * @throws ArgumentError where other layers came into the model since then, or `setTrainable` has changed what is trained
 */
export function checkTrained(recipe: Recipe): void {
  checkModel(recipe, "fit");
  const { model, parameters: trained } = recipe;
  const before = new Set(trained.values());
  const changed = [...variables(model)].filter(([, variable]) => variable.trainable !== before.has(variable));
  if (changed.length > 0)
    throw new ArgumentError(
      `fit: what is trained has changed since this trainer was made: ${changed.map(([path]) => path).join(", ")}; make another, ` +
        "new Trainer(model, { executor: trainer.executor, ... }), which goes on with the values that are there",
    );
}
