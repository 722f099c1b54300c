// jax-js on its "wasm" device: one jitted function makes the whole step. It has no Adam, so it is asked for SGD alone. It threads by
// itself where the page is cross-origin isolated; in Node it has one thread. Weights are [out, in], which it multiplies faster.
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { batchesOf, layersOf } from "./runner.mjs";

export async function startPeer(start) {
  await init("wasm");
  defaultDevice("wasm");
  const { network } = start;
  const { rate } = network.optimizer;
  let parameters = layersOf(start).map(({ weight, bias, inputs, outputs }) => ({
    weight: np.array(weight).reshape([outputs, inputs]),
    bias: np.array(bias),
  }));
  const batches = batchesOf(start).map(({ x, y, rows, inputs, outputs }) => ({
    x: np.array(x).reshape([rows, inputs]),
    y: np.array(y).reshape([rows, outputs]),
  }));
  const activation = network.activation === "relu" ? nn.relu : np.tanh;
  const forward = (layers, x) =>
    layers.reduce((a, { weight, bias }, i) => {
      const sum = np.matmul(a, weight.transpose()).add(bias);
      return i === layers.length - 1 ? sum : activation(sum);
    }, x);
  const lossOf = (layers, x, y) => {
    const prediction = forward(layers, x);
    if (network.loss === "mse") return np.square(prediction.sub(y)).mean();
    return nn.logSoftmax(prediction).mul(y).sum(-1).mean().neg();
  };
  const step = jit((layers, x, y) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(layers), x, y);
    return [loss, tree.map((parameter, gradient) => parameter.sub(gradient.mul(rate)), layers, gradients)];
  });
  let made = 0;
  return async (steps) => {
    let loss;
    for (let i = 0; i < steps; i++) {
      const { x, y } = batches[made++ % batches.length];
      loss?.dispose();
      [loss, parameters] = step(parameters, x.ref, y.ref);
    }
    await blockUntilReady(parameters);
    const [value] = await loss.data();
    return value;
  };
}
