// The audit: `npm run audit`. New random cases of everything that PyTorch has too, by their seed, on all executors, compared with PyTorch's
// Float64 (Debian's python3-torch). It prints what is outside its bound with the smallest case found, and ends with 1 if anything is.
import { parseArgs } from "node:util";
import type { Executor } from "../../src/runtime/executor.ts";
import { float32, oracle } from "../executors.ts";
import { type Case, drawCase, requestOf } from "./cases.ts";
import { check, type Finding, refusal } from "./check.ts";
import { measure } from "./measure.ts";
import { type Answer, answers, hasTorch } from "./reference.ts";
import { Report } from "./report.ts";
import type { Subject } from "./subject.ts";
import { subjects } from "./subjects/index.ts";

const USAGE = `npm run audit -- [options]
  --cases N      in all, shared by the subjects (default 6000)
  --seed S       other cases for every whole number (default: the time, printed)
  --only NAME    subjects whose name contains this
  --case I       this case of each subject alone
  --json         the findings as JSON`;

function options() {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "6000" },
      seed: { type: "string" },
      only: { type: "string", default: "" },
      case: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [cases, index] = [Number(values.cases), values.case === undefined ? undefined : Number(values.case)];
  const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) : Number(values.seed);
  return { ...values, cases, index, seed };
}

/** Which cases of which subjects. */
function* chosen(among: readonly Subject[], cases: number, index: number | undefined) {
  const each = Math.ceil(cases / among.length);
  for (const subject of among)
    for (let i = index ?? 0; i < (index === undefined ? each : index + 1); i++) yield { subject, index: i };
}

async function findingOf(from: Case, answer: Answer, executors: ReadonlyMap<string, Executor>): Promise<Finding> {
  const nothing = { comparisons: 0, worst: 0, failures: [], excused: new Map() };
  const mismatch = refusal(from, answer);
  if (mismatch !== undefined) return { ...nothing, comparisons: 1, failures: [mismatch] };
  if (from.refused !== undefined) return { ...nothing, comparisons: 1 };
  return check(from, answer, await measure(from, executors));
}

async function main(): Promise<number> {
  const { cases, seed, only, index, json, help } = options();
  const among = subjects.filter(({ name }) => name.includes(only));
  if (help || among.length === 0 || !(cases > 0) || !Number.isInteger(seed)) {
    console.error(help || among.length > 0 ? USAGE : `audit: no subject's name contains "${only}"`);
    return help ? 0 : 1;
  }
  if (!hasTorch()) {
    console.error("audit: /usr/bin/python3 has no PyTorch: apt-get install python3-torch");
    return 1;
  }
  const list = [...chosen(among, cases, index)];
  if (!json) console.log(`audit: ${list.length} cases of ${among.length} subjects, --seed ${seed}\n`);
  const executors = new Map<string, Executor>([["float64", oracle({ poison: true })]]);
  for (const [name, create] of Object.entries(float32)) executors.set(name, create({ poison: true }));
  const report = new Report();
  let next = 0;
  for await (const answer of answers(list.map(({ subject, index }) => requestOf(drawCase(subject, seed, index))))) {
    const { subject, index } = list[next++];
    report.add(subject.name, await findingOf(drawCase(subject, seed, index), answer, executors));
  }
  for (const executor of executors.values()) await executor.dispose();
  console.log(json ? JSON.stringify(report.json(), null, 1) : report.text());
  return report.failed ? 1 : 0;
}

process.exitCode = await main();
