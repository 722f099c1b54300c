// Who wants to know when an executor ends. Loaded with the first fit.
import { endings, listeners } from "../runtime/endings.ts";
import type { Executor } from "../runtime/executor.ts";

/** Tells why an executor has ended, once it has. @returns what ends the listening */
export function onEnd(executor: Executor, told: (error: Error) => void): () => void {
  const listener = (ended: Executor, error: Error) => {
    if (ended === executor) told(error);
  };
  listeners.add(listener);
  const error = endings.get(executor);
  if (error !== undefined) told(error);
  return () => listeners.delete(listener);
}
