// Models that went wrong on their way, or were made to do harm: a typed error, or a graph; nothing runs, nothing hangs, nothing grows.

import { fromOnnx } from "simdgrad/onnx";
import { describe, expect, test } from "vitest";
import { readModel, writeModel } from "../../src/onnx/proto.ts";
import { MUTATIONS, mutated, PATIENCE } from "../data/mutations.ts";
import { changed, isBuilt, models, placeholders } from "./hostile.ts";

describe.each(Object.entries(models))("changed models: %s", (_, fields) => {
  const bytes = writeModel(fields);
  const each = Math.ceil(MUTATIONS / Object.keys(models).length / 2);

  test("as it was written, it is built", () => {
    const read = fromOnnx(bytes);
    expect(Object.keys(read.forward(placeholders(read)))).not.toEqual([]);
  });

  test.each([
    ["bytes", (seed: number) => mutated(bytes, seed)],
    ["fields", (seed: number) => changed(readModel(bytes), seed)],
  ] as const)("%s", PATIENCE, (_, changedBy) => {
    let refused = 0;
    for (let seed = 0; seed < each; seed++) {
      const file = changedBy(seed);
      const before = process.memoryUsage().arrayBuffers;
      const start = process.cpuUsage(); // not the clock: others have the processor meanwhile
      try {
        if (!isBuilt(file)) refused++;
      } catch (cause) {
        throw new Error(`seed ${seed}`, { cause });
      }
      expect({ seed, slow: process.cpuUsage(start).user > 2_000_000 }).toEqual({ seed, slow: false });
      const grown = process.memoryUsage().arrayBuffers - before;
      expect({ seed, large: grown > 2 ** 27 }).toEqual({ seed, large: false });
    }
    expect(refused).toBeGreaterThan(each / 4);
  });
});
