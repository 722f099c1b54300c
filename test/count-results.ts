// Prints the seconds that each folder's tests took, and "tests: N passed, N failed" as the last line of a CI run, from vitest's JSON reports: of files that
// stand in several, the last one counts.
// Usage: node test/count-results.ts exit-code report.json [report.json ...]
import { existsSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

interface File {
  readonly name: string;
  readonly startTime: number;
  readonly endTime: number;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

const [exitCode, ...paths] = process.argv.slice(2);
const files = paths
  .filter((path) => existsSync(path))
  .flatMap((path): File[] => JSON.parse(readFileSync(path, "utf8")).testResults);
const testResults = [...new Map(files.map((file) => [file.name, file])).values()];
const statuses = testResults.flatMap(({ assertionResults }) => assertionResults.map(({ status }) => status));
const count = (...wanted: readonly string[]) => statuses.filter((status) => wanted.includes(status)).length;
// A file that fails before its first test counts as one failure, and so does whatever else made the run fail.
const broken = testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
).length;
const failed = Math.max(count("failed") + broken, exitCode === "0" ? 0 : 1);
// Files run side by side, so these add up to more than the run took.
const seconds = new Map<string, number>();
for (const { name, startTime, endTime } of testResults) {
  const folder = relative(fileURLToPath(new URL("..", import.meta.url)), dirname(name));
  seconds.set(folder, (seconds.get(folder) ?? 0) + (endTime - startTime) / 1000);
}
for (const [folder, time] of [...seconds].sort((a, b) => b[1] - a[1]))
  console.log(`${time.toFixed(1).padStart(8)} s  ${folder}`);
const skipped = count("skipped", "pending", "todo", "disabled");
console.log(`tests: ${count("passed")} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
