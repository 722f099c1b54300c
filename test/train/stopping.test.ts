// Early stopping in 500 epochs of a training whose best epoch is known: wherever it runs, the same epoch and the same bits.
import { type Executor, JsExecutor, WasmExecutor } from "simdgrad";
import { spawn } from "simdgrad/worker";
import { afterEach, expect, test } from "vitest";
import { teamOf } from "../team.ts";
import { BEST, type Reader, stopsEarly, undisturbed } from "./stopping.ts";

const open: Executor[] = [];

afterEach(async () => {
  for (const executor of open.splice(0)) await executor.dispose();
});

function kept<E extends Executor>(executor: E): E {
  open.push(executor);
  return executor;
}

const build = "portable";
const inWasm = () => new WasmExecutor({ build, threads: 1 });

test("the best epoch is the best of all 500", async () => {
  expect(await undisturbed(kept(inWasm()))).toEqual(BEST);
});

test("in JavaScript it is the same one, with bits of its own", async () => {
  const best = await undisturbed(kept(new JsExecutor()), BEST.epoch);
  expect(best.epoch).toBe(BEST.epoch);
  await stopsEarly(kept(new JsExecutor()), "nobody", best);
}, 120_000);

const machines: Readonly<Record<string, readonly [make: () => Executor | Promise<Executor>, ...readers: Reader[]]>> = {
  "in Wasm": [inWasm, "nobody", "frames", "lockstep"],
  "in Wasm, two threads": [() => new WasmExecutor({ build, threads: 2 }), "nobody", "frames"],
  "in Wasm, two threads for every program": [() => teamOf(2, build), "nobody"],
  "in a worker, two threads": [() => spawn({ build, threads: 2 }), "nobody", "frames", "lockstep", "slow", "frozen"],
};
const cases = Object.entries(machines).flatMap(([name, [make, ...readers]]) =>
  readers.map((reader) => ({ name, make, reader })),
);

test.each(cases)("it stops there and leaves these weights: $name, read by $reader", async ({ make, reader }) => {
  await stopsEarly(kept(await make()), reader);
});
