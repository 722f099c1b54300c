// Networks of layers in TensorFlow.js: channels last, as its kernels want them. Running statistics of batch norm, which the loss does
// not read, are left out.
import { chain } from "./layers.mjs";

const EPSILON = 1e-5;

/** The network as a function of a batch, and what makes such a batch of rows as our own layers have them. */
export function layersOf(tf, { network, weights }) {
  // A parameter; `turn` puts its axes in the order that the layer wants.
  const variable = (name, turn = (tensor) => tensor) => {
    const { data, shape } = weights[name];
    return tf.variable(tf.tidy(() => turn(tf.tensor(Float32Array.from(data), shape))));
  };
  const layerOf = (row, name) => {
    if (row === "relu") return tf.relu;
    if (row === "flatten") return (x) => x.transpose([0, 3, 1, 2]).reshape([x.shape[0], -1]);
    if (row === "mean") return (x) => (x.rank === 4 ? x.mean([1, 2]) : x.mean(1));
    if (row === "lastStep") return (x) => x.slice([0, x.shape[1] - 1, 0], [-1, 1, -1]).squeeze([1]);
    if (row === "meanStep") return (x) => x.mean(1);
    if ("conv" in row) return convolution(tf, row, name, variable);
    if ("maxPool" in row) {
      const { maxPool: size, axes } = row;
      if (axes === 2) return (x) => tf.maxPool(x, size, size, "valid");
      return (x) => tf.maxPool(x.expandDims(1), [1, size], [1, size], "valid").squeeze([1]);
    }
    if ("batchNorm" in row) {
      const [scale, offset] = [variable(`${name}weight`), variable(`${name}bias`)];
      return (x) => {
        const { mean, variance } = tf.moments(x, [0, 1, 2]);
        return tf.batchNorm(x, mean, variance, offset, scale, EPSILON);
      };
    }
    if ("linear" in row) {
      const [b, bias] = [variable(`${name}weight`, (tensor) => tensor.transpose()), variable(`${name}bias`)];
      return (a) => tf.fused.matMul({ a, b, bias });
    }
    if ("lstm" in row) return lstm(tf, row.lstm[1], name, variable);
    const [main, shortcut] = [
      chain(row.main, layerOf, `${name}main.`),
      chain(row.shortcut, layerOf, `${name}shortcut.`),
    ];
    return (x) => main(x).add(shortcut(x));
  };
  const axes = network.input.length;
  const ofRows = (x) => (axes === 3 ? x.transpose([0, 2, 3, 1]) : isSequence(network) ? x : x.transpose([0, 2, 1]));
  return { forward: chain(network.layers, layerOf), given: (x) => tf.tidy(() => ofRows(x).clone()) };
}

/** Features of a step stand last; channels of one axis stand first. */
function isSequence({ layers }) {
  return layers.some((row) => typeof row !== "string" && "lstm" in row);
}

function convolution(tf, row, name, variable) {
  const { conv, channels, stride = 1, padding = 0, groups = 1 } = row;
  const bias = row.bias === false ? undefined : variable(`${name}bias`);
  const biased = (x) => (bias === undefined ? x : x.add(bias));
  if (conv === 1) {
    const filter = variable(`${name}weight`, (tensor) => tensor.transpose([2, 1, 0]));
    return (x) => biased(tf.conv1d(x, filter, stride, padding));
  }
  if (groups === 1) {
    const filter = variable(`${name}weight`, (tensor) => tensor.transpose([2, 3, 1, 0]));
    return (x) => biased(tf.conv2d(x, filter, stride, padding));
  }
  if (groups !== channels[0] || groups !== channels[1]) throw new Error(`tfjs has no convolution of ${groups} groups`);
  const filter = variable(`${name}weight`, (tensor) => tensor.transpose([2, 3, 0, 1]));
  return (x) => biased(tf.depthwiseConv2d(x, filter, stride, padding));
}

/** All outputs; what does not depend on the step before is one product. Gates in PyTorch's order, with its two biases. */
function lstm(tf, width, name, variable) {
  const turned = (tensor) => tensor.transpose();
  const [wx, wh] = [variable(`${name}weight_ih_l0`, turned), variable(`${name}weight_hh_l0`, turned)];
  const [bx, bh] = [variable(`${name}bias_ih_l0`), variable(`${name}bias_hh_l0`)];
  return (x) => {
    const [rows, steps, features] = x.shape;
    const all = tf.fused.matMul({ a: x.transpose([1, 0, 2]).reshape([steps * rows, features]), b: wx, bias: bx });
    let [h, c] = [tf.zeros([rows, width]), tf.zeros([rows, width])];
    const outputs = all
      .reshape([steps, rows, 4 * width])
      .unstack()
      .map((own) => {
        const [i, f, g, o] = own.add(tf.fused.matMul({ a: h, b: wh, bias: bh })).split(4, 1);
        c = f.sigmoid().mul(c).add(i.sigmoid().mul(g.tanh()));
        h = o.sigmoid().mul(c.tanh());
        return h;
      });
    return tf.stack(outputs, 1);
  };
}
