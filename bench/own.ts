// Our executors as contenders, in Node and in pages alike.
import { compile, input, JsExecutor, WasmExecutor } from "../src/index.ts";
import type { Executor } from "../src/runtime/executor.ts";
import { LocalExecutor } from "../src/runtime/local-executor.ts";
import { flopsOf } from "../src/runtime/profile.ts";
import { createWasmMachine, decoded } from "../src/runtime/wasm/machine.ts";
import type { Runner } from "./rounds.ts";
import { type Start, trainerOf } from "./start.ts";

export type OwnKind = "wasm-relaxed" | "wasm-portable" | "idle-team" | "js" | "oracle";

/** A number of threads, or "auto". */
export type Threads = number | "auto";

/** A training that knows how many threads it has. */
export interface OwnRunner extends Runner {
  threads(): Promise<number>;
}

async function executorOf(kind: OwnKind, threads: Threads): Promise<Executor> {
  if (kind === "js") return new JsExecutor();
  if (kind === "oracle") return new JsExecutor({ precision: "float64" });
  if (kind === "idle-team" && threads !== "auto") return idleTeam(threads);
  return new WasmExecutor({ build: kind === "wasm-relaxed" ? "relaxed" : "portable", threads });
}

/** A team that its first program has started, while all others use one thread: what merely having it costs. */
async function idleTeam(threads: number): Promise<Executor> {
  const { wasm } = await import("../src/runtime/wasm/generated/relaxed.ts");
  const bytes = decoded(wasm);
  let programs = 0;
  const choose = (_: Int32Array, most: number) => (programs++ === 0 ? most : 1);
  const info = { name: "wasm-relaxed", tile: "6x8", threads, fallback: "" } as const;
  return new LocalExecutor(info, createWasmMachine(bytes, { threads, choose }), {});
}

/** A training of ours that makes steps when asked. */
export async function startOwn(start: Start, kind: OwnKind, threads: Threads): Promise<OwnRunner> {
  const executor = await executorOf(kind, threads);
  const trainer = await trainerOf(start, executor);
  const program = await executor.load(trainer.stepProgram(start.network.batch));
  const { name, fallback } = executor.info;
  return {
    engine: fallback === "" ? name : `${name} (${fallback})`,
    async ask(steps) {
      const begin = performance.now();
      const run = executor.run([[program, steps]]);
      await run.done;
      const ms = (performance.now() - begin) / steps;
      return { ms, loss: run.takeLog().at(-1)?.values.at(-1) ?? Number.NaN };
    },
    async threads() {
      return (await executor.teams()).find((team) => team.program === program)?.threads ?? 1;
    },
    async end() {
      await executor.unload(program);
      await trainer.dispose();
      await executor.dispose();
    },
  };
}

/** As long as a step's multiplications take at the pace of a product of 512 cubed: below that no step of ours gets. It has no loss. */
export async function startFloor(start: Start): Promise<Runner> {
  const executor = new JsExecutor();
  const trainer = await trainerOf(start, executor);
  const flops = flopsOf(trainer.stepProgram(start.network.batch));
  await trainer.dispose();
  await executor.dispose();
  const size = 512;
  const product = await startProduct(size, 1);
  const products = flops / (2 * size ** 3);
  return {
    engine: `${product.engine}, a product of ${size} cubed`,
    async ask(steps) {
      const { ms, loss } = await product.ask(Math.max(1, Math.round(steps * products)));
      return { ms: ms * products, loss };
    },
    end: () => product.end(),
  };
}

/** A product of two square matrices, packing included. */
export async function startProduct(n: number, threads: number): Promise<Runner> {
  const executor = new WasmExecutor({ build: "relaxed", threads });
  const [a, b] = [input([n, n]), input([n, n])];
  const program = await executor.load(compile({ inputs: { a, b }, outputs: { c: a.matmul(b) } }));
  for (const name of ["a", "b"])
    await executor.write(
      { program, name },
      Float32Array.from({ length: n * n }, (_, i) => ((i * 0.618034) % 1) + 0.01),
    );
  return {
    engine: executor.info.name,
    async ask(steps) {
      const begin = performance.now();
      await executor.run([[program, steps]]).done;
      return { ms: (performance.now() - begin) / steps, loss: Number.NaN };
    },
    end: () => executor.dispose(),
  };
}
