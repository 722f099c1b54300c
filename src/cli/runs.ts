// simdgrad runs: who trains together, or searches, and how far they are.
import { DataError } from "../errors.ts";
import { CODES, type Command } from "./command.ts";
import { UsageError } from "./usage.ts";
import { columns, several, shown } from "./words.ts";

export const runs: Command = {
  usage: {
    name: "runs",
    summary: "Shows runs on many machines: members, rounds, losses, bytes; trials of studies.",
    takes: [],
    about: "",
    options: {
      nats: { value: "URL", help: "the server, such as nats://127.0.0.1:4222" },
      run: { value: "NAME", help: "this run alone" },
    },
    examples: ["runs --nats nats://10.0.0.5:4222"],
  },
  async run({ values }, _, voice) {
    const servers = values.get("nats");
    if (servers === undefined) throw new UsageError("--nats is missing: --nats nats://HOST:4222");
    const { runs: ask, searches } = await import("../nats/index.ts");
    const run = values.get("run");
    const place = { servers: servers.split(","), patience: 5000, ...(run !== undefined && { run }) };
    const found = await ask(place);
    const searched = await searches(place);
    if (found.length + searched.length === 0) {
      if (run !== undefined) throw new DataError(`there is no run ${run}`);
      voice.say("no runs");
    }
    for (const { run: name, round, innerSteps, members, bytes } of found) {
      const far = round === undefined ? "not begun" : `round ${round}`;
      voice.say(
        `${name}: ${far}, ${several(innerSteps, "step")} a round, ${several(members.length, "member")}, ${several(bytes, "byte")} kept`,
      );
      const rows = members.map(({ member, round: at, rows: seen, loss }) => [
        `  ${member}`,
        at === undefined
          ? "has joined"
          : `round ${at}, ${several(seen ?? 0, "row")}${loss === undefined ? "" : `, loss ${shown(loss)}`}`,
      ]);
      if (rows.length > 0) voice.say(columns(rows, { left: 2 }));
    }
    for (const { run: name, waiting, running, results } of searched)
      voice.say(
        `${name}: a search, ${several(waiting, "trial")} waiting, ${running} running, ${several(results, "result")}`,
      );
    voice.result({ command: "runs", runs: found, searches: searched });
    return CODES.good;
  },
};
