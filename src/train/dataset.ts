// A data set on an executor: x and y as variables, uploaded once; batches are gathered inside programs.

import { isRecord, must } from "../check.ts";
import { compile } from "../compile/compile.ts";
import { type ArrayLikeData, checkClasses, checkFinite, type TypedData } from "../data/array.ts";
import { DataError } from "../errors.ts";
import type { Loss } from "../nn/losses.ts";
import type { Executor } from "../runtime/executor.ts";
import { showShape } from "../shape.ts";
import { Variable } from "../variable.ts";
import { orElse } from "./load.ts";
import { ownArray } from "./own-array.ts";

/** Inputs and targets, one row a sample. */
export interface Samples {
  readonly x: ArrayLikeData;
  readonly y: ArrayLikeData;
}

/** Checked samples. */
export interface CheckedSamples {
  readonly x: TypedData;
  readonly y: TypedData;
  readonly rows: number;
  /** Whether there are targets that the loss ignores. */
  readonly ignores: boolean;
}

/** Samples in an executor's memory. */
export interface Dataset {
  readonly x: Variable;
  readonly y: Variable;
  readonly rows: number;
  readonly ignores: boolean;
}

/**
 * Samples as a loss takes them, and as they are now.
 * @throws DataError for no rows, x and y of different length, (with `finite`) NaN or infinity
 */
export function checkSamples(samples: Samples, loss: Loss, finite: boolean): CheckedSamples {
  must(isRecord(samples), samples, "samples", "{ x, y }");
  const { x: givenX, y: givenY } = samples;
  const x = ownArray(givenX, undefined, "x");
  const y = ownArray(givenY, loss.targets === "classes" ? "i32" : undefined, "y");
  if (x.shape.length === 0 || y.shape.length === 0) throw new DataError("x and y need a first axis of rows");
  const [rows] = x.shape;
  if (rows === 0) throw new DataError("the data set is empty");
  if (y.shape[0] !== rows)
    throw new DataError(`x ${showShape(x.shape)} and y ${showShape(y.shape)} have different numbers of rows`);
  if (finite) {
    checkFinite(x, "x");
    checkFinite(y, "y");
  }
  return { x, y, rows, ignores: y.data.includes(loss.ignoreIndex as number) };
}

/** @throws DataError where a class index has no logit */
export function checkTargets({ y }: CheckedSamples, loss: Loss, classes: number): void {
  if (loss.targets === "classes") checkClasses(y, classes, "y", loss.ignoreIndex);
}

/** Uploads samples; nothing is left of them where that fails. */
export async function upload(
  executor: Executor,
  { x, y, rows, ignores }: CheckedSamples,
  name: string,
): Promise<Dataset> {
  const variable = ({ shape, dtype }: TypedData, part: string) =>
    new Variable(shape, 0, { dtype, label: `${name}.${part}`, trainable: false });
  const dataset = { x: variable(x, "x"), y: variable(y, "y"), rows, ignores };
  // Assigning a variable to itself is no instruction, but it gives the variable its place.
  const place = await executor.load(
    compile({
      assignments: [
        [dataset.x, dataset.x],
        [dataset.y, dataset.y],
      ],
    }),
  );
  const placed = () => executor.unload(place);
  await orElse(
    () => fill(executor, dataset, { x, y }),
    () => placed().then(() => release(executor, dataset)),
  );
  await placed();
  return dataset;
}

/** Writes samples where others are. */
export function fill(executor: Executor, dataset: Dataset, { x, y }: Pick<CheckedSamples, "x" | "y">): Promise<void> {
  return executor.writeAll([
    { slot: { variable: dataset.x.key }, data: x.data },
    { slot: { variable: dataset.y.key }, data: y.data },
  ]);
}

/** Frees the memory of a data set. */
export async function release(executor: Executor, { x, y }: Dataset): Promise<void> {
  await executor.forget(x.key);
  await executor.forget(y.key);
}
