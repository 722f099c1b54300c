// Two members of a run against one machine: seconds until a network that learns MNIST has a given loss on digits that it does not learn, each member
// on one thread, with the same local batch and 100 steps between two rounds. Runs take turns (one, two, one, two ...); each begins anew.
// Options: --runs N, --loss L, --channels N,N of the two convolutions or --hidden N[,N...] for dense layers instead, --batch N, --rate R of Adam, --steps N, --outer RATE,MOMENTUM.
// The server is Debian's nats-server, or NATS_SERVER.
import { parseArgs } from "node:util";
import { findServer, NatsServer } from "../test/nats/server.ts";
import { startChild } from "./child.ts";
import type { Reached } from "./nats-member.ts";
import { describe, digits, machine, median, table } from "./report.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    loss: { type: "string", default: "0.055" },
    channels: { type: "string", default: "32,64" },
    hidden: { type: "string" },
    batch: { type: "string", default: "16" },
    rate: { type: "string", default: "0.003" },
    outer: { type: "string", default: "1,0" },
    steps: { type: "string", default: "100" },
  },
});
const [runs, batch, innerSteps] = [values.runs, values.batch, values.steps].map(Number);
for (const [name, count] of Object.entries({ runs, batch, steps: innerSteps }))
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`--${name} must be a whole number >= 1`);
const loss = Number(values.loss);
if (!(loss > 0)) throw new RangeError("--loss must be a number > 0");
const [channels, hidden] = [values.channels, values.hidden].map((text) => text?.split(",").map(Number));
const rate = Number(values.rate);
const [learningRate, momentum] = values.outer.split(",").map(Number);

const program = await findServer();
if (program === undefined) throw new Error("no nats-server here, and Debian's package cannot be had");
const server = await NatsServer.start(program);

/** Seconds and steps until the first of so many members has the loss. */
async function reach(members: number, run: number): Promise<Reached> {
  const children = await Promise.all(
    Array.from({ length: members }, (_, member) => {
      const outer = { learningRate, momentum };
      const own = { servers: server.address, run: `run-${run}`, member, of: members };
      const task = { ...own, loss, channels, hidden, batch, rate, innerSteps, outer };
      return startChild([process.execPath, new URL("nats-member.ts", import.meta.url).pathname, JSON.stringify(task)]);
    }),
  );
  const started = children.map((child) => {
    if ("missing" in child) throw new Error(child.missing);
    return child;
  });
  const all = await Promise.all(started.map((child) => child.ask(1)));
  await Promise.all(started.map((child) => child.end()));
  return all[0] as unknown as Reached;
}

const results: Readonly<Record<number, Reached[]>> = { 1: [], 2: [] };
try {
  for (let run = 0; run < runs; run++)
    for (const members of [1, 2]) {
      const reached = await reach(members, run);
      results[members].push(reached);
      process.stderr.write(
        `${members}: ${digits(reached.seconds)} s, ${reached.steps} steps, loss ${digits(reached.loss)}\n`,
      );
    }
} finally {
  await server.stop();
}
const [one, two] = [1, 2].map((members) => ({
  seconds: median(results[members].map(({ seconds }) => seconds)),
  steps: median(results[members].map(({ steps }) => steps)),
  all: results[members].reduce((sum, { seconds }) => sum + seconds, 0),
}));
const ratio = median(results[2].map(({ seconds }, run) => seconds / results[1][run].seconds));
console.log(`${describe(machine())}. Medians of ${runs} runs in turns.\n`);
console.log(
  table([
    {
      network: hidden === undefined ? `convolutions of ${channels?.join(" and ")}` : [784, ...hidden, 10].join("-"),
      batch,
      rate,
      "outer rate, momentum": `${learningRate}, ${momentum}`,
      "steps a round": innerSteps,
      loss,
      "one, s": digits(one.seconds),
      "steps of one": one.steps,
      "two, s": digits(two.seconds),
      "steps of each of two": two.steps,
      "two : one": digits(ratio),
      "of all runs": digits(two.all / one.all),
    },
  ]),
);
