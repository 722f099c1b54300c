// The weights that the network had after each epoch, and the slider that goes back to them.
import { byId, say } from "../shared/dom.ts";
import type { Weights } from "./session.ts";

export interface Moment {
  /** Epochs that were done. */
  readonly epoch: number;
  readonly weights: Weights;
}

const MOST = 48e6; // bytes of weights that are kept

/** Moments in their order; where they would take too much memory, every second one goes. */
export class Moments {
  #all: Moment[] = [];
  /** Epochs from one that is kept to the next. */
  #each = 1;

  get all(): readonly Moment[] {
    return this.#all;
  }

  add(moment: Moment): void {
    if (moment.epoch % this.#each !== 0) return;
    this.#all.push(moment);
    if (this.#all.length * bytesOf(moment.weights) <= MOST) return;
    this.#each *= 2;
    this.#all = this.#all.filter(({ epoch }) => epoch % this.#each === 0);
  }

  clear(): void {
    this.#all = [];
    this.#each = 1;
  }
}

function bytesOf(weights: Weights): number {
  return Object.values(weights).reduce((sum, { data }) => sum + 4 * data.length, 0);
}

/** What a moment is called. */
export function nameOf({ epoch }: Moment): string {
  return epoch === 0 ? "before its training" : `after epoch ${epoch}`;
}

export class Replay {
  readonly #moments = new Moments();
  readonly #slider = byId("replay", HTMLInputElement);

  /** @param onMove told when another moment is looked at */
  constructor(onMove: () => void) {
    this.#slider.addEventListener("input", () => {
      this.#describe();
      onMove();
    });
    this.#describe();
  }

  /** The moment that is looked at; undefined: now. */
  get moment(): Moment | undefined {
    return this.#moments.all[Number(this.#slider.value)];
  }

  /** Keeps another moment. Whoever looks at now goes on to do so, and whoever looks back stays where they are. */
  add(moment: Moment): void {
    const looked = this.moment?.epoch;
    this.#moments.add(moment);
    this.#place(looked);
  }

  clear(): void {
    this.#moments.clear();
    this.#place(undefined);
  }

  /** Back from an earlier moment: something is done now. */
  toNow(): void {
    this.#place(undefined);
  }

  #place(epoch: number | undefined): void {
    const { all } = this.#moments;
    this.#slider.max = String(all.length);
    this.#slider.disabled = all.length === 0;
    const found = epoch === undefined ? -1 : all.findLastIndex((each) => each.epoch <= epoch);
    this.#slider.value = String(found < 0 ? all.length : found);
    this.#describe();
  }

  #describe(): void {
    const { moment } = this;
    const text = moment === undefined ? "now" : nameOf(moment);
    say(byId("replay-value"), text);
    this.#slider.ariaValueText = text;
  }
}
