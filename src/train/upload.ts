// Data sets in an executor's memory: uploaded once. Loaded with the first one.
import { compile } from "../compile/compile.ts";
import type { TypedData } from "../data/array.ts";
import type { Executor } from "../runtime/executor.ts";
import { sameShape } from "../shape.ts";
import { Variable } from "../variable.ts";
import { checkLabels } from "./check-labels.ts";
import { checkMeasures } from "./check-measures.ts";
import { type CheckedSamples, type Dataset, likeParts, partsOf, release } from "./dataset.ts";
import { orElse } from "./load.ts";
import type { Recipe } from "./programs.ts";
import { type Begun, tryRest } from "./trial.ts";

export { checkTrained } from "./check-measures.ts";
export { checkNames, ofValidation } from "./elsewhere.ts";
export { endEpoch } from "./epoch.ts";
export { stepProgram } from "./step-programs.ts";
export { tryRest } from "./trial.ts";

/**
 * What is left to try of samples that were begun with, all of whose labels and measures are looked at. At the first time it warns of what
 * the loss does not depend on.
 * @throws ShapeError, DataError and the like naming what does not fit
 */
export function tryAll(recipe: Recipe, samples: CheckedSamples, begun: Begun | undefined, isFirst: boolean): void {
  const unused = tryRest(recipe, samples, begun);
  if (isFirst && unused.length > 0)
    console.warn(`simdgrad: the loss does not depend on ${unused.join(", ")}: the optimizer will not train them`);
  checkLabels(samples, recipe.loss);
  checkMeasures(recipe, samples);
}

/** Uploads samples; nothing is left of them where that fails. */
export async function upload(executor: Executor, samples: CheckedSamples, name: string): Promise<Dataset> {
  const { rows, ignores } = samples;
  const variables = likeParts<TypedData, Variable>(
    samples,
    ({ shape, dtype }, part) => new Variable(shape, 0, { dtype, label: `${name}.${part}`, trainable: false }),
  );
  const dataset = { ...variables, rows, ignores };
  // Assigning a variable to itself is no instruction, but it gives the variable its place.
  const place = await executor.load(
    compile({ assignments: partsOf<Variable>(dataset).map(([, variable]) => [variable, variable]) }),
  );
  const placed = () => executor.unload(place);
  await orElse(
    () => fill(executor, dataset, samples),
    () => placed().then(() => release(executor, dataset)),
  );
  await placed();
  return dataset;
}

/** Whether samples fit where others are. */
export function fits(dataset: Dataset, samples: CheckedSamples): boolean {
  const given = partsOf<TypedData>(samples);
  const own = partsOf<Variable>(dataset);
  return (
    dataset.ignores === samples.ignores &&
    own.length === given.length &&
    own.every(([name, { dtype, shape }], i) => {
      const [other, data] = given[i];
      return name === other && dtype === data.dtype && sameShape(shape, data.shape);
    })
  );
}

/** Writes samples where others are. */
export function fill(executor: Executor, dataset: Dataset, samples: CheckedSamples): Promise<void> {
  const given = partsOf<TypedData>(samples);
  return executor.writeAll(
    partsOf<Variable>(dataset).map(([, { key }], i) => ({ slot: { variable: key }, data: given[i][1].data })),
  );
}
