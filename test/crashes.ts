// A reporter that notes the test files whose process a crash of the engine ended, where nothing else went wrong: all.ts runs them once more.
import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";

/** The signals of an engine's own faults; not those by which a system ends a process, nor an engine that is out of memory. */
const CRASH = /exited unexpectedly with signal SIG(?:SEGV|BUS|ILL|TRAP)\b.* test file (.+)$/;

/** The environment variable with the path of the list, a JSON file. */
export const CRASHED = "CRASHED_TEST_FILES";

export class Crashes implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly { readonly message: string }[]): void {
    const path = process.env[CRASHED];
    const files = errors.map((error) => CRASH.exec(messages(error))?.[1]);
    const failed = modules.some(({ children }) => [...children.allTests("failed")].length > 0);
    if (path !== undefined && !failed && files.every((file) => file !== undefined))
      writeFileSync(path, JSON.stringify(files));
  }
}

/** What an error and its causes say, in one line. */
function messages(error: unknown): string {
  if (typeof error !== "object" || error === null) return "";
  const { message, cause } = error as { readonly message?: string; readonly cause?: unknown };
  return `${message} ${messages(cause)}`.trim();
}
