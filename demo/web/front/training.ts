// A run of steps as the page follows it: once a frame, what it logged.
import type { RunHandle } from "simdgrad";
import type { Followed } from "../shared/run.ts";

const FRAME = 16; // ms
const LATELY = 0.5; // seconds: how fast it is, is told of the last one to two of these

/** How far it is. */
export interface Progress {
  readonly step: number;
  readonly totalSteps: number;
  /** Of the latest step. */
  readonly loss: number;
  /** Of all steps together. */
  readonly seconds: number;
  /** Of the latest steps. */
  readonly samplesPerSecond: number;
}

export class Training implements Followed<Progress> {
  readonly #run: RunHandle;
  readonly #totalSteps: number;
  /** Samples of a step. */
  readonly #batch: number;

  constructor(run: RunHandle, totalSteps: number, batch: number) {
    this.#run = run;
    this.#totalSteps = totalSteps;
    this.#batch = batch;
  }

  pause(): Promise<void> {
    return this.#run.pause();
  }

  resume(): void {
    this.#run.resume();
  }

  async stop(): Promise<void> {
    await this.#run.stop();
  }

  /** Until it has ended. @throws what it ended with */
  async *[Symbol.asyncIterator](): AsyncGenerator<Progress, void> {
    let [isOver, step, loss, seconds] = [false, 0, Number.NaN, 0];
    let [from, next] = [
      { step, seconds },
      { step, seconds },
    ];
    const end = this.#run.done.then(() => {
      isOver = true;
    });
    try {
      while (!isOver) {
        await Promise.race([end, new Promise((resolve) => setTimeout(resolve, FRAME))]);
        const before = step;
        for (const { steps, names, values, milliseconds } of this.#run.takeLog()) {
          step += steps;
          seconds += milliseconds / 1000;
          loss = values[(steps - 1) * names.length + names.indexOf("loss")];
        }
        const samplesPerSecond = ((step - from.step) * this.#batch) / (seconds - from.seconds);
        if (seconds - next.seconds > LATELY) [from, next] = [next, { step, seconds }];
        if (step > before) yield { step, totalSteps: this.#totalSteps, loss, seconds, samplesPerSecond };
      }
    } finally {
      await this.stop();
    }
  }
}
