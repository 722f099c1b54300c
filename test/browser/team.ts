// A page's worker whose executor has a team: nested workers over one memory. It trains, and posts what came of it.
// The machine is always asked for three threads, also where the executor knows better.
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { wasm } from "../../src/runtime/wasm/generated/portable.ts";
import { createWasmMachine, decoded } from "../../src/runtime/wasm/machine.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { parametersHash } from "../portable/train.ts";

const { info } = new WasmExecutor({ threads: 3, build: "portable" });
const bytes = decoded(wasm);
const alone: string[] = [];
const machine = createWasmMachine(bytes, {
  threads: 3,
  choose: (_, most) => most,
  onAlone: (reason) => alone.push(reason),
});
const executor = new LocalExecutor(info, machine, {});
const hash = await parametersHash(executor);
await executor.dispose();
self.postMessage({ hash, threads: info.threads, fallback: info.fallback, alone });
