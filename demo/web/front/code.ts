// The front page's training as a program of its own.
import { HIDDEN, RATE } from "./network.ts";
import spiral from "./spiral.ts?raw";

/** What makes so many steps from the first weights of a seed, and prints the loss of the last one. */
export function code(seed: number, steps: number): string {
  return `// A network learns which arm of a spiral a point lies on.
import { Trainer, WasmExecutor } from "simdgrad";
import { crossEntropy, Linear, Sequential, tanh } from "simdgrad/nn";
import { adam } from "simdgrad/optim";

${spiral.replace("export ", "")}
const model = new Sequential(new Linear(2, ${HIDDEN}), tanh, new Linear(${HIDDEN}, ${HIDDEN}), tanh, new Linear(${HIDDEN}, 2));
const trainer = new Trainer(model, {
  loss: crossEntropy,
  optimizer: adam(${RATE.toFixed(5)}),
  executor: new WasmExecutor({ build: "portable" }), // the same bits on every machine
  seed: ${seed},
});
await trainer.load(spiral(${seed}));
let loss = Number.NaN;
for await (const report of trainer.fit({ batch: "all", shuffle: false, epochs: ${steps} })) loss = report.loss;
console.log("loss of the last step:", loss);
`;
}
