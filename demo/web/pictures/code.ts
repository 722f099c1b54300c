// The page's training as a program for Node.
import { BATCH } from "../teach/lesson.ts";
import type { Done } from "../teach/page.ts";

const block = `/** Two convolutions beside what they are added to: the last block of a network that knows photographs. */
const block = {
  first: new Conv2d(128, 128, 3, { padding: 1 }),
  second: new Conv2d(128, 128, 3, { padding: 1 }),
  forward(x: Tensor) {
    return x.add(relu(this.second.forward(relu(this.first.forward(x)))));
  },
};
`;

/** @param width numbers that the visitor's own network gives; undefined for the page's */
export function code({ settings, names, steps }: Done, width: number | undefined): string {
  const own = width !== undefined;
  const layers = own
    ? `new Linear(${width}, ${names.length})`
    : `block, (x: Tensor) => x.max([2, 3]), new Linear(128, ${names.length})`;
  const imports = own ? "crossEntropy, Linear, Sequential" : "Conv2d, crossEntropy, Linear, relu, Sequential";
  return `// Learns to tell pictures apart: ${names.join(", ")}. What a frozen network makes of each picture was computed once.
// Before it runs: npm i simdgrad, and pictures-examples.safetensors beside it, which the page’s button “Save the examples” gives
import { readFile } from "node:fs/promises";
import { ${own ? "" : "type Tensor, "}Trainer, WasmExecutor } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import { parseSafetensors } from "simdgrad/io";
import { ${imports} } from "simdgrad/nn";
import { adamW } from "simdgrad/optim";

// The file's features, the class of each${own ? "" : ", and what the block begins with"}.
const { tensors } = parseSafetensors(await readFile("pictures-examples.safetensors"));
const { features, labels, ...start } = tensors;

${own ? "" : `${block}\n`}const model = new Sequential(${layers});
const trainer = new Trainer(model, {
  loss: crossEntropy,
  optimizer: adamW(${settings.rate}),
  executor: new WasmExecutor({ build: "portable" }), // the same bits on every machine
  seed: ${settings.seed},
});
await trainer.loadStateDict(start, { strict: false }); // what the model has no place for is left out
await trainer.load({ x: features, y: labels });

let loss = Number.NaN;
const steps = ${steps};
const epochs = Math.ceil(steps / Math.ceil(labels.data.length / ${BATCH}));
for await (const report of trainer.fit({ batch: ${BATCH}, epochs, callbacks: [stopAt({ steps })] })) loss = report.loss;
console.log("loss of the last step:", loss);
await trainer.executor.dispose();
`;
}
