// Training steps, contenders interleaved in rounds (A B A B ...), each in a process of its own; a contender whose losses are not the
// oracle's is not timed. Options: --only NAME, --rounds N, --json FILE.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Child } from "./child.ts";
import { networks } from "./networks.ts";

const CHECKED_STEPS = 3;
const TOLERANCE = 1e-4;
const contenders = ["wasm-relaxed", "wasm-portable", "js"] as const;

interface Result {
  readonly network: string;
  readonly contender: string;
  readonly milliseconds: number;
  /** Time over that of the first contender. */
  readonly ratio: number;
}

const { values } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string", default: "9" }, json: { type: "string" } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new RangeError(`--rounds must be a whole number >= 1: ${values.rounds}`);
if (values.only !== undefined && !(values.only in networks))
  throw new RangeError(`--only must be one of ${Object.keys(networks).join(", ")}`);

const results: Result[] = [];
for (const name of Object.keys(networks)) if ((values.only ?? name) === name) results.push(...(await compare(name)));
console.table(results);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, undefined, 2)}\n`);

async function compare(name: string): Promise<Result[]> {
  const oracle = new Child(name, "oracle");
  const { loss: expected } = await oracle.ask(CHECKED_STEPS);
  await oracle.end();
  const children = contenders.map((contender) => new Child(name, contender));
  try {
    for (const child of children) {
      const { loss } = await child.ask(CHECKED_STEPS);
      if (!(Math.abs(loss - expected) <= TOLERANCE * Math.abs(expected)))
        throw new Error(`${name}, ${child.contender}: loss ${loss}, the oracle says ${expected}: not timed`);
    }
    const times = children.map((): number[] => []);
    for (let round = -1; round < rounds; round++)
      for (const [i, child] of children.entries()) {
        const { ms } = await child.ask(networks[name].steps);
        if (round >= 0) times[i].push(ms);
      }
    const medians = times.map((list) => list.sort((a, b) => a - b)[list.length >> 1]);
    return children.map(({ contender }, i) => ({
      network: name,
      contender,
      milliseconds: medians[i],
      ratio: medians[i] / medians[0],
    }));
  } finally {
    await Promise.all(children.map((child) => child.end()));
  }
}
