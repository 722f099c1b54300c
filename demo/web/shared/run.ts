// A training as a page sees it: at rest, starting, running, paused, stopping. It follows one fit after the other and tells what happens.
import type { Report } from "simdgrad";

export type Phase = "idle" | "starting" | "running" | "paused" | "stopping";

/** A fit, or what goes on like one. */
export interface Followed<R = Report> extends AsyncIterable<R> {
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

/** What is told of it at the least. */
type Progress = Pick<Report, "step" | "totalSteps">;

export interface RunListeners<R extends Progress = Report> {
  readonly onPhase: (phase: Phase) => void;
  readonly onReport: (report: R) => void;
  /** Once a fit has ended; `finished` where all its epochs are done. */
  readonly onEnd: (finished: boolean) => void;
  readonly onError: (error: unknown) => void;
}

export class Run<R extends Progress = Report> {
  readonly #listeners: RunListeners<R>;
  #phase: Phase = "idle";
  #fit: Followed<R> | undefined;
  #following: Promise<void> = Promise.resolve();

  constructor(listeners: RunListeners<R>) {
    this.#listeners = listeners;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Prepares a fit and follows it to its end; does nothing while another one is under way. */
  async start(prepare: () => Promise<() => Followed<R>>): Promise<void> {
    if (this.#phase !== "idle") return;
    this.#following = this.#follow(prepare);
    await this.#following;
  }

  async #follow(prepare: () => Promise<() => Followed<R>>): Promise<void> {
    this.#enter("starting");
    let last: R | undefined;
    try {
      // A fit that is awaited trains to its end: what prepares it gives the way to begin it.
      const begin = await prepare();
      const fit = begin();
      this.#fit = fit;
      // One that was stopped before it began makes no step.
      if (this.phase === "stopping") await fit.stop();
      for await (const report of fit) {
        last = report;
        if (this.phase === "starting") this.#enter("running");
        this.#listeners.onReport(report);
      }
      this.#rest();
      this.#listeners.onEnd(last !== undefined && last.step >= last.totalSteps);
    } catch (error) {
      this.#rest();
      this.#listeners.onError(error);
    }
  }

  /** No step is made from its end to resume(). */
  async pause(): Promise<void> {
    if (this.#phase !== "running") return;
    this.#enter("paused");
    await this.#fit?.pause();
  }

  resume(): void {
    if (this.#phase !== "paused") return;
    this.#fit?.resume();
    this.#enter("running");
  }

  /** Resolves at rest, when all has been told. */
  async stop(): Promise<void> {
    if (this.#phase === "idle") return;
    this.#enter("stopping");
    await this.#fit?.stop().catch(() => undefined); // told by the one who follows it
    await this.#following;
  }

  #rest(): void {
    this.#fit = undefined;
    this.#enter("idle");
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#listeners.onPhase(phase);
  }
}
