// The training steps that are timed, as data: our trainer and every peer build the same network from a row. CNN, LSTM and GPT join as
// further kinds.

/** Fully connected layers with an activation between them. */
export interface Network {
  readonly kind: "mlp";
  readonly widths: readonly number[];
  readonly activation: "relu" | "tanh";
  readonly loss: "crossEntropy" | "mse";
  readonly optimizer: { readonly name: "adam" | "sgd"; readonly rate: number };
  readonly batch: number;
  /** Rows of the data set; a step takes `batch` of them. */
  readonly rows: number;
  /** Steps of one request at the most; a slow contender makes fewer. */
  readonly steps: number;
}

const digits = { kind: "mlp", activation: "relu", loss: "crossEntropy", rows: 1024 } as const;
const small = { ...digits, widths: [784, 128, 10], batch: 64, steps: 100 } as const;
const large = { ...digits, widths: [784, 512, 512, 10], batch: 128, steps: 12 } as const;
const adam = { name: "adam", rate: 1e-3 } as const;
const sgd = { name: "sgd", rate: 0.1 } as const;

export const networks: Readonly<Record<string, Network>> = {
  "mlp-128-adam": { ...small, optimizer: adam },
  "mlp-128-sgd": { ...small, optimizer: sgd },
  "mlp-512-adam": { ...large, optimizer: adam },
  "mlp-512-sgd": { ...large, optimizer: sgd },
  xor: {
    kind: "mlp",
    widths: [2, 3, 1],
    activation: "tanh",
    loss: "mse",
    optimizer: { name: "sgd", rate: 0.1 },
    batch: 4,
    rows: 4,
    steps: 200_000,
  },
};
