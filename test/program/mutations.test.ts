// Programs from elsewhere with something in them changed at random, on every executor and in a worker: a typed error or a harmless
// run, never a hang, and nothing of what else lies in the executor's memory is touched. `npm run soak` makes ten times as many.
import { Worker } from "node:worker_threads";
import { type Executor, JsExecutor, type Program, SimdgradError, Variable, WasmExecutor } from "simdgrad";
import { connect } from "simdgrad/worker";
import { afterAll, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { timeOf } from "../../src/runtime/wasm/work.ts";
import * as programs from "../compile/programs.ts";
import { numbers } from "../random.ts";

const MUTATIONS = process.env.SOAK ? 10_000 : 1000;

/** Milliseconds within which everything settles; and nanoseconds of a step from which on a program is right, but takes too long here. */
const PATIENCE = 20_000;
const LONG = 2e7;

const bases: readonly Program[] = [
  programs.dense(),
  programs.recurrent(),
  programs.moving(),
  programs.along(),
  programs.pooled(),
  programs.convolved(),
  programs.maps(),
  programs.batched(),
  programs.heads(),
  programs.halves(),
  programs.reuse(),
  programs.nest(3),
];

const start = () => new Worker(new URL("../../dist/worker.js", import.meta.url), { execArgv: [] });
const kinds: Readonly<Record<string, () => Executor | Promise<Executor>>> = {
  js: () => new JsExecutor(),
  oracle: () => new JsExecutor({ precision: "float64" }),
  "wasm-portable": () => new WasmExecutor({ build: "portable", threads: 1 }),
  "wasm-relaxed, two threads": () => new WasmExecutor({ build: "relaxed", threads: 2 }),
  "in a worker": () => connect(start(), { build: "portable", threads: 1 }),
};
const executors = new Map<string, Executor>();
afterAll(() => Promise.all([...executors.values()].map((each) => each.dispose())));

/** What somebody else keeps on the executor. */
const bystander = new Variable([300], 0);
const kept = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i));

async function executorOf(kind: string): Promise<Executor> {
  let executor = executors.get(kind);
  if (executor === undefined) {
    executor = await kinds[kind]();
    executors.set(kind, executor);
    await executor.load(compile({ outputs: { sum: bystander.sum() } }));
    await executor.write({ variable: bystander.key }, kept);
  }
  return executor;
}

type Chance = (below: number) => number;

/** A copy with one to three changes: words of the code, and numbers, texts and entries of what describes it. */
function mutated(program: Program, chance: Chance): Program {
  const copy = structuredClone(program) as unknown as Record<string, unknown>;
  const code = copy.code as Int32Array;
  for (let change = chance(3); change >= 0; change--) {
    const at = chance(code.length);
    const values = [
      0,
      -1,
      code[at] + 1,
      code[at] - 1,
      code[at] ^ (1 << chance(32)),
      code[chance(code.length)],
      chance(2 ** 31),
    ];
    if (chance(4) > 0) code[at] = values[chance(values.length)];
    else describe(copy, chance);
  }
  return copy as unknown as Program;
}

function describe(part: Record<string, unknown>, chance: Chance): void {
  const keys = Object.keys(part).filter((key) => key !== "code" && key !== "labels" && key !== "version");
  const key = keys[chance(keys.length)];
  const value = part[key];
  if (ArrayBuffer.isView(value)) return;
  if (Array.isArray(value) && chance(8) === 0) value.splice(chance(value.length + 1), 1);
  else if (typeof value === "object" && value !== null && Object.keys(value).length > 0)
    describe(value as Record<string, unknown>, chance);
  else if (typeof value === "number")
    part[key] = [0, -16, value + 16, value - 16, value + 1, chance(2 ** 20)][chance(6)];
  else if (typeof value === "boolean") part[key] = !value;
  else if (typeof value === "string") part[key] = ["", "x", "f32", "i32", "u8"][chance(5)];
}

async function settled<T>(what: string, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} hangs`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

test(`${MUTATIONS} mutations of programs`, async () => {
  const random = numbers(16);
  const chance: Chance = (below) => Math.floor(random() * below);
  const names = Object.keys(kinds);
  const seen = { refused: 0, run: 0, long: 0 };
  for (let mutation = 0; mutation < MUTATIONS; mutation++) {
    const kind = names[mutation % names.length];
    const program = mutated(bases[chance(bases.length)], chance);
    const where = `mutation ${mutation} on ${kind}`;
    const executor = await executorOf(kind);
    try {
      const id = await settled(`${where}: load`, executor.load(program));
      try {
        if (timeOf(program.code, 0, program.code.length, { threads: 1, barrier: 0 }) > LONG) seen.long++;
        else {
          await settled(`${where}: run`, executor.run([[id, 2]]).done);
          seen.run++;
        }
      } finally {
        await settled(`${where}: unload`, executor.unload(id));
      }
    } catch (error) {
      if (!(error instanceof SimdgradError)) throw new Error(`${where}: ${error}`, { cause: error });
      seen.refused++;
    }
    const now = await settled(`${where}: read`, executor.read({ variable: bystander.key }));
    if (!now.every((value, i) => value === kept[i])) expect.fail(`${where} changed what is not its own`);
  }
  console.log(`mutations: ${JSON.stringify(seen)}`);
  expect(seen.refused).toBeGreaterThan(MUTATIONS / 2);
  expect(seen.run).toBeGreaterThan(MUTATIONS / 50);
}, 3_600_000);
