// simdgrad worker: a member of a run on many machines.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ArgumentError } from "../errors.ts";
import type { Distribution, NatsOptions } from "../nats/index.ts";
import type { Objective } from "../tune/trial.ts";
import { CODES, type Command } from "./command.ts";
import { UsageError } from "./usage.ts";

/** What a module exports that members run. */
interface MemberModule {
  /** Trains with `fit({ distribute, signal })`; `member.nats(options)` makes what `distribute` takes. */
  readonly train?: (member: {
    readonly name: string | undefined;
    readonly signal: AbortSignal;
    nats(options?: Partial<NatsOptions>): Distribution;
  }) => Promise<unknown>;
  /** Runs trials of a study. */
  readonly objective?: Objective;
}

export const worker: Command = {
  usage: {
    name: "worker",
    summary: "Joins a run on many machines: trains with its other members, or runs trials of its study.",
    takes: ["MODULE"],
    about: `MODULE is JavaScript that exports train(member), which makes a model, loads this member's data and trains with
trainer.fit({ distribute: member.nats({ innerSteps: 100 }), signal: member.signal }), or objective(trial), for
study.trials(n, { distribute: nats({ ... }) }) elsewhere. NATS with JetStream keeps what members tell each other; a member
that is killed is missed by nobody for long. Ctrl-C leaves the run.`,
    options: {
      nats: { value: "URL", help: "the server, such as nats://127.0.0.1:4222" },
      run: { value: "NAME", help: "the run: letters, digits, - and _" },
      name: { value: "NAME", help: "of this member (default: a random one)" },
    },
    examples: ["worker member.js --nats nats://10.0.0.5:4222 --run digits"],
  },
  async run({ files: [file], values }, { signal }, voice) {
    const [servers, run, name] = ["nats", "run", "name"].map((each) => values.get(each));
    if (servers === undefined) throw new UsageError("--nats is missing: --nats nats://HOST:4222");
    if (run === undefined) throw new UsageError("--run is missing: --run NAME");
    const module: MemberModule = await import(pathToFileURL(resolve(file)).href);
    const { nats, serveTrials } = await import("../nats/index.ts");
    const member = name === undefined ? {} : { member: name };
    const place = { servers: servers.split(","), run };
    const isOver = () => (signal.aborted ? CODES.interrupted : CODES.good);
    if (typeof module.train === "function") {
      await module.train({ name, signal, nats: (options = {}) => nats({ ...options, ...place, ...member }) });
      voice.say(`${run}: done`);
    } else if (typeof module.objective === "function") {
      const onTrial = (trial: number) => voice.note(`trial ${trial}`);
      await serveTrials({ ...place, objective: module.objective, signal, onTrial });
    } else throw new ArgumentError(`${file} exports neither train nor objective`);
    voice.result({ command: "worker", run, member: name ?? null });
    return isOver();
  },
};
