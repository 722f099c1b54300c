// XOR 2-3-1 written by hand: what JavaScript does without any library. All four samples, then one update, as the other contenders.
// Float64Array, which V8 reads and writes without converting.

export function startPeer({ network: { optimizer }, data: { x, y }, weights }) {
  const { rate } = optimizer;
  const xs = Float64Array.from(x.data);
  const ys = Float64Array.from(y.data);
  const w1 = Float64Array.from(weights["0.weight"].data);
  const b1 = Float64Array.from(weights["0.bias"].data);
  const w2 = Float64Array.from(weights["2.weight"].data);
  const b2 = Float64Array.from(weights["2.bias"].data);
  const h = new Float64Array(3);
  const dw1 = new Float64Array(6);
  const db1 = new Float64Array(3);
  const dw2 = new Float64Array(3);

  function step() {
    dw1.fill(0);
    db1.fill(0);
    dw2.fill(0);
    let db2 = 0;
    let loss = 0;
    for (let s = 0; s < 4; s++) {
      const x0 = xs[2 * s];
      const x1 = xs[2 * s + 1];
      let out = b2[0];
      for (let j = 0; j < 3; j++) {
        const value = Math.tanh(w1[2 * j] * x0 + w1[2 * j + 1] * x1 + b1[j]);
        h[j] = value;
        out += w2[j] * value;
      }
      const error = out - ys[s];
      loss += error * error;
      db2 += error;
      for (let j = 0; j < 3; j++) {
        const value = h[j];
        const delta = error * w2[j] * (1 - value * value);
        dw2[j] += error * value;
        db1[j] += delta;
        dw1[2 * j] += delta * x0;
        dw1[2 * j + 1] += delta * x1;
      }
    }
    const scale = (2 * rate) / 4;
    for (let i = 0; i < 6; i++) w1[i] -= scale * dw1[i];
    for (let j = 0; j < 3; j++) {
      b1[j] -= scale * db1[j];
      w2[j] -= scale * dw2[j];
    }
    b2[0] -= scale * db2;
    return loss / 4;
  }

  return (steps) => {
    let loss = 0;
    for (let i = 0; i < steps; i++) loss = step();
    return loss;
  };
}
