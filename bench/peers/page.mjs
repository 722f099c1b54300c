// The peers that run in pages, in a dedicated worker. Built only where they are installed.

import plain from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url";
import simd from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url";
import threaded from "@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url";
import { serve } from "../browser/serve.ts";
import { answer } from "./runner.mjs";

const wasmPaths = {
  "tfjs-backend-wasm.wasm": plain,
  "tfjs-backend-wasm-simd.wasm": simd,
  "tfjs-backend-wasm-threaded-simd.wasm": threaded,
};

const peers = {
  jax: () => import("./jax.mjs"),
  plain: () => import("./plain.mjs"),
  tfjs: () => import("./tfjs.mjs"),
};

serve(async (start, [peer, setting]) => {
  // It makes a team wherever there are workers, and has no option for it.
  if (setting === "alone") self.Worker = undefined;
  const { startPeer } = await peers[peer]();
  const run = await startPeer(start, setting, wasmPaths);
  return (steps) => answer(run, steps);
});
