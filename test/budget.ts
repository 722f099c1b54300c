// The committed budget: numbers that are the same on every machine, in named groups. A number may shrink, or grow within the
// tolerance; what grows more fails, until UPDATE_BUDGET=1 has recorded it and the change to budget.json is part of the commit.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("budget.json", import.meta.url));

/** Growth that needs no new budget. Small counts must stay exact: two percent of 40 instructions is none. */
const TOLERANCE = 0.02;

type Budget = Record<string, Record<string, number>>;

/** What is too large or unknown, in words; empty if the measured group is within its budget. */
export function overruns(budget: Budget, group: string, measured: Readonly<Record<string, number>>): string[] {
  const planned = budget[group] ?? {};
  const known = Object.keys(planned).filter((name) => !(name in measured));
  return [
    ...Object.entries(measured).flatMap(([name, value]) => {
      if (!(name in planned)) return [`${group}: ${name} is ${value} and has no budget`];
      const limit = Math.floor(planned[name] * (1 + TOLERANCE));
      return value <= limit ? [] : [`${group}: ${name} is ${value}, more than its budget of ${planned[name]}`];
    }),
    ...known.map((name) => `${group}: ${name} has a budget and was not measured`),
  ];
}

/** Compares a measured group with budget.json, or records it there when UPDATE_BUDGET=1. To be called from budget.test.ts alone. */
export function compareWithBudget(group: string, measured: Readonly<Record<string, number>>): string[] {
  const budget = JSON.parse(readFileSync(path, "utf8")) as Budget;
  if (process.env.UPDATE_BUDGET !== "1") return overruns(budget, group, measured);
  writeFileSync(path, `${JSON.stringify({ ...budget, [group]: measured }, null, 2)}\n`);
  return [];
}
