// jax-js on its "wasm" device: one jitted function makes the whole step. Adam, which it does not bring, is written in its functions. It
// threads by itself where the page is cross-origin isolated; in Node it has one thread. Weights are [out, in], which it multiplies faster.
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { forwardOf, parametersOf } from "./jax-layers.mjs";
import { batchesOf } from "./runner.mjs";

export async function startPeer(start) {
  await init("wasm");
  defaultDevice("wasm");
  const network = layeredOf(start.network);
  const { loss: kind, optimizer, input } = network;
  const forward = forwardOf(network);
  const lossOf = (parameters, x, y) => {
    const prediction = forward(x, parameters);
    if (kind === "mse") return np.square(prediction.sub(y)).mean();
    return nn.logSoftmax(prediction).mul(y).sum(-1).mean().neg();
  };
  const { begin, update, numbers } = optimizer.name === "adam" ? adam(optimizer.rate) : sgd(optimizer.rate);
  const step = jit((parameters, state, x, y, ...now) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(parameters), x, y);
    return [loss, ...update(parameters, gradients, state, now)];
  });
  const batches = batchesOf(start).map(({ x, y, rows, outputs }) => ({
    x: np.array(x).reshape([rows, ...input]),
    y: np.array(y).reshape([rows, outputs]),
  }));
  let parameters = parametersOf(start);
  let state = begin(parameters);
  let made = 0;
  return async (steps) => {
    let loss;
    for (let i = 0; i < steps; i++) {
      const { x, y } = batches[made++ % batches.length];
      loss?.dispose();
      [loss, parameters, state] = step(
        parameters,
        state,
        x.ref,
        y.ref,
        ...numbers(made).map((number) => np.array([number])),
      );
    }
    await blockUntilReady(parameters);
    const [value] = await loss.data();
    return value;
  };
}

/** Dense networks are layers like others. */
function layeredOf(network) {
  if (network.kind === "layers") return network;
  const { widths, activation } = network;
  const layers = widths.slice(1).flatMap((width, i) => [activation, { linear: [widths[i], width] }]);
  return { ...network, input: [widths[0]], layers: layers.slice(1) };
}

// How parameters are updated: state to begin with, and from the gradients, the state and the numbers of a step the next of both.

function sgd(rate) {
  return {
    begin: () => ({}),
    update: (parameters, gradients) => [
      tree.map((parameter, gradient) => parameter.sub(gradient.mul(rate)), parameters, gradients),
      {},
    ],
    numbers: () => [],
  };
}

function adam(rate) {
  const [kept, keptSquares, epsilon] = [0.9, 0.999, 1e-8];
  const zeros = (parameters) => tree.map((parameter) => np.zeros(parameter.shape), parameters);
  return {
    begin: (parameters) => ({ m: zeros(parameters), v: zeros(parameters) }),
    update(parameters, gradients, { m, v }, [rateNow, scale]) {
      const means = tree.map((old, g) => old.mul(kept).add(g.mul(1 - kept)), m, tree.ref(gradients));
      const squares = tree.map((old, g) => old.mul(keptSquares).add(np.square(g).mul(1 - keptSquares)), v, gradients);
      const next = tree.map(
        (parameter, mean, square) =>
          parameter.sub(mean.mul(rateNow.ref).div(np.sqrt(square).mul(scale.ref).add(epsilon))),
        parameters,
        tree.ref(means),
        tree.ref(squares),
      );
      return [next, { m: means, v: squares }];
    },
    /** The rate, and what the root of squares is multiplied with, both corrected for the step. */
    numbers: (step) => [rate / (1 - kept ** step), 1 / Math.sqrt(1 - keptSquares ** step)],
  };
}
