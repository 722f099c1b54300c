// How near the arenas of convolutional networks come to the least that any plan could do with: the steps that are timed, and others.
import { describe, expect, test } from "vitest";
import { networks } from "../../bench/networks.ts";
import { startOf, trainerOf } from "../../bench/start.ts";
import { memory } from "../../src/debug/index.ts";
import { JsExecutor, type Program } from "../../src/index.ts";

/** Arena over lower bound, at the most. */
const MOST = 1.15;

const convolutional = Object.keys(networks).filter((name) => /^(cnn|residual|separable|conv1d)/.test(name));

async function stepOf(name: string): Promise<Program> {
  const executor = new JsExecutor();
  const trainer = await trainerOf(await startOf(networks[name]), executor);
  const program = trainer.stepProgram(networks[name].batch);
  await trainer.dispose();
  await executor.dispose();
  return program;
}

describe("the arena of a training step", () => {
  test("is of four kinds of convolutional networks, two sizes each", () => {
    expect(convolutional).toHaveLength(8);
  });

  test.each(convolutional)("is near its lower bound, and never below it: %s", async (name) => {
    const { ratio } = memory(await stepOf(name));
    expect(ratio).toBeGreaterThanOrEqual(1);
    expect(ratio).toBeLessThanOrEqual(MOST);
  });
});
