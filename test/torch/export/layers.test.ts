// Every layer, activation and loss, layers with options and every op as PyTorch code, run by PyTorch: results and gradients.
import { beforeAll, describe, expect, test } from "vitest";
import { evaluationContext } from "../../../src/nn/module.ts";
import { contexts, names } from "../../nn/every-layer.ts";
import type { Case } from "../../onnx/export/compare.ts";
import { caseOf, OF_ONE_BATCH, RANDOM } from "../../onnx/export/every-layer.ts";
import { layerCases } from "../../onnx/export/layers.ts";
import { differences, exported, type Wanted } from "./compare.ts";
import { missing, ranByTorch } from "./python.ts";

contexts.make = evaluationContext;

/** What is run: a case, and at which batches. */
type Run = readonly [of: Case, batches: readonly number[]];

const layers: Readonly<Record<string, () => Run>> = {
  ...Object.fromEntries(
    names
      .filter((name) => !RANDOM.includes(name))
      .map((name) => {
        const isOfOne = OF_ONE_BATCH.includes(name);
        return [name, (): Run => [caseOf(name, isOfOne ? 7 : "batch"), isOfOne ? [7] : [1, 7]]];
      }),
  ),
  ...Object.fromEntries(
    Object.entries(layerCases).map(([name, make]) => [`${name}, with options`, (): Run => [make(), [1, 7]]]),
  ),
};

describe.skipIf(missing)(`layers are the same in PyTorch${missing ? `: ${missing}` : ""}`, () => {
  const wanted = new Map<string, Wanted | Error>();
  const errors = new Map<string, string | undefined>();

  beforeAll(async () => {
    for (const [name, make] of Object.entries(layers)) {
      const [of, batches] = make();
      wanted.set(name, await exported(`layer ${name}`, of, { batches }).catch((error) => error));
    }
    const folders = [...wanted.values()].flatMap((each) => (each instanceof Error ? [] : [each.folder]));
    for (const { folder, error } of ranByTorch<{ folder: string; error?: string }>("run.py", folders))
      errors.set(folder, error);
  }, 300_000);

  test.each(Object.keys(layers))("%s", (name) => {
    const own = wanted.get(name) as Wanted | Error;
    if (own instanceof Error) throw own;
    expect(errors.get(own.folder)).toBeUndefined();
    expect(differences(own, 1e-5)).toEqual([]);
  });
});
