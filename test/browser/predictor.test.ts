// Predictors of bundles in pages, workers and service workers: the same bits everywhere, those of the compiled model.
import { compile, input, WasmExecutor } from "simdgrad";
import { toInference } from "simdgrad/inference";
import { evaluationContext } from "simdgrad/nn";
import { Predictor } from "simdgrad/predictor";
import { beforeAll, expect, inject, test } from "vitest";
import { made, stateOf } from "../inference/bundles.ts";
import type { Answer } from "../inference/served/predict.ts";

const { relaxedSimd } = inject("features");
const ROWS = 5;
const x = Float32Array.from({ length: ROWS * 36 }, (_, i) => Math.sin(i));
let bytes: Uint8Array;
let expected: Float32Array;

beforeAll(async () => {
  const { model, signature } = made.convolutional;
  const executor = new WasmExecutor({ build: "portable", threads: 1 });
  const state = stateOf(model);
  bytes = await toInference(model as never, signature, { state });
  const rows = input([ROWS, 1, 6, 6]);
  const layer = model as unknown as { forward(x: unknown, context: unknown): ReturnType<typeof input> };
  const y = layer.forward(rows, evaluationContext());
  const id = await executor.load(compile({ inputs: { x: rows }, outputs: { y } }));
  const { variables } = await import("simdgrad/nn");
  for (const [path, { key }] of variables(model as never))
    await executor.write({ variable: key }, state[path].data).catch(() => {}); // what an evaluation reads
  await executor.write({ program: id, name: "x" }, x);
  await executor.run([[id, 1]]).done;
  expected = (await executor.read({ program: id, name: "y" })) as Float32Array;
  await executor.dispose();
});

test("in a page", async () => {
  const predictor = await Predictor.load(bytes, { build: "portable" });
  expect(predictor.predict(x)).toEqual({ data: expected, shape: [ROWS, 3] });
  predictor.dispose();
  const picked = await Predictor.load(bytes);
  expect(picked.build).toBe(relaxedSimd ? "relaxed" : "portable");
  for (const [i, value] of picked.predict(x).data.entries()) expect(value).toBeCloseTo(expected[i], 5);
  picked.dispose();
});

test("in a worker", async () => {
  const worker = new Worker(new URL("../inference/served/worker.ts", import.meta.url), { type: "module" });
  const answer = new Promise<Answer>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage({ bytes, x });
  expect(await answer).toEqual({
    y: { data: expected, shape: [ROWS, 3] },
    picked: relaxedSimd ? "relaxed" : "portable",
  });
  worker.terminate();
});

test("in a service worker, where nothing can be imported later", async ({ skip }) => {
  const script = "/test/inference/served/service-worker.ts";
  const registration = await navigator.serviceWorker.register(script, { type: "module" }).catch((error: Error) => {
    if (/Chrom/.test(navigator.userAgent)) throw error;
    return skip(`this engine has no service workers of modules: ${error.message}`);
  });
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  await new Promise<void>((resolve) => {
    if (worker?.state === "activated") resolve();
    worker?.addEventListener("statechange", () => worker.state === "activated" && resolve());
  });
  const { port1, port2 } = new MessageChannel();
  const answer = new Promise<Answer>((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  worker?.postMessage({ bytes, x }, [port2]);
  const { y, picked } = await answer;
  expect(y).toEqual({ data: expected, shape: [ROWS, 3] });
  expect(picked).toMatch(
    /^UnsupportedError: import\(\) fails here .*: simdgrad\/predictor\/(relaxed|portable) does without$/,
  );
  await registration.unregister();
});
