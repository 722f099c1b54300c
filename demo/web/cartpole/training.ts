// The training as the page sees it: it asks its worker for a short stretch after the other, so the worker needs no messages in between.
import { workerFunction } from "simdgrad/worker";
import type { Phase } from "../shared/run.ts";
import type { Order, Report } from "./order.ts";
import type { Settings } from "./settings.ts";

const STRETCH = 40; // ms of training from one report to the next

export interface TrainingListeners {
  readonly onPhase: (phase: Phase) => void;
  readonly onReport: (report: Report) => void;
  /** It has come to its end. */
  readonly onEnd: () => void;
  readonly onError: (error: unknown) => void;
}

export class Training {
  readonly #listeners: TrainingListeners;
  readonly #agent = workerFunction<[Order], Report>(
    () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }),
    "agent",
    { workers: 1 },
  );
  #phase: Phase = "idle";
  /** Counts trainings: what an earlier one still says is not heard. */
  #number = 0;

  constructor(listeners: TrainingListeners) {
    this.#listeners = listeners;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Begins with new weights, and trains until so many updates are made, or to the end. */
  async start(settings: Settings, until: number): Promise<void> {
    if (this.#phase !== "idle") return;
    const number = ++this.#number;
    this.#enter("starting");
    await this.#heard(number, async () => {
      const report = await this.#agent({ begin: settings });
      if (number !== this.#number) return;
      this.#listeners.onReport(report);
      this.#enter("running");
      await this.#follow(number, until);
    });
  }

  /** Goes on until so many updates are made, or to the end. */
  async resume(until: number): Promise<void> {
    if (this.#phase !== "paused") return;
    const number = this.#number;
    this.#enter("running");
    await this.#heard(number, () => this.#follow(number, until));
  }

  /** Pauses after the stretch that is being trained. */
  pause(): void {
    if (this.#phase === "running") this.#enter("stopping");
  }

  /** Forgets the training. */
  reset(): void {
    this.#number++;
    this.#enter("idle");
  }

  async #follow(number: number, until: number): Promise<void> {
    while (this.#phase === "running") {
      const report = await this.#agent({ milliseconds: STRETCH, until });
      if (number !== this.#number) return;
      this.#listeners.onReport(report);
      if (report.finished) {
        this.#enter("idle");
        this.#listeners.onEnd();
      } else if (report.updates >= until) this.#enter("stopping");
    }
    if (this.#phase === "stopping") this.#enter("paused");
  }

  async #heard(number: number, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      if (number !== this.#number) return;
      this.reset();
      this.#listeners.onError(error);
    }
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#listeners.onPhase(phase);
  }
}
