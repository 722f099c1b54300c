// A training that is killed: it resumes from the newest checkpoint, writes one every few steps, and tells the sum of its bits at its end.
// Arguments: the folder, threads, and which write of a checkpoint kills the process in its middle (0: none does).
import { createHash } from "node:crypto";
import fs from "node:fs";
import { Trainer, WasmExecutor } from "../../src/index.ts";
import { crossEntropy, Dropout, Linear, relu, Sequential } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { checkpoints, folderStorage, resume } from "../../src/storage/index.ts";
import { numbers } from "../random.ts";

const EPOCHS = 6;
const [folder, threads, torn] = process.argv.slice(2);

/** Has a write end after half of its bytes, and the process with it. */
function tearWrite(count: number): void {
  const { open } = fs.promises;
  let left = count;
  fs.promises.open = async (path, flags, mode) => {
    const handle = await open(path, flags, mode);
    if (flags !== "wx" || --left > 0) return handle;
    handle.writeFile = async (bytes) => {
      await handle.write((bytes as Uint8Array).subarray(0, (bytes as Uint8Array).length / 2));
      process.kill(process.pid, "SIGKILL");
    };
    return handle;
  };
}

if (Number(torn) > 0) tearWrite(Number(torn));
const next = numbers(1);
const x = Array.from({ length: 96 }, () => Array.from({ length: 8 }, next));
const y = x.map(([a, b, c]) => (a > b ? 0 : b > c ? 1 : 2));
const model = new Sequential(new Linear(8, 32), relu, new Dropout(0.2), new Linear(32, 3));
const executor = new WasmExecutor({ threads: Number(threads) });
const trainer = new Trainer(model, { loss: crossEntropy, optimizer: adam(0.01), executor, seed: 5 });
await trainer.load({ x, y });
const storage = folderStorage(folder);
await resume(trainer, storage);
const tell = { every: 5, onSteps: () => void process.stdout.write("kept\n") };
const epochs = EPOCHS - trainer.history.length;
await trainer.fit({ epochs, batch: 8, callbacks: [checkpoints({ storage, every: { steps: 5 }, keep: 2 }), tell] });
const sum = createHash("sha256");
for (const [path, { data }] of Object.entries(await trainer.snapshot()).sort(([a], [b]) => (a < b ? -1 : 1)))
  if (path !== "history.seconds")
    sum.update(path).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
process.stdout.write(`done ${sum.digest("hex")}\n`);
await trainer.dispose();
await executor.dispose();
