// What all peers share: the clock, and data as they want it.

/** A request's answer; `run(steps)` gives the last loss once everything is computed. */
export async function answer(run, steps) {
  const begin = performance.now();
  const loss = await run(steps);
  return { ms: (performance.now() - begin) / steps, loss };
}

/** The batches of the first epoch, ready-made: a peer is spared the gathering that our own step contains. */
export function batchesOf({ network, data: { x, y }, order }) {
  const { batch, rows, loss } = network;
  const [inputs, outputs] = endsOf(network);
  return Array.from({ length: rows / batch }, (_, b) => {
    const [xs, ys] = [new Float32Array(batch * inputs), new Float32Array(batch * outputs)];
    // A batch of all rows is the data set as it is.
    const rowOf = (i) => (batch === rows ? i : order.data[b * batch + i]);
    for (let i = 0; i < batch; i++) {
      xs.set(x.data.subarray(rowOf(i) * inputs, (rowOf(i) + 1) * inputs), i * inputs);
      if (loss === "crossEntropy") ys[i * outputs + y.data[rowOf(i)]] = 1;
      else ys.set(y.data.subarray(rowOf(i) * outputs, (rowOf(i) + 1) * outputs), i * outputs);
    }
    return { x: xs, y: ys, rows: batch, inputs, outputs };
  });
}

/** Numbers of a row of x, and of what a network makes of it. */
function endsOf({ kind, widths, input, layers }) {
  if (kind === "mlp") return [widths[0], widths.at(-1)];
  return [input.reduce((product, size) => product * size), layers.at(-1).linear[1]];
}

/** The layers in order, weights as [out, in] and, transposed, as [in, out]. */
export function layersOf({ network: { widths }, weights }) {
  return widths.slice(1).map((outputs, layer) => {
    const inputs = widths[layer];
    const { data } = weights[`${2 * layer}.weight`];
    const weight = Float32Array.from(data);
    const transposed = weight.map((_, i) => data[(i % outputs) * inputs + Math.floor(i / outputs)]);
    return { weight, transposed, bias: Float32Array.from(weights[`${2 * layer}.bias`].data), inputs, outputs };
  });
}
