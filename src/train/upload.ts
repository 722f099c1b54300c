// Data sets in an executor's memory: uploaded once. Loaded with the first one.
import { compile } from "../compile/compile.ts";
import type { Executor } from "../runtime/executor.ts";
import { sameShape } from "../shape.ts";
import { Variable } from "../variable.ts";
import { type CheckedSamples, type Dataset, partsOf, release } from "./dataset.ts";
import { orElse } from "./load.ts";

export { checkLabels } from "./check-labels.ts";
export { checkMeasures, checkTrained } from "./check-measures.ts";
export { checkNames, ofValidation } from "./elsewhere.ts";
export { stepProgram } from "./step-programs.ts";

/** Uploads samples; nothing is left of them where that fails. */
export async function upload(executor: Executor, samples: CheckedSamples, name: string): Promise<Dataset> {
  const [x, y, sampleWeight] = partsOf(samples).map(
    ([part, { shape, dtype }]) => new Variable(shape, 0, { dtype, label: `${name}.${part}`, trainable: false }),
  );
  const { rows, ignores } = samples;
  const dataset = { x, y, sampleWeight, rows, ignores };
  // Assigning a variable to itself is no instruction, but it gives the variable its place.
  const place = await executor.load(
    compile({ assignments: partsOf(dataset).map(([, variable]) => [variable, variable]) }),
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
  const given = partsOf(samples);
  const own = partsOf(dataset);
  return (
    dataset.ignores === samples.ignores &&
    own.length === given.length &&
    own.every(([, { dtype, shape }], i) => dtype === given[i][1].dtype && sameShape(shape, given[i][1].shape))
  );
}

/** Writes samples where others are. */
export function fill(executor: Executor, dataset: Dataset, samples: CheckedSamples): Promise<void> {
  const given = partsOf(samples);
  return executor.writeAll(
    partsOf(dataset).map(([, { key }], i) => ({ slot: { variable: key }, data: given[i][1].data })),
  );
}
