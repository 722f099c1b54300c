// Every op for any number of threads: values, gradients and gradients of gradients have the bits of one thread.
import { afterAll, describe, expect, test } from "vitest";
import type { OpName } from "../../src/ops/index.ts";
import type { TypedArray } from "../../src/runtime/executor.ts";
import { runOn } from "../run.ts";
import { teamOf } from "../team.ts";
import { derivativesAt } from "./derivatives.ts";
import { pointsOf } from "./points.ts";
import { samples } from "./samples.ts";

function bitsOf(results: Readonly<Record<string, TypedArray>>): [name: string, bits: Uint8Array][] {
  return Object.entries(results).map(([name, { buffer, byteOffset, byteLength }]) => [
    name,
    new Uint8Array(buffer, byteOffset, byteLength),
  ]);
}

describe.each(["portable", "relaxed"] as const)("%s build", (build) => {
  const alone = teamOf(1, build);
  const teams = (build === "portable" ? [2, 4] : [2]).map((threads) => teamOf(threads, build));
  afterAll(() => Promise.all([alone, ...teams].map((each) => each.dispose())));

  test.each(Object.entries(samples) as [OpName, (typeof samples)[OpName]][])("%s", async (_, list) => {
    for (const sample of list)
      for (const point of pointsOf(sample)) {
        const expected = bitsOf(await runOn(alone, derivativesAt(sample, point)));
        for (const team of teams) expect(bitsOf(await runOn(team, derivativesAt(sample, point)))).toEqual(expected);
      }
  });
});
