// What a link to a training brings, in words: no weights, but how many steps to make again, and what to change on the way.
import type { Change } from "./settings.ts";

/** Such as "makes 1,200 steps, with 2 changes on the way, and stops"; "" where there is nothing to make again. */
export function replayed(steps: number, changes: readonly Change[]): string {
  const made = changes.filter(({ step }) => steps === 0 || step <= steps).length;
  const some = made === 1 ? "1 change" : `${made.toLocaleString("en")} changes`;
  if (steps === 0) return made === 0 ? "" : `trains, and makes ${some} on the way`;
  const count = steps === 1 ? "1 step" : `${steps.toLocaleString("en")} steps`;
  return `makes ${count}${made === 0 ? "" : `, with ${some} on the way`}, and stops`;
}

/** What whoever opens the link finds. */
export function foundBy(steps: number, changes: readonly Change[], moves: boolean): string {
  const replay = replayed(steps, changes);
  const found = `Whoever opens it finds this network before its first step${replay === "" ? "" : `: “Start training” ${replay}`}.`;
  return moves ? `${found} Pause first, and it holds the number of steps, too.` : found;
}

/** What is said before the first step. */
export function readyWords(steps: number, changes: readonly Change[]): string {
  const replay = replayed(steps, changes);
  return replay === ""
    ? "Ready. Press start, and change what you like while it trains."
    : `Ready. As the link says, “Start training” ${replay}.`;
}
