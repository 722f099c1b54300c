// A member of a run in a process of its own, which may be killed. Arguments: what it does, the server, the run, its name, a file to write down what
// it has done, and for trials the milliseconds that one takes. SIGTERM ends a training after its round.
import { appendFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { nats, serveTrials } from "../../src/nats/index.ts";
import type { Trial } from "../../src/tune/index.ts";
import { data, trainer as makeTrainer } from "./training.ts";

const [task, servers, run, member, file, milliseconds] = process.argv.slice(2);

if (task === "train") {
  const trainer = makeTrainer(Number(member.charCodeAt(0)));
  await trainer.load(data);
  const distribute = nats({ servers, run, member, innerSteps: 20, heartbeat: 200, deadline: 2000 });
  const say = () => appendFile(file, `${member} ${distribute.round?.round} ${distribute.round?.digest}\n`);
  const over = new AbortController();
  process.once("SIGTERM", () => over.abort());
  // What is told of is the round before this one, which has ended for all.
  const told = { every: 20, onSteps: say };
  await trainer.fit({ batch: 30, epochs: 1_000_000, callbacks: [told], distribute, signal: over.signal });
  await say();
} else {
  const objective = async (trial: Trial<{ readonly x: number }>) => {
    await appendFile(file, `${member} ${trial.number}\n`);
    await wait(Number(milliseconds));
    return (trial.values.x - 0.3) ** 2;
  };
  await serveTrials({ servers, run, objective: objective as (trial: Trial) => Promise<number> });
}
process.exit(0);
