// All tests, or those that vitest's arguments name: `npm test`. Test files whose process a crash of the engine itself ended (a signal such as SIGSEGV, which no
// script can raise by a fault of its own) are run once more, and told of; a second crash fails.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CRASHED } from "./crashes.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const results = `${root}build/test-results.json`;

function vitest(list: string, args: readonly string[]): number {
  const program = `${root}node_modules/vitest/vitest.mjs`;
  const env = { ...process.env, [CRASHED]: list };
  return spawnSync(process.execPath, [program, "run", ...args], { stdio: "inherit", env }).status ?? 1;
}

const folder = mkdtempSync(join(tmpdir(), "simdgrad-tests-"));
try {
  const list = join(folder, "crashed.json");
  const args = process.argv.slice(2);
  let status = vitest(list, args);
  const crashed: string[] = status !== 0 && existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : [];
  if (crashed.length > 0) {
    console.log(`the engine crashed in ${crashed.join(", ")}: once more`);
    if (existsSync(results)) renameSync(results, results.replace(".json", "-crashed.json"));
    status = vitest(list, [...args, ...crashed]);
  }
  process.exitCode = status;
} finally {
  rmSync(folder, { recursive: true });
}
