// Which of several ways to make the same steps is the fastest, here and now. Short turns of each are compared, the winner is kept, and
// compared again later, since other work comes to a machine and goes. It is told how long steps took and has no clock of its own. It all
// concerns speed, never bits.

/** Says which way steps go. Ways are numbered, the one that takes least of the machine first. */
export interface Chooser {
  /** Of the next steps. */
  readonly way: number;
  /** Of all steps but those by which ways are compared. */
  readonly kept: number;
  /** Milliseconds of a step that way when it was last compared, NaN before. */
  milliseconds(way: number): number;
  /** From now on ways are compared, or anew, since they are not as they were. */
  begin(): void;
  /** So many steps went `way` in so many milliseconds. */
  took(steps: number, milliseconds: number): void;
}

/** Milliseconds of a turn, at least: steps on end that go one way. Long beside waking a thread, and beside what a browser's clock rounds to. */
const TURN = 3;

/** Rounds of a comparison at the most, one turn each way. Their medians count. */
const ROUNDS = 5;

/** A comparison ends early where in all of its rounds a way was so many times as fast as every other: after one round, or after more. */
const CLEAR_AT_ONCE = 3;
const CLEAR = 1.25;

/** The first of the ways that take at most 1 / TIE of the least time wins: a core that brings less is left to others. */
const TIE = 0.95;

/**
 * Milliseconds of steps from one comparison to the next: an interval, and at least what the last one lost in slower ways, times a caution.
 * Where the same way wins again, both are doubled, up to the last: soon a chance that misled is put right, later comparing costs next to
 * nothing. Another way that wins sets them back by a part.
 */
const SOON = 60;
const LATE = 4000;
const LEAST_CAUTION = 12;
const MOST_CAUTION = 64;
const SET_BACK = 4;

/**
 * A speed that is off by this factor for so many turns on end means another machine than was compared on: its ways are compared at once, but
 * for a caution of its own, which is doubled by each such comparison that was in vain.
 */
const STRANGE = 1.5;
const STRANGE_TURNS = 3;

export class Comparison implements Chooser {
  way: number;
  kept: number;
  readonly #ways: number;
  /** Of the turn under way. */
  #steps = 0;
  #time = 0;
  /** Rounds of the comparison under way that are over, -1 before the first one of all, which is for warming up; NaN while none is. */
  #round = Number.NaN;
  /** Turns of this round that are over. */
  #place = 0;
  /** Milliseconds of a step, by way and round. */
  readonly #times: Float64Array;
  /** Milliseconds that this comparison has spent each way. */
  readonly #spent: Float64Array;
  readonly #medians: Float64Array;
  /** Milliseconds of steps until the next comparison, and until one that something strange calls for. */
  #due = Number.POSITIVE_INFINITY;
  #rest = 0;
  #interval = SOON;
  #caution = LEAST_CAUTION;
  #strange = 0;
  #alarmed = false;
  #alarmCaution = LEAST_CAUTION;

  /** Of two ways or more; steps go the `first` one until they are compared. */
  constructor(ways: number, first: number) {
    this.#ways = ways;
    this.kept = first;
    this.way = first;
    this.#times = new Float64Array(ways * ROUNDS);
    this.#spent = new Float64Array(ways);
    this.#medians = new Float64Array(ways).fill(Number.NaN);
  }

  milliseconds(way: number): number {
    return this.#medians[way];
  }

  begin(): void {
    this.#compare(-1);
  }

  took(steps: number, milliseconds: number): void {
    this.#steps += steps;
    this.#time += milliseconds;
    if (this.#time < TURN) return;
    const each = this.#time / this.#steps;
    const time = this.#time;
    this.#steps = 0;
    this.#time = 0;
    if (Number.isNaN(this.#round)) this.#watch(each, time);
    else this.#note(each, time);
  }

  /** A turn of the way that is kept. */
  #watch(each: number, time: number): void {
    this.#due -= time;
    this.#rest -= time;
    const expected = this.#medians[this.kept];
    const isStrange = each > STRANGE * expected || each * STRANGE < expected;
    this.#strange = isStrange ? this.#strange + 1 : 0;
    this.#alarmed = this.#strange >= STRANGE_TURNS && this.#rest <= 0;
    if (this.#due <= 0 || this.#alarmed) this.#compare(0);
  }

  #compare(round: number): void {
    this.#steps = 0;
    this.#time = 0;
    this.#spent.fill(0);
    this.#round = round;
    this.#place = 0;
    this.#turn();
  }

  /** Every second round goes through the ways backwards (A B, B A, ...), so that none has the better moments, and switches are few. */
  #turn(): void {
    const place = this.#round % 2 === 0 ? this.#place : this.#ways - 1 - this.#place;
    this.way = (this.kept + place) % this.#ways;
  }

  /** A turn of a comparison. */
  #note(each: number, time: number): void {
    this.#spent[this.way] += time;
    if (this.#round >= 0) this.#times[this.way * ROUNDS + this.#round] = each;
    this.#place++;
    if (this.#place === this.#ways) {
      this.#place = 0;
      this.#round++;
      if (this.#round === ROUNDS || this.#isClear()) {
        this.#decide();
        return;
      }
    }
    this.#turn();
  }

  /** So far. */
  #timesOf(way: number): Float64Array {
    return this.#times.subarray(way * ROUNDS, way * ROUNDS + this.#round);
  }

  #isClear(): boolean {
    if (this.#round === 0) return false;
    const factor = this.#round === 1 ? CLEAR_AT_ONCE : CLEAR;
    const all = Array.from({ length: this.#ways }, (_, way) => this.#timesOf(way));
    return all.some((times) =>
      all.every((other) => other === times || Math.min(...other) > factor * Math.max(...times)),
    );
  }

  #decide(): void {
    const medians = this.#medians;
    for (let way = 0; way < this.#ways; way++) medians[way] = median(this.#timesOf(way));
    const least = Math.min(...medians);
    const winner = medians.findIndex((time) => TIE * time <= least);
    let lost = 0;
    this.#spent.forEach((time, way) => {
      lost += time * Math.max(0, 1 - medians[winner] / medians[way]);
    });
    const again = winner === this.kept;
    const factor = again ? 2 : 1 / SET_BACK;
    this.#interval = Math.min(LATE, Math.max(SOON, factor * this.#interval));
    this.#caution = Math.min(MOST_CAUTION, Math.max(LEAST_CAUTION, factor * this.#caution));
    if (!again) this.#alarmCaution = LEAST_CAUTION;
    else if (this.#alarmed) this.#alarmCaution = Math.min(MOST_CAUTION, 2 * this.#alarmCaution);
    this.#due = Math.max(this.#interval, this.#caution * lost);
    this.#rest = this.#alarmCaution * lost;
    this.#strange = 0;
    this.#round = Number.NaN;
    this.kept = winner;
    this.way = winner;
  }
}

/** Sorts them. */
function median(times: Float64Array): number {
  times.sort();
  return (times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2;
}
