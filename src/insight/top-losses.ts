// Which rows a model is most wrong about.
import { aWholeNumber, checkOptions } from "../check.ts";
import { compile } from "../compile/compile.ts";
import { array, type NumericArray, type TypedData } from "../data/array.ts";
import { evaluationContext } from "../nn/module.ts";
import type { Program } from "../program/program.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import { sizeOf } from "../shape.ts";
import { arange, type Tensor } from "../tensor.ts";
import { type Bundle, eachOf, isOne, mapped } from "../train/bundle.ts";
import { checkLabels } from "../train/check-labels.ts";
import { type CheckedSamples, type Dataset, release, type Samples } from "../train/dataset.ts";
import { freeing, loadProgram, orElse } from "../train/load.ts";
import type { Recipe } from "../train/programs.ts";
import { measure, rowsAt } from "../train/step-graph.ts";
import type { Trainer } from "../train/trainer.ts";
import { tryOut } from "../train/trial.ts";
import { upload } from "../train/upload.ts";
import { Variable } from "../variable.ts";
import { samples, trainerOf } from "./trainer.ts";

/** Numbers of a row: one, or all of it in their order; by names or places where there are several tensors. */
export type RowValues = number | readonly number[] | Bundle<number | readonly number[]>;

/** A row that a model is wrong about. Plain data. */
export interface TopLoss {
  /** Its place in the data. */
  readonly row: number;
  /** The loss of this row alone: NaN where the model gives no number. */
  readonly loss: number;
  readonly target: RowValues;
  /** Of class indices, the class with the largest output. */
  readonly predicted?: number;
  /** What the model gives. */
  readonly output: RowValues;
}

/** Steps whose losses are taken at once. */
const STEPS = 2 ** 16;

/**
 * The rows with the largest losses, the largest first, with what the model says of them: mislabelled rows, rare kinds and what is hard.
 * Each loss is that of its row alone, weighed as in `evaluate`. A row whose targets are all ignored has none, and one whose loss is no
 * number comes first. What compares the rows of a batch, such as infoNce, means nothing here.
 * @throws DataError, ShapeError, DTypeError as `evaluate` does
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { topLosses } from "simdgrad/insight";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await trainer.loadStateDict({ weight: [[2]], bias: [1] });
 * await topLosses(trainer, { x: [[0], [1], [2]], y: [[1], [30], [5]] }, { count: 1 }); // => [{ row: 1, loss: 729, target: 30, output: 3 }]
 */
export async function topLosses<Input, Output, Target, X>(
  trainer: Trainer<Input, Output, Target, X>,
  data: Samples<X, Target>,
  options: { readonly count?: number } = {},
): Promise<TopLoss[]> {
  const name = "topLosses";
  const own = trainerOf(trainer, `${name}: trainer`);
  samples(data, `${name}: data`);
  checkOptions(options, name, { count: aWholeNumber(1) });
  const { count = 10 } = options;
  const { workshop } = own;
  const { recipe, executor } = workshop;
  const checked = workshop.checked(data as Samples);
  tryOut(recipe, checked);
  checkLabels(checked, recipe.loss);
  const outputs = mapped<NumericArray, TypedData>(await own.predict(data.x as Samples["x"]), (each) => array(each));
  const losses = await workshop.exclusive(() => lossesOfRows(executor, recipe, { ...checked, x: outputs }));
  const order = Array.from(losses.keys()).filter((row) => !(checked.ignores && isIgnored(losses[row], outputs, row)));
  const size = (row: number) => (Number.isNaN(losses[row]) ? Number.POSITIVE_INFINITY : losses[row]);
  order.sort((a, b) => size(b) - size(a) || a - b);
  return order.slice(0, count).map((row) => {
    const target = valuesAt(checked.y, row);
    const output = valuesAt(outputs, row);
    return { row, loss: losses[row], target, ...predictedAt(recipe, outputs, row), output };
  });
}

/** A loss that is no number though the output is one, where targets are ignored: there is nothing to be wrong about. */
function isIgnored(loss: number, outputs: Bundle<NumericArray>, row: number): boolean {
  if (!Number.isNaN(loss)) return false;
  return eachOf<NumericArray>(outputs, "").every(([, each]) => rowOf(each, row).every(Number.isFinite));
}

function rowOf({ data, shape }: NumericArray, row: number): number[] {
  const width = sizeOf(shape.slice(1));
  return Array.from(data.subarray(row * width, (row + 1) * width));
}

function valuesAt(given: Bundle<NumericArray>, row: number): RowValues {
  const numbers = (each: NumericArray) => {
    const own = rowOf(each, row);
    return own.length === 1 ? own[0] : own;
  };
  return mapped<NumericArray, number | readonly number[]>(given, numbers);
}

/** The class with the largest output, of one output for class indices. */
function predictedAt({ loss }: Recipe, outputs: Bundle<NumericArray>, row: number): Pick<TopLoss, "predicted"> {
  const isOfClasses = typeof loss === "function" && loss.targets === "classes" && isOne(outputs);
  if (!isOfClasses || outputs.shape.length !== 2) return {};
  const own = rowOf(outputs, row);
  return { predicted: own.indexOf(Math.max(...own)) };
}

/** The loss of each row alone, out of what the model gives: a step a row of a program that counts its rows. */
async function lossesOfRows(executor: Executor, recipe: Recipe, given: CheckedSamples): Promise<number[]> {
  const data = await upload(executor, given, "predictions");
  const row = new Variable([], 0, { dtype: "i32", label: "predictions.row", trainable: false });
  let id: ProgramId | undefined;
  const free = () =>
    freeing(async () => {
      if (id !== undefined) {
        await executor.unload(id);
        await executor.forget(row.key);
      }
      await release(executor, data);
    });
  const losses = await orElse(async () => {
    id = await loadProgram(executor, programOf(recipe, data, row), [row]);
    const told: number[] = [];
    for (let left = data.rows; left > 0; left -= STEPS) {
      const run = executor.run([[id, Math.min(left, STEPS)]], { urgent: true });
      await run.done;
      for (const { values } of run.takeLog()) for (const value of values) told.push(value);
    }
    return told;
  }, free);
  await free();
  return losses;
}

function programOf(recipe: Recipe, data: Dataset, row: Variable): Program {
  const ofOutputs = { ...recipe, model: same, preprocess: same, metrics: {} };
  const [{ value: loss }] = measure(ofOutputs, rowsAt(data, arange(1).add(row)), evaluationContext());
  return compile({ outputs: { loss }, assignments: [[row, row.add(1)]], names: recipe.names });
}

function same(x: Bundle<Tensor>): Bundle<Tensor> {
  return x;
}
