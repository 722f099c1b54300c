// simdgrad runs: who trains together, or searches, and how far they are.
import { DataError } from "../errors.ts";
import { runs as ask, removeRun, searches } from "../nats/index.ts";
import { CODES, type Command } from "./command.ts";
import { PLACE_OPTIONS, PLACE_WORDS, placeOf } from "./place.ts";
import { UsageError } from "./usage.ts";
import { columns, several, shown } from "./words.ts";

export const runs: Command = {
  usage: {
    name: "runs",
    summary: "Shows runs on many machines: members, rounds, losses, bytes; trials of studies. Or deletes one.",
    takes: [],
    about: PLACE_WORDS,
    options: {
      ...PLACE_OPTIONS,
      run: { value: "NAME", help: "this run alone" },
      delete: { help: "with --run: takes away all that the server has of it" },
    },
    examples: ["runs --nats nats://10.0.0.5:4222", "runs --nats nats://10.0.0.5:4222 --run digits --delete"],
  },
  async run(given, _, voice) {
    const place = { ...placeOf(given), patience: 5000 };
    const { run } = place;
    if (given.switches.has("delete")) {
      if (run === undefined) throw new UsageError("--delete wants --run NAME: which run is to be deleted?");
      await removeRun({ ...place, run });
      voice.say(`${run}: deleted`);
      voice.result({ command: "runs", run, deleted: true });
      return CODES.good;
    }
    const found = await ask(place);
    const searched = await searches(place);
    if (found.length + searched.length === 0) {
      if (run !== undefined) throw new DataError(`there is no run ${run}`);
      voice.say("no runs");
    }
    for (const { run: name, round, innerSteps, members, bytes, fault } of found) {
      if (fault !== undefined) {
        voice.say(`${name}: ${fault}`);
        continue;
      }
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
