// simdgrad worker: a member of a run on many machines.
import { ArgumentError } from "../errors.ts";
import type { RunMember } from "../nats/index.ts";
import type { Trial } from "../tune/trial.ts";
import { CODES, type Command } from "./command.ts";
import { faultOf, loadMember } from "./member-module.ts";
import { UsageError } from "./usage.ts";

/** What the command line decides, and a module does not. */
const DECIDED = { servers: "nats", connection: "nats", run: "run", member: "name" } as const;

export const worker: Command = {
  usage: {
    name: "worker",
    summary: "Joins a run on many machines: trains with its other members, or runs trials of its study.",
    takes: ["MODULE"],
    about: `MODULE is JavaScript that exports train(member), which makes a model, loads this member's data and trains with
trainer.fit({ distribute: member.nats({ innerSteps: 100 }), signal: member.signal }), or objective(trial), for
study.trials(n, { distribute: nats({ ... }) }) elsewhere. A member has name, run, signal and nats, which takes the options of
simdgrad/nats; in TypeScript it is a RunMember of simdgrad/nats. NATS with JetStream keeps what members tell each other; a
member that is killed is missed by nobody for long. Ctrl-C and SIGTERM leave the run. Trials are waited for until then.`,
    options: {
      nats: { value: "URL", help: "the server, such as nats://127.0.0.1:4222 or nats://USER:PASSWORD@HOST" },
      run: { value: "NAME", help: "the run: letters, digits, - and _" },
      name: { value: "NAME", help: "of this member (default: a random one)" },
    },
    examples: ["worker member.js --nats nats://10.0.0.5:4222 --run digits"],
  },
  async run({ files: [file], values }, { signal }, voice) {
    const [servers, run] = ["nats", "run"].map((each) => values.get(each));
    if (servers === undefined) throw new UsageError("--nats is missing: --nats nats://HOST:4222");
    if (run === undefined) throw new UsageError("--run is missing: --run NAME");
    const name = values.get("name") ?? crypto.randomUUID().slice(0, 8);
    const { nats, serveTrials } = await import("../nats/index.ts");
    const place = { servers: servers.split(","), run };
    nats({ ...place, member: name }); // what is wrong with them is said first
    const { train, objective } = await loadMember(file);
    if (typeof train === "function") {
      const member: RunMember = {
        name,
        run,
        signal,
        nats(options = {}) {
          const decided = Object.entries(DECIDED).find(([each]) => Object.hasOwn(options, each));
          if (decided) throw new ArgumentError(`member.nats: ${decided[0]} is said by --${decided[1]}`);
          return nats({ ...options, ...place, member: name });
        },
      };
      try {
        await train(member);
      } catch (error) {
        throw signal.aborted && error === signal.reason ? error : faultOf(error, file);
      }
      voice.say(`${run}: ${signal.aborted ? "left" : "done"}`);
    } else if (typeof objective === "function") {
      const told = async (trial: Trial) => {
        try {
          return await objective(trial);
        } catch (error) {
          const fault = faultOf(error, file);
          voice.note(`trial ${trial.number} failed: ${fault instanceof Error ? fault.message : String(fault)}`);
          throw error;
        }
      };
      await serveTrials({ ...place, objective: told, signal, onTrial: (trial) => voice.note(`trial ${trial}`) });
    }
    voice.result({ command: "worker", run, member: name });
    return signal.aborted ? CODES.interrupted : CODES.good;
  },
};
