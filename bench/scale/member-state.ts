// What a simulated member knows.
import { Line } from "./events.ts";
import type { Nature } from "./plan.ts";

/** A member, as its variables stand in src/nats/distribution.ts and run.ts. */
export class Member {
  readonly place: number;
  readonly nature: Nature;
  readonly up: Line;
  readonly down: Line;
  readonly work = new Line(1);
  readonly bytes = { up: 0, down: 0 };
  /** Round that it is in step with. */
  anchor = -1;
  /** Round that it has heard of as closed by asking. */
  read = -1;
  /** Whose changes of the round under way it fetches, and whether it has them; for whose it waits. */
  fetching = new Map<number, boolean>();
  awaited = new Set<number>();
  closing: readonly number[] | undefined;
  readonly followed = new Set<number>();
  readonly gave = new Set<number>();
  /** When it came, and whether it is there, as the server knows. */
  since = Number.POSITIVE_INFINITY;
  present = false;
  gone = false;
  contribution = -1;
  // While it waits for a round:
  waiting = -1;
  start = 0;
  looked = Number.NEGATIVE_INFINITY;
  pause = 0;
  /** Those that were alive when it looked and of whom nothing was heard; when the last of them was heard. */
  missing = 1;
  snapshot = 0;
  heardBy = 0;
  complete: number | undefined;
  /** While it sleeps: since the latest news, for how long, and when something wakes it. */
  sleeping = false;
  slept = 0;
  interval = 0;
  wakes = Number.POSITIVE_INFINITY;
  /** Counts its sleeps, so that what was to wake it from one does not end another. */
  turn = 0;
  goOn = () => {};

  constructor(place: number, nature: Nature) {
    this.place = place;
    this.nature = nature;
    this.up = new Line(nature.up);
    this.down = new Line(nature.down);
  }
}
