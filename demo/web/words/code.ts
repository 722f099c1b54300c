// The page's training as a program for Node.
import { BATCH } from "../teach/lesson.ts";
import type { Done } from "../teach/page.ts";

export function code({ settings, names, steps }: Done): string {
  return `// Learns to tell words apart: ${names.join(", ")}. What a frozen speech embedding makes of each sound was computed once.
// Before it runs: npm i simdgrad, and words-examples.safetensors beside it, which the page’s button “Save the examples” gives
import { readFile } from "node:fs/promises";
import { Trainer, WasmExecutor } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import { parseSafetensors } from "simdgrad/io";
import { crossEntropy, Linear, Sequential } from "simdgrad/nn";
import { adamW } from "simdgrad/optim";

// 96 features of each version of a sound, and its class.
const { features, labels } = parseSafetensors(await readFile("words-examples.safetensors")).tensors;

const trainer = new Trainer(new Sequential(new Linear(96, ${names.length})), {
  loss: crossEntropy,
  optimizer: adamW(${settings.rate}),
  executor: new WasmExecutor({ build: "portable" }), // the same bits on every machine
  seed: ${settings.seed},
});
await trainer.load({ x: features, y: labels });

let loss = Number.NaN;
const steps = ${steps};
const epochs = Math.ceil(steps / Math.ceil(labels.data.length / ${BATCH}));
for await (const report of trainer.fit({ batch: ${BATCH}, epochs, callbacks: [stopAt({ steps })] })) loss = report.loss;
console.log("loss of the last step:", loss);
await trainer.executor.dispose();
`;
}
