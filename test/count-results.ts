// Prints "tests: N passed, N failed" from vitest's JSON report, as the last line of a CI run.
// Usage: node test/count-results.ts report.json exit-code
import { existsSync, readFileSync } from "node:fs";

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
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
const skipped = numPendingTests + numTodoTests;
console.log(`tests: ${numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
