// Recurrent cells as steps for `scan`, with PyTorch's parameters and order of gates: weights of the input and of the state, their biases.
import type { ScanStep } from "../src/ops/loop.ts";
import type { Tensor } from "../src/tensor.ts";

type Step = (carries: readonly Tensor[], elements: readonly Tensor[]) => ScanStep;
type Cell = (wi: Tensor, wh: Tensor, bi: Tensor, bh: Tensor) => Step;

/** The i-th gate of `of` [batch, gates x size]. */
function gate(of: Tensor, i: number, size: number): Tensor {
  return of.narrow(1, i * size, size);
}

/** torch.nn.RNN: h' = tanh(x Wi^T + bi + h Wh^T + bh) */
const rnn: Cell =
  (wi, wh, bi, bh) =>
  ([h], [x]) => {
    const next = x
      .matmul(wi, { transposeB: true })
      .add(bi)
      .add(h.matmul(wh, { transposeB: true }))
      .add(bh)
      .tanh();
    return { carries: [next], outputs: [next] };
  };

/** torch.nn.GRU: reset and update gates, then n = tanh(x + r h) and h' = (1 - z) n + z h. */
const gru: Cell =
  (wi, wh, bi, bh) =>
  ([h], [x]) => {
    const size = h.shape[1];
    const [ofX, ofH] = [x.matmul(wi, { transposeB: true }).add(bi), h.matmul(wh, { transposeB: true }).add(bh)];
    const both = (i: number) =>
      gate(ofX, i, size)
        .add(gate(ofH, i, size))
        .sigmoid();
    const candidate = gate(ofX, 2, size)
      .add(both(0).mul(gate(ofH, 2, size)))
      .tanh();
    const next = candidate.add(both(1).mul(h.sub(candidate)));
    return { carries: [next], outputs: [next] };
  };

/** torch.nn.LSTM: input, forget and output gates and a candidate g; c' = f c + i g, h' = o tanh c'. */
const lstm: Cell =
  (wi, wh, bi, bh) =>
  ([h, c], [x]) => {
    const size = h.shape[1];
    const gates = x
      .matmul(wi, { transposeB: true })
      .add(bi)
      .add(h.matmul(wh, { transposeB: true }))
      .add(bh);
    const [i, f, o] = [0, 1, 3].map((k) => gate(gates, k, size).sigmoid());
    const cell = f.mul(c).add(i.mul(gate(gates, 2, size).tanh()));
    const next = o.mul(cell.tanh());
    return { carries: [next, cell], outputs: [next] };
  };

/** Cells, with how many gates their weights hold and how many carries they hand on. */
export const cells = {
  rnn: { cell: rnn, gates: 1, carries: 1 },
  gru: { cell: gru, gates: 3, carries: 1 },
  lstm: { cell: lstm, gates: 4, carries: 2 },
} as const;
