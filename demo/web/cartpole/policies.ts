// Networks as they were at points of the training, few enough to be kept, so that one can look back.
import type { Mind } from "./mind.ts";

export interface Policy {
  /** Episodes that it had learned from. */
  readonly episodes: number;
  readonly mind: Mind;
}

export class Policies {
  readonly #limit: number;
  #all: Policy[] = [];
  /** Of so many that come one is kept. */
  #each = 1;
  #come = 0;
  #latest: Policy | undefined;

  constructor(limit = 200) {
    this.#limit = limit;
  }

  /** Those that are kept, and the latest. */
  get all(): readonly Policy[] {
    const { length } = this.#all;
    const isKept = this.#latest === undefined || this.#all[length - 1] === this.#latest;
    return isKept ? this.#all : [...this.#all, this.#latest as Policy];
  }

  add(policy: Policy): void {
    this.#latest = policy;
    if (this.#come++ % this.#each !== 0) return;
    this.#all.push(policy);
    if (this.#all.length <= this.#limit) return;
    this.#all = this.#all.filter((_, i) => i % 2 === 0);
    this.#each *= 2;
  }

  clear(): void {
    this.#all = [];
    this.#each = 1;
    this.#come = 0;
    this.#latest = undefined;
  }
}
