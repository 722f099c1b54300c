// What both comparisons of training steps are asked, and how they tell: in Node (steps.ts) and in a browser (browser/steps.ts).
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { networks } from "./networks.ts";
import { describe, machine, writeReadme } from "./report.ts";
import type { Timing } from "./rounds.ts";
import { type Figures, figures, meanTable, stepTable, versions } from "./step-table.ts";

export interface Options {
  /** Names of networks. */
  readonly only: readonly string[];
  readonly rounds: number;
  /** Of the contenders that use several. */
  readonly threads: number;
  /** Whether a contender takes part; what all are compared with always does. */
  readonly asked: (contender: { readonly name: string }, place: number) => boolean;
  readonly json: string | undefined;
  readonly write: boolean;
}

/** @throws RangeError for what cannot be */
export function options(): Options {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      contenders: { type: "string" },
      rounds: { type: "string", default: "9" },
      threads: { type: "string", default: `${Math.min(16, availableParallelism())}` },
      json: { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  const only = values.only?.split(",") ?? Object.keys(networks);
  for (const name of only)
    if (!(name in networks)) throw new RangeError(`--only ${name}: it is none of ${Object.keys(networks).join(", ")}`);
  const named = values.contenders?.split(",");
  return {
    only,
    rounds: count("rounds", values.rounds),
    threads: count("threads", values.threads),
    asked: ({ name }, place) => place === 0 || named === undefined || named.some((start) => name.startsWith(start)),
    json: values.json,
    write: values.write,
  };
}

function count(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${option} must be a whole number >= 1: ${text}`);
  return value;
}

/** Compares network by network; prints each when it is there, and at the end writes what was asked for. */
export async function report(
  part: string,
  { only, json, write }: Options,
  engine: string,
  timingsOf: (network: string) => Promise<readonly Timing[]>,
): Promise<void> {
  const where = machine();
  const all: Figures[] = [];
  for (const name of only) {
    const found = figures(name, await timingsOf(name));
    all.push(...found);
    console.log(`\n${stepTable(found)}`);
  }
  const circumstances = `${[describe(where), engine].filter(Boolean).join(", ")}. ${versions(all)}.`;
  const means = meanTable(all);
  console.log(`\n${[means, circumstances].filter(Boolean).join("\n\n")}`);
  if (json !== undefined)
    writeFileSync(json, `${JSON.stringify({ machine: where, engine, results: all }, undefined, 2)}\n`);
  if (write) writeReadme(part, [circumstances, stepTable(all), means].filter(Boolean).join("\n\n"));
}
