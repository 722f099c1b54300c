// Ends of executors, for those that wait for somebody else meanwhile: a fit for a callback or a source. It imports types alone.
import type { Executor } from "./executor.ts";

/** Why executors have ended, and who is told of the next one that does. */
export const endings = new WeakMap<Executor, Error>();
export const listeners = new Set<(executor: Executor, error: Error) => void>();

/** An executor can do nothing more. */
export function hasEnded(executor: Executor, error: Error): void {
  endings.set(executor, error);
  for (const listener of listeners) listener(executor, error);
}
