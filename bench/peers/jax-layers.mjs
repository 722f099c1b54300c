// Networks of layers in jax-js: channels first, weights as our own layers have them. Running statistics of batch norm, which the loss
// does not read, are left out. A layer is a function of x and of all parameters by name; every use of a value takes a reference of it.
import { lax, nn, numpy as np } from "@jax-js/jax";
import { chain } from "./layers.mjs";

const EPSILON = 1e-5;

export function forwardOf({ layers }) {
  return chain(layers, layerOf);
}

/** Parameters that the layers read, of a state dictionary's. */
export function parametersOf({ weights }) {
  const trained = Object.entries(weights).filter(([name]) => !/running_|num_batches/.test(name));
  return Object.fromEntries(
    trained.map(([name, { data, shape }]) => [name, np.array(Float32Array.from(data)).reshape([...shape])]),
  );
}

function layerOf(row, name) {
  if (row === "relu") return (x) => nn.relu(x);
  if (row === "tanh") return (x) => np.tanh(x);
  if (row === "flatten") return (x) => x.reshape([x.shape[0], -1]);
  if (row === "mean") return (x) => np.mean(x, x.ndim === 4 ? [2, 3] : 2);
  if (row === "lastStep") return (x) => x.slice([], -1);
  if (row === "meanStep") return (x) => np.mean(x, 1);
  if ("conv" in row) return convolution(row, name);
  if ("maxPool" in row) {
    const window = Array(row.axes).fill(row.maxPool);
    return (x) => lax.reduceWindow(x, (places) => np.max(places), window, window);
  }
  if ("batchNorm" in row) return batchNorm(row.batchNorm, name);
  if ("linear" in row) return (x, p) => np.matmul(x, p[`${name}weight`].transpose()).add(p[`${name}bias`]);
  if ("lstm" in row) return lstm(row.lstm[1], name);
  const [main, shortcut] = [chain(row.main, layerOf, `${name}main.`), chain(row.shortcut, layerOf, `${name}shortcut.`)];
  return (x, p) => main(x.ref, p).add(shortcut(x, p));
}

function convolution({ conv, channels: [, to], stride = 1, padding = 0, groups = 1, bias = true }, name) {
  const [strides, paddings] = [Array(conv).fill(stride), Array(conv).fill([padding, padding])];
  const options = { featureGroupCount: groups };
  return (x, p) => {
    const sums = lax.convGeneralDilated(x, p[`${name}weight`], strides, paddings, options);
    return bias ? sums.add(p[`${name}bias`].reshape([to, ...Array(conv).fill(1)])) : sums;
  };
}

function batchNorm(channels, name) {
  const axes = [0, 2, 3];
  const each = (values) => values.reshape([channels, 1, 1]);
  return (x, p) => {
    const centred = x.ref.sub(np.mean(x, axes, { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), axes, { keepdims: true });
    const scale = each(p[`${name}weight`]).div(np.sqrt(variance.add(EPSILON)));
    return centred.mul(scale).add(each(p[`${name}bias`]));
  };
}

/** All outputs; what does not depend on the step before is one product. Gates in PyTorch's order, with its two biases. */
function lstm(width, name) {
  return (x, p) => {
    const [rows, steps] = x.shape;
    const [weight, bias] = [p[`${name}weight_hh_l0`].transpose(), p[`${name}bias_hh_l0`]];
    const all = np.matmul(x, p[`${name}weight_ih_l0`].transpose()).add(p[`${name}bias_ih_l0`]);
    let [h, c] = [np.zeros([rows, width]), np.zeros([rows, width])];
    const outputs = [];
    for (let t = 0; t < steps; t++) {
      const own = all.ref.slice([], t);
      const [i, f, g, o] = np.split(own.add(np.matmul(h, weight.ref).add(bias.ref)), 4, 1);
      c = nn
        .sigmoid(f)
        .mul(c)
        .add(nn.sigmoid(i).mul(np.tanh(g)));
      h = nn.sigmoid(o).mul(np.tanh(c.ref));
      outputs.push(h.ref);
    }
    for (const spare of [all, weight, bias, h, c]) spare.dispose();
    return np.stack(outputs, 1);
  };
}
