// brain.js on XOR. It updates after every sample, has momentum and puts tanh behind the output, too, so it is checked against
// per-sample.mjs and not against the other contenders. A step is one pass over the four samples, without its checks between passes.
import brain from "brain.js";

export function startPeer({ network: { widths, optimizer }, data: { x, y }, weights }) {
  const net = new brain.NeuralNetwork({
    hiddenLayers: widths.slice(1, -1),
    activation: "tanh",
    learningRate: optimizer.rate,
    momentum: 0.1,
  });
  const [inputs, outputs] = [widths[0], widths.at(-1)];
  const row = ({ data }, i, width) => Array.from(data.subarray(i * width, (i + 1) * width));
  const samples = net.formatData(
    Array.from({ length: y.shape[0] }, (_, i) => ({ input: row(x, i, inputs), output: row(y, i, outputs) })),
  );
  net.sizes = [...widths];
  net.initialize();
  for (let layer = 1; layer < widths.length; layer++) {
    const weight = weights[`${2 * layer - 2}.weight`];
    for (let node = 0; node < widths[layer]; node++) net.weights[layer][node].set(row(weight, node, widths[layer - 1]));
    net.biases[layer].set(weights[`${2 * layer - 2}.bias`].data);
  }
  return (steps) => {
    for (let i = 0; i < steps; i++) net.trainPatterns(samples);
    return samples.reduce((sum, { input, output }) => sum + (net.run(input)[0] - output[0]) ** 2, 0) / samples.length;
  };
}
