// A process that runs a study in a file until it has all trials, or is killed: it says on its output which trials it begins.
import { asha, fileStorage, openStudy, uniform } from "../../../src/tune/index.ts";

const [file, trials] = process.argv.slice(2);
const space = { x: uniform(0, 1), y: uniform(0, 1) };
const study = await openStudy({ space, seed: 9, pruner: asha(), storage: fileStorage(file) });
await study.trials(Number(trials), {
  objective: async (trial) => {
    process.stdout.write(`${trial.number}\n`);
    const value = trial.values.x + trial.values.y;
    for (let step = 1; step <= 4; step++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await trial.report(step, value / step);
      if (trial.shouldPrune()) return "pruned";
    }
    return { value, artifact: new Uint8Array(10_000).fill(trial.number) };
  },
});
