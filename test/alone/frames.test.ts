// The page's frames while a network trains at full speed: in a worker they come as if nothing happened, on the page's own thread
// they do not. Runs alone: the machine's other cores must not be at work for other tests.
import { WasmExecutor } from "simdgrad";
import { spawn } from "simdgrad/worker";
import { expect, test } from "vitest";
import { beginTraining } from "./training.ts";

/** Large ones, so that a step is longer than a frame. */
const BATCH = 1000;

/** Milliseconds from one frame's callback to the next one's, ascending. */
async function intervals(milliseconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  await new Promise<void>((resolve) => {
    const frame = () => {
      const now = performance.now();
      times.push(now);
      if (now < end) requestAnimationFrame(frame);
      else resolve();
    };
    requestAnimationFrame(frame);
  });
  return times
    .slice(1)
    .map((time, i) => time - times[i])
    .sort((a, b) => a - b);
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

test("training in a worker leaves the page its frames", async () => {
  const training = await beginTraining(await spawn({ threads: 1 }), BATCH);
  const before = training.steps();
  const frames = await intervals(10_000);
  expect(training.steps() - before).toBeGreaterThan(30);
  await training.end();
  const seen = { p99: percentile(frames, 0.99), worst: frames[frames.length - 1], frames: frames.length };
  console.log("frames beside a worker:", JSON.stringify(seen));
  expect(seen.p99).toBeLessThanOrEqual(34);
  expect(seen.worst).toBeLessThanOrEqual(100);
});

test("training on the page's own thread does not: the bound can fail", async () => {
  const training = await beginTraining(new WasmExecutor(), BATCH);
  const frames = await intervals(3000);
  await training.end();
  console.log("frames beside the page's own thread:", JSON.stringify({ p99: percentile(frames, 0.99) }));
  expect(percentile(frames, 0.99)).toBeGreaterThan(34);
});
