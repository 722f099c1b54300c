// A process that asks and tells trials of a study in a file, until it is refused: on its output the values that were told, and why it ended.
import { fileStorage, openStudy, random, uniform } from "../../../src/tune/index.ts";

const [file, seed] = process.argv.slice(2);
const told: number[] = [];
let why = "";
try {
  const space = { x: uniform(0, 1) };
  const study = await openStudy({ space, seed: Number(seed), sampler: random(), storage: fileStorage(file) });
  for (let i = 0; i < 10; i++) {
    const trial = await study.ask();
    await study.tell(trial, trial.values.x);
    told.push(trial.values.x);
  }
} catch (error) {
  why = `${error}`;
}
process.stdout.write(JSON.stringify({ told, why }));
