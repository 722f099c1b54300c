// simdgrad runs: who trains together, and how far they are.
import { CODES, type Command } from "./command.ts";
import { UsageError } from "./usage.ts";
import { columns, several, shown } from "./words.ts";

export const runs: Command = {
  usage: {
    name: "runs",
    summary: "Shows runs on many machines: members, rounds, losses, bytes.",
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
    const { runs: ask } = await import("../nats/index.ts");
    const run = values.get("run");
    const found = await ask({ servers: servers.split(","), patience: 5000, ...(run !== undefined && { run }) });
    if (found.length === 0) voice.say("no runs");
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
    voice.result({ command: "runs", runs: found });
    return CODES.good;
  },
};
