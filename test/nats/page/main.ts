// A page that is a member of a run: it trains in a worker, and stays free itself.
import { parseIdx } from "../../../src/data/index.ts";
import { spawn } from "../../../src/worker/index.ts";
import { firstOf, type Task, trainTogether } from "../digits.ts";

const page = globalThis as unknown as { rounds: number; join(task: Task): Promise<unknown> };

/** Rounds that it has seen. */
page.rounds = 0;

page.join = async (task) => {
  const read = async (name: string) => parseIdx(new Uint8Array(await (await fetch(`${name}-ubyte`)).arrayBuffer()));
  const executor = await spawn({ threads: 1, build: "portable" });
  const digits = await firstOf(read, task.rows, task.tested);
  const outcome = await trainTogether(executor, task, digits, (round) => {
    page.rounds = round;
  });
  await executor.dispose();
  return outcome;
};
