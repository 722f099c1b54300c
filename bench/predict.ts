// What a prediction takes: one row through a trainer on an executor of this thread, beside the same by `compile` alone, turn by turn; and a
// surface of 6,400 points that a page asks its worker for while that trains. Options: --only TEXT, --rounds N, --json FILE, --write.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compile, type Executor, input, Predictor, Trainer, WasmExecutor } from "../src/index.ts";
import { crossEntropy, evaluationContext, forward, Linear, relu, Sequential } from "../src/nn/index.ts";
import { adam } from "../src/optim/index.ts";
import type { Surface, Surfaces } from "./browser/surface.ts";
import { describe, digits, machine, median, table, writeReadme } from "./report.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "101" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);

/** Calls of a turn, and turns before the first that counts. */
const CALLS = 500;
const WARM_UPS = 10;
const SURFACES = 200;

/** What is aimed at. */
const AIM = { row: 25, surface: 20 };

type Call = () => Promise<unknown>;

/** One row of 784 numbers, by all ways that there are. */
async function ways(executor: Executor): Promise<Readonly<Record<string, Call>>> {
  const model = new Sequential(new Linear(784, 128), relu, new Linear(128, 10));
  const trainer = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.001), executor });
  const x = { data: Float32Array.from({ length: 784 }, (_, i) => (i % 13) / 13), shape: [1, 784] };
  await trainer.predict(x);
  const predictor = new Predictor(model, { executor });
  const row = input([1, 784]);
  const id = await executor.load(
    compile({ inputs: { x: row }, outputs: { y: forward(model, row, evaluationContext()) } }),
  );
  const [slot, y] = ["x", "y"].map((name) => ({ program: id, name }));
  const last = <T>(values: readonly T[] | undefined) => values?.[0];
  return {
    "Trainer.predict": () => trainer.predict(x),
    "Predictor.predict": () => predictor.predict(x),
    "write, run and read": async () => {
      const written = executor.write(slot, x.data);
      const { values } = await executor.run([[id, 1]], { urgent: true, read: [y] }).done;
      await written;
      return last(values);
    },
    "run alone": () => executor.run([[id, 1]], { urgent: true }).done,
  };
}

/** Microseconds a call, one number a round. */
async function timed(calls: Readonly<Record<string, Call>>): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(calls).map((name) => [name, []]));
  for (let round = -WARM_UPS; round < rounds; round++)
    for (const [name, call] of Object.entries(calls)) {
      const start = performance.now();
      for (let i = 0; i < CALLS; i++) await call();
      if (round >= 0) times[name].push(((performance.now() - start) * 1000) / CALLS);
    }
  return times;
}

const texts = [describe(machine())];
const told: Record<string, unknown> = {};

if ("row".includes(values.only)) {
  const executor = new WasmExecutor({ threads: 1 });
  const times = await timed(await ways(executor));
  await executor.dispose();
  const rows = Object.entries(times).map(([way, all]) => ({
    "one row, 784-128-10": way,
    "median, us": digits(median(all)),
    "fastest, us": digits(Math.min(...all)),
    "times run alone": digits(median(all.map((time, round) => time / times["run alone"][round]))),
  }));
  texts.push(`Aim: ${AIM.row} us by a trainer. ${rounds} rounds of ${CALLS} calls, in turns.`, table(rows));
  told.row = times;
}

if ("surface".includes(values.only)) {
  const { visit } = await import("./browser/visit.ts");
  await visit("surface.ts", async (page, url, version) => {
    await page.goto(url);
    await page.waitForFunction("'surface' in window");
    const ask = (call: keyof Surface, training: boolean): Promise<Surfaces> =>
      page.evaluate(`surface.${call}(${SURFACES}, ${training})`) as Promise<Surfaces>;
    const found = { idle: await ask("surfaces", false), training: await ask("surfaces", true) };
    const rows = Object.entries(found).map(([worker, { times, sent, steps }]) => ({
      "80 x 80 points of 2-32-32-2": `a worker that is ${worker}`,
      "median, ms": digits(median(times)),
      "slowest of a hundred, ms": digits(times[Math.floor(0.99 * (times.length - 1))]),
      "slowest, ms": digits(times.at(-1)),
      "messages to it, at the most": sent.at(-1),
      "steps a second beside it": digits(steps),
    }));
    texts.push(`Aim: ${AIM.surface} ms. ${SURFACES} surfaces, Chromium ${version}.`, table(rows));
    told.surface = found;
  });
}

if (texts.length === 1) throw new RangeError(`--only: nothing is called ${values.only}; there are row and surface`);
const text = texts.join("\n\n");
console.log(text);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(told));
if (values.write) writeReadme("predict", text);
