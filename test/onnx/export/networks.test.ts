// The networks of demo/node as ONNX files, run by ONNX Runtime for batches of 1 and 7, and read again.
import { afterAll, describe, expect, test, vi } from "vitest";
import { compare, complaints, hasChecker, keep } from "./compare.ts";
import { networks } from "./networks.ts";

const isAll = process.env.ONNX_ALL === "1";

// Scripts run when they are imported: here they are not to.
vi.mock("../../../demo/node/script.ts", () => ({ percent: () => "", script: async () => undefined }));

describe("networks are the same elsewhere, and read again", () => {
  const names = Object.keys(networks).filter((_, i) => isAll || i % 9 === 2);
  test.each(names)("%s", async (name) => {
    const { bytes, isSomething, elsewhere, again } = await compare(await networks[name](), [1, 7]);
    expect(isSomething).toBe(true);
    if (isAll) keep(`network ${name}`, bytes);
    expect(elsewhere).toBeLessThan(1e-5);
    expect(again).toBeLessThan(1e-6);
    const folded = { ...(await networks[name]()), options: { batchNorm: "fold" } } as const;
    if (isAll) expect((await compare(folded, [7], false)).elsewhere).toBeLessThan(1e-5);
  });
});

afterAll(() => {
  if (isAll && hasChecker()) expect(complaints()).toEqual([]);
});
