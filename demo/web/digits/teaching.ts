// A correction: the network goes through a visitor's drawing, in 25 copies among other digits, until it reads that right.
import type { DigitSet } from "./data.ts";
import type { Drawing } from "./drawings.ts";
import type { Rows } from "./journal.ts";
import { CLASSES } from "./model.ts";
import { argmaxRows } from "./probabilities.ts";
import type { Session } from "./session.ts";

const OTHERS = 1250; // digits among which the copies are: enough to forget little, few enough to be quick
const CERTAIN = 0.8;
const ROUNDS = 10;
const MOST_STEPS = 250;
const LOSES = 0.01; // of the test digits, at the most

export interface Lesson {
  readonly session: Session;
  readonly drawing: Drawing;
  readonly test: DigitSet;
  /** Digits that are chosen, without drawings. */
  readonly amount: number;
  /** Drawings by now, this one included. */
  readonly drawings: number;
  readonly setOf: (rows: Rows) => DigitSet;
  /** Told of the share of test digits that it reads right before. */
  readonly onBefore: (share: number) => void;
  readonly onSteps: (steps: number, rows: Rows, loss: number) => void;
}

export interface Outcome {
  readonly learnt: boolean;
  /** Whether it forgot others over it. */
  readonly forgot: boolean;
  /** Of what it should say, at last. */
  readonly certainty: number;
  /** Shares of test digits that it reads right. */
  readonly before: number;
  readonly after: number;
}

export async function teach(lesson: Lesson): Promise<Outcome> {
  const { session, drawing, test, amount, drawings } = lesson;
  const before = await session.accuracy(test);
  lesson.onBefore(before);
  const few = { every: Math.max(1, Math.round(amount / OTHERS)), drawings };
  let steps = 0;
  const round = async (rows: Rows) => {
    await session.bring(lesson.setOf(rows));
    const made = await session.practise();
    steps += made.steps;
    lesson.onSteps(made.steps, rows, made.loss);
    return session.probabilities(drawing.image);
  };
  const reads = (probabilities: Float32Array) => argmaxRows(probabilities, CLASSES)[0] === drawing.digit;
  let probabilities = await round(few);
  for (let i = 1; i < ROUNDS && steps < MOST_STEPS && probabilities[drawing.digit] < CERTAIN; i++)
    probabilities = await round(few);
  let after = await session.accuracy(test);
  // It forgot others over it: more of them bring these back.
  if (after < before - LOSES) {
    probabilities = await round({ every: Math.max(1, Math.round(few.every / 4)), drawings });
    after = await session.accuracy(test);
  }
  const forgot = after < before - LOSES;
  return { learnt: reads(probabilities) && !forgot, forgot, certainty: probabilities[drawing.digit], before, after };
}
