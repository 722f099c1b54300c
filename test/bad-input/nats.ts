// What simdgrad/nats exports, with right arguments.
import { latestRound, NetworkError, nats, removeRun, runs, searches, serveTrials } from "../../src/nats/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

/** Nobody is there: right options get as far as that. */
function unanswered<T>(run: (given: T) => Promise<unknown>): (given: T) => Promise<void> {
  return async (given) => {
    try {
      await run(given);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  };
}

const servers = a.word("nats://127.0.0.1:1");
const anyone = (what: string) => a.whatever(`${what} has tests of its own`)(undefined);
const place = {
  run: a.also(a.text("digits"), ["word", "a name"], ["digits", "a name"]),
  servers,
  connect: a.also(
    a.instance({ user: "me" }),
    ...(
      [
        "an object",
        "an object without a prototype",
        "an object with a constructor of its own",
        "data and shape",
        "a tensor of another shape",
      ] as const
    ).map((name) => [name, "NATS says what it does not know"] as const),
  ),
  connection: anyone("beside servers it is refused; alone it"),
  patience: a.positive(1),
};

export const natsCalls: Readonly<Record<string, Call>> = {
  nats: call(
    nats,
    a.options(
      {
        ...place,
        member: a.text("first"),
        innerSteps: a.whole(5),
        rounds: a.whole(5),
        outer: a.options({ learningRate: a.positive(1), momentum: a.finite(0.5) }),
        precision: a.word("f16"),
        deadline: a.positive(100),
        minMembers: a.whole(2),
        maxNorm: a.also(a.positive(1), ["infinity", "none, the default"]),
        heartbeat: a.whole(100),
      },
      ["run", "servers"],
    ),
  ),
  latestRound: call(unanswered(latestRound), a.options(place, ["run", "servers"])),
  removeRun: call(unanswered(removeRun), a.options(place, ["run", "servers"])),
  runs: call(unanswered(runs), a.options(place, ["servers"])),
  searches: call(unanswered(searches), a.options(place, ["servers"])),
  serveTrials: call(
    unanswered(serveTrials),
    a.options(
      {
        ...place,
        objective: a.callback(() => 1),
        signal: a.instance(new AbortController().signal),
        onTrial: a.callback(() => undefined),
      },
      ["run", "servers", "objective"],
    ),
  ),
};
