// The warning of an executor that has one thread where it could have more: not before there is work that they would share.
import type { Program } from "../program/program.ts";
import type { ExecutorInfo } from "../runtime/executor.ts";

/** What tells of the programs that it loads. */
interface Loading {
  readonly info: ExecutorInfo;
  onLoad: ((program: Program) => void) | undefined;
}

/** Warns once, of the first program that two threads would be faster for. */
export function warnOfThreads(executor: Loading): void {
  executor.onLoad = async ({ code }) => {
    const { threadsFor } = await import("../runtime/wasm/threads-for.ts");
    if (executor.onLoad === undefined || threadsFor(code, 2) === 1) return;
    executor.onLoad = undefined;
    console.warn(`simdgrad: ${executor.info.fallback}`);
  };
}
