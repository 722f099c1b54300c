// Members of a run in a process of their own, which may be killed. Each inner step takes a stated time, of which the training is part, so that
// what a round takes is not a matter of how many cores there are.
import { setTimeout as wait } from "node:timers/promises";
import { type FitContext, Trainer, WasmExecutor } from "../../src/index.ts";
import { nats } from "../../src/nats/index.ts";
import { crossEntropy } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { type Digits, PIXELS } from "./digits.ts";
import { networkOf } from "./network.ts";

/** What all members of a run are told. */
export interface Run {
  readonly run: string;
  readonly hidden: readonly number[];
  readonly innerSteps: number;
  readonly batch: number;
  readonly deadline: number;
  readonly minMembers: number;
  readonly heartbeat: number;
}

/** What one member is told. */
export interface Task extends Run {
  readonly member: string;
  readonly servers: string;
  readonly rounds: number;
  /** Milliseconds from one inner step to the next. */
  readonly step: number;
}

/** Rows as a trainer takes them, for as many steps as a round has. */
function rowsOf({ x, y }: Digits, count: number) {
  return {
    x: { data: x.slice(0, count * PIXELS), shape: [count, PIXELS] },
    y: { data: y.slice(0, count), shape: [count] },
  };
}

async function prepare({ hidden, innerSteps, batch, ...task }: Task, digits: Digits): Promise<() => Promise<void>> {
  const { rounds, step, member, servers, run, deadline, minMembers, heartbeat } = task;
  const trainer = new Trainer(networkOf(hidden), {
    loss: crossEntropy,
    optimizer: sgd(0.1),
    executor: new WasmExecutor({ threads: 1 }),
    seed: Number(member.slice(1)),
  });
  await trainer.load(rowsOf(digits, innerSteps * batch));
  await trainer.fit({ batch, epochs: 1 }); // so that compiling takes no time of the run
  const settings = { deadline, minMembers, heartbeat, innerSteps };
  const shared = nats({ servers, run, member, ...settings });
  let due = 0;
  const paced = {
    every: 1,
    onSteps: () => {
      due += step;
      return wait(Math.max(0, due - performance.now()));
    },
  };
  const begun = () => {
    due = performance.now();
  };
  const distribute = {
    every: innerSteps,
    onFitBegin: async (context: FitContext) => {
      await shared.onFitBegin?.(context);
      begun();
    },
    onSteps: async (context: FitContext) => {
      await shared.onSteps?.(context);
      begun();
    },
    onFitEnd: (context: FitContext, error?: unknown) => shared.onFitEnd?.(context, error),
  };
  return async () => {
    await trainer.fit({ batch, epochs: rounds, callbacks: [paced], distribute });
    await trainer.dispose();
  };
}

process.once("message", async ({ tasks, digits }: { readonly tasks: readonly Task[]; readonly digits: Digits }) => {
  const all = await Promise.all(tasks.map((task) => prepare(task, digits)));
  process.once("message", async () => {
    await Promise.all(all.map((train) => train()));
    process.exit(0);
  });
  process.send?.("ready");
});
