// What brain.js computes on XOR, written down plainly in Float64: the oracle of brain.mjs, never timed.

const MOMENTUM = 0.1;

export function startPeer({ network: { widths, optimizer }, data: { x, y }, weights }) {
  const layers = widths.slice(1).map((outputs, layer) => ({
    outputs,
    inputs: widths[layer],
    weight: Array.from(weights[`${2 * layer}.weight`].data),
    change: new Array(outputs * widths[layer]).fill(0),
    bias: Array.from(weights[`${2 * layer}.bias`].data),
  }));
  const forward = (sample) => {
    const activations = [Array.from(x.data.subarray(sample * widths[0], (sample + 1) * widths[0]))];
    for (const { inputs, outputs, weight, bias } of layers) {
      const last = activations.at(-1);
      activations.push(
        Array.from({ length: outputs }, (_, node) =>
          Math.tanh(last.reduce((sum, value, k) => sum + weight[node * inputs + k] * value, bias[node])),
        ),
      );
    }
    return activations;
  };
  const train = (sample) => {
    const activations = forward(sample);
    let errors = activations.at(-1).map((output) => y.data[sample] - output);
    const deltas = [];
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const { inputs, weight } = layers[layer];
      deltas[layer] = errors.map((error, node) => error * (1 - activations[layer + 1][node] ** 2));
      errors = Array.from({ length: inputs }, (_, k) =>
        deltas[layer].reduce((sum, delta, node) => sum + delta * weight[node * inputs + k], 0),
      );
    }
    for (const [layer, { inputs, weight, change, bias }] of layers.entries())
      for (const [node, delta] of deltas[layer].entries()) {
        for (let k = 0; k < inputs; k++) {
          const at = node * inputs + k;
          change[at] = optimizer.rate * delta * activations[layer][k] + MOMENTUM * change[at];
          weight[at] += change[at];
        }
        bias[node] += optimizer.rate * delta;
      }
  };
  const samples = Array.from(y.data.keys());
  return (steps) => {
    for (let i = 0; i < steps; i++) for (const sample of samples) train(sample);
    return samples.reduce((sum, sample) => sum + (forward(sample).at(-1)[0] - y.data[sample]) ** 2, 0) / samples.length;
  };
}
