// Ends of executors, for those that wait for somebody else meanwhile: a fit for a callback or a source. It imports types alone.
import type { Executor } from "./executor.ts";

type Listener = (error: Error) => void;

/** Why an executor has ended, and who is to be told when it does. */
interface Ending {
  error?: Error;
  readonly listeners: Set<Listener>;
}

const endings = new WeakMap<Executor, Ending>();

function endingOf(executor: Executor): Ending {
  const ending = endings.get(executor) ?? { listeners: new Set() };
  endings.set(executor, ending);
  return ending;
}

/** An executor can do nothing more. */
export function hasEnded(executor: Executor, error: Error): void {
  const ending = endingOf(executor);
  ending.error ??= error;
  for (const listener of ending.listeners) listener(error);
}

/** Tells why an executor has ended, once it has. @returns what ends the listening */
export function onEnd(executor: Executor, listener: Listener): () => void {
  const { error, listeners } = endingOf(executor);
  listeners.add(listener);
  if (error !== undefined) listener(error);
  return () => listeners.delete(listener);
}
