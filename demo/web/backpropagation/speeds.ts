// How fast the page plays.

export type Speed = "phase" | "update" | "fast";

export interface Pace {
  readonly name: string;
  /** Whether it goes from update to update, and not through all moments of each. */
  readonly whole: boolean;
  /** From one to the next, in milliseconds; 0: as soon as the screen shows it. */
  readonly pause: number;
}

export const speeds: Readonly<Record<Speed, Pace>> = {
  phase: { name: "Step by step", whole: false, pause: 1400 },
  update: { name: "Every update", whole: true, pause: 500 },
  fast: { name: "Fast", whole: true, pause: 0 },
};
