// Kernels, then training steps, each as a process of its own with the options that it knows (README.md).
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { networks } from "./networks.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string" },
    threads: { type: "string" },
    contenders: { type: "string" },
    json: { type: "string" },
    write: { type: "boolean" },
  },
});
const { only, rounds, threads, contenders, json, write } = values;
const isNetwork = only?.split(",").every((name) => name in networks);
const parts = [
  { name: "kernels", options: { only, rounds, write }, wanted: isNetwork !== true },
  { name: "steps", options: { only, rounds, threads, contenders, write }, wanted: isNetwork !== false },
];

const folder = mkdtempSync(join(tmpdir(), "simdgrad-bench-"));
const results: Record<string, unknown> = {};
try {
  for (const { name, options } of parts.filter(({ wanted }) => wanted)) {
    const file = join(folder, `${name}.json`);
    const flags = Object.entries(options).flatMap(([option, value]) => {
      if (value === undefined || value === false) return [];
      return value === true ? [`--${option}`] : [`--${option}`, value];
    });
    const script = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
    const { status } = spawnSync(process.execPath, [script, ...flags, "--json", file], { stdio: "inherit" });
    if (status !== 0) throw new Error(`${name}.ts ended with ${status}`);
    results[name] = JSON.parse(readFileSync(file, "utf8"));
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`);
