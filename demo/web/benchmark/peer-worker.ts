// A worker in which another library trains, as in the project's benchmarks. It is loaded for those who ask for it.

import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import { serveFunctions } from "simdgrad/worker";
import { answer } from "../../../bench/peers/runner.mjs";
import jax from "../../../node_modules/@jax-js/jax/package.json" with { type: "json" };
import tfjs from "../../../node_modules/@tensorflow/tfjs-core/package.json" with { type: "json" };
import type { Contender } from "./contenders.ts";
import type { Answer, Order, Start } from "./order.ts";

const wasmPaths = {
  "tfjs-backend-wasm.wasm": plain,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threaded,
};

const peers = {
  jax: { version: jax.version, module: () => import("../../../bench/peers/jax.mjs") },
  tfjs: { version: tfjs.version, module: () => import("../../../bench/peers/tfjs.mjs") },
};

let run: ((steps: number) => Promise<number>) | undefined;

async function begin({ kind, setting }: Contender, start: Start): Promise<string> {
  // It makes a team wherever there are workers, and has no option for it.
  if (setting === "alone") Object.assign(self, { Worker: undefined });
  const { version, module } = peers[kind as keyof typeof peers];
  const { startPeer } = await module();
  run = await startPeer(start, setting, wasmPaths);
  return `version ${version}, 1 thread`;
}

async function contender(order: Order): Promise<string | Answer> {
  if ("contender" in order) return begin(order.contender, order.start);
  if (run === undefined) throw new Error("no training has begun");
  return answer(run, order.steps);
}

serveFunctions({ contender });
