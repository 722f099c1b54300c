// simdgrad worker: a member of a run on many machines.
import { ArgumentError } from "../errors.ts";
import { nats, type RunMember, serveTrials } from "../nats/index.ts";
import type { Trial } from "../tune/trial.ts";
import { CODES, type Command } from "./command.ts";
import { faultOf, loadMember } from "./member-module.ts";
import { PLACE_OPTIONS, PLACE_WORDS, placeOf } from "./place.ts";
import { UsageError } from "./usage.ts";

/** What the command line decides, and a module does not. */
const DECIDED = { servers: "nats", connection: "nats", run: "run", member: "name" } as const;

export const worker: Command = {
  usage: {
    name: "worker",
    summary: "Joins a run on many machines: trains with its other members, or runs trials of its study.",
    takes: ["MODULE"],
    about: `MODULE is JavaScript, or TypeScript where Node runs it. It exports train(member), which makes a model, loads this member's
data and trains with trainer.fit({ distribute: member.nats({ innerSteps: 100 }), signal: member.signal }), or
objective(trial), for study.trials(n, { distribute: nats({ ... }) }) elsewhere; not both. A member has name, run,
signal and nats, which takes the options of simdgrad/nats; in TypeScript it is a RunMember of simdgrad/nats. NATS with JetStream
keeps what members tell each other; a member that is killed is missed by nobody for long. Ctrl-C and SIGTERM leave the run.
Trials are waited for until then.
${PLACE_WORDS}`,
    options: { ...PLACE_OPTIONS, name: { value: "NAME", help: "of this member (default: a random one)" } },
    examples: ["worker member.js --nats nats://10.0.0.5:4222 --run digits"],
  },
  async run(given, { signal }, voice) {
    const { servers, run } = placeOf(given); // what is wrong with it is said first
    if (run === undefined) throw new UsageError("--run is missing: --run NAME");
    const place = { servers, run };
    const [file] = given.files;
    const name = given.values.get("name") ?? crypto.randomUUID().slice(0, 8);
    const { train, objective } = await loadMember(file);
    let isMember = false;
    if (typeof train === "function") {
      const member: RunMember = {
        name,
        run,
        signal,
        nats(options = {}) {
          const decided = Object.entries(DECIDED).find(([each]) => Object.hasOwn(options, each));
          if (decided) throw new ArgumentError(`member.nats: ${decided[0]} is said by --${decided[1]}`);
          isMember = true;
          return nats({ ...options, ...place, member: name });
        },
      };
      try {
        await train(member);
      } catch (error) {
        throw signal.aborted && error === signal.reason ? error : faultOf(error, file);
      }
      voice.say(`${run}: ${signal.aborted ? "left" : "done"}`);
      if (!isMember && !signal.aborted)
        voice.note(
          `note: train of ${file} has not called member.nats(), so that it was no member of ${run}: fit({ distribute: member.nats(), ... }) is`,
        );
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
