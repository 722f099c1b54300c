// An objective in a worker: reports, and ends when it is given up. What x says else is done: failures of every kind.

import { NonFiniteError } from "../../../src/errors.ts";
import { serveObjective } from "../../../src/tune/index.ts";

serveObjective<{ readonly x: number; readonly does: string }>(async (trial) => {
  const { x, does } = trial.values;
  if (does === "throw") throw new TypeError(`a mistake at ${x}`);
  if (does === "diverge") throw new NonFiniteError("the loss is NaN", 3);
  if (does === "exit") process.exit(3);
  if (does === "close") {
    self.close();
    await new Promise(() => {});
  }
  if (does === "spell") return "fine" as never;
  for (let step = 1; step <= 4; step++) {
    await trial.report(step, x + 1 / step);
    if (trial.shouldPrune()) return "pruned";
  }
  return { value: x, artifact: Uint8Array.of(trial.number, 7) };
});
