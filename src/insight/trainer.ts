// Trainers as they are looked into: what they train, and how they are brought back to where they were.
import { anObjectWith, isRecord, must } from "../check.ts";
import { orElse } from "../train/load.ts";
import type { Trainer } from "../train/trainer.ts";

/** A trainer, whatever its model takes and gives. @throws ArgumentError for what is none; `what` says where it was given */
export function trainerOf(value: unknown, what: string): Trainer {
  anObjectWith("a Trainer", "fit", "evaluate", "snapshot", "restore")(value, what);
  must(isRecord((value as Trainer).workshop), value, what, "a Trainer");
  return value as Trainer;
}

/** Samples for a trainer that is not known yet. */
export interface SomeSamples {
  readonly x: unknown;
  readonly y: unknown;
  readonly sampleWeight?: unknown;
}

/** Throws an ArgumentError unless a value may be samples, which the trainer looks at further. */
export function samples(value: unknown, what: string): void {
  must(isRecord(value) && "x" in value && "y" in value, value, what, "samples { x, y }");
}

/** Does something with a trainer that is afterwards what it was before, however that ends. */
export async function andBack<T>(trainer: Trainer, task: () => Promise<T>): Promise<T> {
  const before = await trainer.snapshot();
  const back = () => trainer.restore(before);
  const result = await orElse(task, back);
  await back();
  return result;
}
