// What was done to a network from its first weights on: enough to do it again.
import type { Drawing } from "./drawings.ts";
import { sameNetwork } from "./model.ts";
import { type Settings, sameTraining } from "./settings.ts";

/** The digits that steps are made on: every so many-th of those that were chosen, and the first of the drawings. */
export interface Rows {
  readonly every: number;
  readonly drawings: number;
}

/** Where a model was loaded from. */
export interface Source {
  /** The file of its weights: for one that the browser keeps, what the page saves them as. */
  readonly file: string;
  /** What the browser keeps it as. */
  readonly kept?: string;
}

export type Deed =
  /** It begins: with random weights, or with those of a file. */
  | { readonly kind: "begin"; readonly settings: Settings; readonly source?: Source }
  /** It goes on under other settings; `whole` with the optimizer's state, too. */
  | { readonly kind: "settings"; readonly settings: Settings; readonly whole: boolean }
  | { readonly kind: "rate"; readonly rate: number }
  | { readonly kind: "steps"; readonly steps: number; readonly rows: Rows };

export class Journal {
  #deeds: readonly Deed[] = [];
  #drawings: readonly Drawing[] = [];

  get deeds(): readonly Deed[] {
    return this.#deeds;
  }

  get drawings(): readonly Drawing[] {
    return this.#drawings;
  }

  /** Steps made so far. */
  get steps(): number {
    return this.#deeds.reduce((sum, deed) => sum + (deed.kind === "steps" ? deed.steps : 0), 0);
  }

  /** Whether whoever begins with the same settings comes to the same weights by making as many steps. */
  get isPlain(): boolean {
    const [begin, ...others] = this.#deeds;
    if (begin === undefined) return true;
    return (
      begin.kind === "begin" &&
      begin.source === undefined &&
      others.every(({ kind }) => kind === "steps") &&
      this.#drawings.length === 0
    );
  }

  begin(settings: Settings, source?: Source): void {
    this.#deeds = [{ kind: "begin", settings, source }];
    this.#drawings = [];
  }

  /** Other settings from here on. What changes no number is left out. */
  settings(settings: Settings, before: Settings): void {
    const whole = sameTraining(settings, before);
    if (!whole || engineOf(settings) !== engineOf(before)) this.#add({ kind: "settings", settings, whole });
    if (whole && settings.learningRate !== before.learningRate) this.rate(settings.learningRate);
  }

  rate(rate: number): void {
    if (this.#deeds.at(-1)?.kind === "rate") this.#deeds = this.#deeds.slice(0, -1);
    this.#add({ kind: "rate", rate });
  }

  made(steps: number, rows: Rows): void {
    if (steps === 0) return;
    const last = this.#deeds.at(-1);
    if (last?.kind !== "steps" || last.rows.every !== rows.every || last.rows.drawings !== rows.drawings) {
      this.#add({ kind: "steps", steps, rows });
      return;
    }
    this.#deeds = this.#deeds.slice(0, -1);
    this.#add({ ...last, steps: last.steps + steps });
  }

  draw(drawing: Drawing): void {
    this.#drawings = [...this.#drawings, drawing];
  }

  /** Remembers this place, and gives the way back to it. */
  mark(): () => void {
    const [deeds, drawings] = [this.#deeds, this.#drawings];
    return () => {
      this.#deeds = deeds;
      this.#drawings = drawings;
    };
  }

  #add(deed: Deed): void {
    this.#deeds = [...this.#deeds, deed];
  }
}

/** What makes the numbers: executors of one kind make the same ones, wherever they are. */
export function engineOf({ place, build }: Settings): "js" | Settings["build"] {
  return place === "js" ? "js" : build;
}

/** Whether trainings under both, from their beginning on, come to the same numbers. */
export function sameNumbers(a: Settings, b: Settings): boolean {
  return sameNetwork(a, b) && sameTraining(a, b) && a.learningRate === b.learningRate && engineOf(a) === engineOf(b);
}
