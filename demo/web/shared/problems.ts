// Errors in words, for those who did not write the program.
import { DataError, MemoryError, NonFiniteError, ThreadError, UnsupportedError, WorkerError } from "simdgrad";

/** An error whose message is already meant for the visitor. */
export class Problem extends Error {}

/** What happened, and what to do about it. */
export function inWords(error: unknown): string {
  if (error instanceof Problem) return error.message;
  if (error instanceof NonFiniteError)
    return `The loss became infinite at step ${error.step.toLocaleString("en")}. Lower the learning rate and start again, from new weights.`;
  if (error instanceof WorkerError)
    return `The worker that trains is gone (${error.message}). What it had learned is lost: start again.`;
  if (error instanceof UnsupportedError)
    return `This browser lacks what that needs: ${error.message}. Choose “Worker, plain TypeScript”.`;
  if (error instanceof MemoryError)
    return `There is not enough memory for this: ${error.message}. A smaller network or batch needs less.`;
  if (error instanceof TypeError && /import|module script/i.test(error.message))
    return "A part of this page could not be loaded. Is there a connection? Then start again.";
  if (error instanceof DataError) return `This cannot be trained on: ${error.message}.`;
  return `Something went wrong: ${error instanceof Error ? error.message : String(error)}.`;
}

const MOST = 5; // problems that are told one by one

/** What happened to some of several files. */
export function allInWords(errors: readonly unknown[]): string {
  const more = errors.length - MOST;
  const rest =
    more <= 0
      ? []
      : [
          more === 1
            ? "One more file cannot be read, either."
            : `${more.toLocaleString("en")} more files cannot be read, either.`,
        ];
  return [...errors.slice(0, MOST).map(inWords), ...rest].join(" ");
}

/** Whether nothing can go on from what was trained. */
export function isEnd(error: unknown): boolean {
  return error instanceof NonFiniteError || error instanceof WorkerError || error instanceof ThreadError;
}
