// What chapter 2 says of rates: of the one that was tried, and of a guess where the border lies between those that shrink the loss and those that do not.
import { four } from "../format.ts";
import { exercise } from "../network.ts";

/** The error is multiplied by 1 - rate (x₁² + x₂²) at each update: it grows where that is beyond -1. */
export const BORDER = 2 / exercise.inputs.reduce((sum, x) => sum + x * x, 0);
/** A guess that is so near needs one step more. */
const NEAR = 0.015;

/** What became of the loss. */
export function courseOf(losses: readonly number[]): string {
  const [first, last] = [losses[0], losses[losses.length - 1]];
  const end = losses.findIndex((loss) => !Number.isFinite(loss));
  if (end < 0) return `the loss went from ${four(first)} to ${four(last)}, it ${last < first ? "shrank" : "grew"}.`;
  return `the loss grew from ${four(first)} beyond all numbers that the computer can write, after ${end} updates.`;
}

/** Where to look after a wrong guess, between a rate that shrinks the loss and one that lets it grow. */
export function nextTry(guess: number, shrinks: number, grows: number): string {
  const found = guess < BORDER ? `At ${guess} it still shrinks.` : `At ${guess} it already grows.`;
  if (Math.abs(guess - BORDER) <= NEAR)
    return `${found} You are next to it: try 0.01 ${guess < BORDER ? "more" : "less"}.`;
  if (!Number.isFinite(grows))
    return `${found} The border lies higher: try twice that, ${Number((2 * shrinks).toPrecision(3))}.`;
  const middle = Number(((shrinks + grows) / 2).toFixed(2));
  if (middle <= shrinks || middle >= grows)
    return `${found} But you know more by now: the border lies between ${shrinks} and ${grows}.`;
  return `${found} So the border lies between ${shrinks} and ${grows}: try the middle, ${middle}.`;
}
