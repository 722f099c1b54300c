// TensorFlow.js: variables, fused dense layers, optimizer.minimize. The settings are its backends, "wasm" and "cpu". "wasm" has no gradient
// of a convolution's filters.
import * as core from "@tensorflow/tfjs";
import { batchesOf, layersOf } from "./runner.mjs";
import { layersOf as networkOf } from "./tfjs-layers.mjs";

const tf = core.default ?? core;

/** `wasmPaths` is needed in pages. */
export async function startPeer(start, backend, wasmPaths) {
  if (backend === "wasm") {
    const module = await import("@tensorflow/tfjs-backend-wasm");
    if (wasmPaths) (module.default ?? module).setWasmPaths(wasmPaths);
    // One thread, in pages too: in Node it has no other choice.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend}`);
  await tf.ready();
  const { network } = start;
  const { name, rate } = network.optimizer;
  const { forward, given } = network.kind === "mlp" ? denseOf(start) : networkOf(tf, start);
  const batches = batchesOf(start).map(({ x, y, rows, inputs, outputs }) => ({
    x: given(tf.tensor(x, [rows, ...(network.input ?? [inputs])])),
    y: tf.tensor2d(y, [rows, outputs]),
  }));
  const optimizer = name === "adam" ? tf.train.adam(rate, 0.9, 0.999, 1e-8) : tf.train.sgd(rate);
  const lossOf = network.loss === "mse" ? tf.losses.meanSquaredError : tf.losses.softmaxCrossEntropy;
  let made = 0;
  const step = (wanted) => {
    const { x, y } = batches[made++ % batches.length];
    return optimizer.minimize(() => lossOf(y, forward(x)), wanted);
  };
  return async (steps) => {
    for (let i = 1; i < steps; i++) step(false);
    const loss = step(true);
    const [value] = await loss.data();
    loss.dispose();
    return value;
  };
}

function denseOf(start) {
  const layers = layersOf(start).map(({ transposed, bias, inputs, outputs }) => ({
    weight: tf.variable(tf.tensor2d(transposed, [inputs, outputs])),
    bias: tf.variable(tf.tensor1d(bias)),
  }));
  const forward = (x) =>
    layers.reduce((a, { weight, bias }, i) => {
      if (i === layers.length - 1) return tf.fused.matMul({ a, b: weight, bias });
      if (start.network.activation === "relu") return tf.fused.matMul({ a, b: weight, bias, activation: "relu" });
      return tf.tanh(tf.fused.matMul({ a, b: weight, bias }));
    }, x);
  return { forward, given: (x) => x };
}
