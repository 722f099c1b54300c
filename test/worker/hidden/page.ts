// A page that trains in a worker, and tells on `window` how far it is.
import { spawn } from "simdgrad/worker";
import { newTrainer, trainingData } from "../training.ts";

const trainer = newTrainer(await spawn({ threads: 1 }), 400);
await trainer.load(trainingData);
const progress = { steps: 0, epochs: 0, hidden: () => document.hidden };
Object.assign(window, { progress });
// Epochs of two steps: between them, too, nothing may wait for this thread.
for await (const { step, epoch } of trainer.fit({ batch: 250, epochs: 1_000_000 })) {
  progress.steps = step;
  progress.epochs = epoch;
}
