// Prints the seconds that each folder's tests took, and "tests: N passed, N failed" as the last line of a CI run, from vitest's JSON report.
// Usage: node test/count-results.ts report.json exit-code
import { existsSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

const [path, exitCode] = process.argv.slice(2);
const report: Partial<Report> = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0, testResults = [] } = report;
// A file that fails before its first test counts as one failure, and so does whatever else made the run fail.
const broken = testResults.filter(
  ({ status, assertionResults }) => status === "failed" && assertionResults.every((test) => test.status !== "failed"),
).length;
const failed = Math.max(numFailedTests + broken, exitCode === "0" ? 0 : 1);
// Files run side by side, so these add up to more than the run took.
const seconds = new Map<string, number>();
for (const { name, startTime, endTime } of testResults) {
  const folder = relative(fileURLToPath(new URL("..", import.meta.url)), dirname(name));
  seconds.set(folder, (seconds.get(folder) ?? 0) + (endTime - startTime) / 1000);
}
for (const [folder, time] of [...seconds].sort((a, b) => b[1] - a[1]))
  console.log(`${time.toFixed(1).padStart(8)} s  ${folder}`);
const skipped = numPendingTests + numTodoTests;
console.log(`tests: ${numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
