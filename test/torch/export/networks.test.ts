// The networks of demo/node as PyTorch code, run by PyTorch for batches of 1 and 7: results and gradients.
import { beforeAll, describe, expect, test, vi } from "vitest";
import { networks } from "../../onnx/export/networks.ts";
import { differences, exported, type Wanted } from "./compare.ts";
import { missing, ranByTorch } from "./python.ts";

// Scripts run when they are imported: here they are not to.
vi.mock("../../../demo/node/script.ts", () => ({ percent: () => "", script: async () => undefined }));

const names = Object.keys(networks);

describe.skipIf(missing)(`networks are the same in PyTorch${missing ? `: ${missing}` : ""}`, () => {
  const wanted = new Map<string, Wanted | Error>();
  const errors = new Map<string, string | undefined>();

  beforeAll(async () => {
    for (const name of names)
      wanted.set(
        name,
        await exported(`network ${name}`, await networks[name](), { batches: [1, 7] }).catch((error) => error),
      );
    const folders = [...wanted.values()].flatMap((each) => (each instanceof Error ? [] : [each.folder]));
    for (const { folder, error } of ranByTorch<{ folder: string; error?: string }>("run.py", folders))
      errors.set(folder, error);
  }, 300_000);

  test.each(names)("%s", (name) => {
    const own = wanted.get(name) as Wanted | Error;
    if (own instanceof Error) throw own;
    expect(errors.get(own.folder)).toBeUndefined();
    expect(differences(own, 1e-5)).toEqual([]);
  });
});
