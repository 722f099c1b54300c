// Where a run is, as the command line or the environment says it; nothing is asked of a server here.
import { ArgumentError } from "../errors.ts";
import { nats } from "../nats/index.ts";
import { type Given, type Option, UsageError } from "./usage.ts";

/** Of commands that go to a server. */
export const PLACE_OPTIONS: Readonly<Record<"nats" | "run", Option>> = {
  nats: {
    value: "URL",
    help: "the server, as nats://USER:PASSWORD@HOST:4222, or several with commas between; default: NATS_URL",
  },
  run: { value: "NAME", help: "the run: letters, digits, - and _" },
};

/** What their helps say of it. */
export const PLACE_WORDS =
  "Without --nats the environment's NATS_URL is taken: a password in it is not shown by ps, as one behind --nats is.";

/** A place, and who is there. */
export interface Place {
  readonly servers: readonly string[];
  readonly run?: string;
}

/** @throws UsageError for options that are no place, or none at all */
export function placeOf({ values }: Given): Place {
  const given = values.get("nats") ?? (process.env.NATS_URL || undefined);
  const from = values.has("nats") ? "--nats" : "NATS_URL";
  if (given === undefined)
    throw new UsageError("--nats is missing: --nats nats://HOST:4222, or NATS_URL in the environment");
  const servers = given.split(",").map((each) => each.trim());
  const [run, member] = [values.get("run"), values.get("name")];
  try {
    nats({ servers, run: run ?? "any", ...(member !== undefined && { member }) });
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    const named = { servers: from, run: "--run", member: "--name" };
    const words = error.message.replace(/^nats: (servers|run|member)/, (_, name: keyof typeof named) => named[name]);
    throw new UsageError(given.includes("@") ? words.replace(/, got \[.*/s, "") : words); // a password, maybe
  }
  const users = new Set(servers.flatMap((each) => /^\w+:\/\/(.*)@/.exec(each)?.[1] ?? []));
  if (users.size > 1) throw new UsageError(`${from}: servers of one run have one user, and the addresses name several`);
  const webs = servers.filter((each) => /^wss?:/.test(each));
  if (webs.length % servers.length > 0)
    throw new UsageError(`${from}: servers of one member are WebSockets or none is`);
  return { servers, ...(run !== undefined && { run }) };
}
