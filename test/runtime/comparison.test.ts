// Comparing ways by the time that steps take: times come from tables, no clock is asked.
import { describe, expect, test } from "vitest";
import { Comparison } from "../../src/runtime/wasm/comparison.ts";
import { numbers } from "../random.ts";

/** Milliseconds of a step that way, so many milliseconds after the beginning. */
type Machine = (way: number, now: number) => number;

/** Makes steps, in calls of about a millisecond, and keeps account of how long they took. */
class Steps {
  readonly comparison: Comparison;
  readonly #machine: Machine;
  now = 0;
  /** Steps and milliseconds by way. */
  readonly steps: number[];
  readonly times: number[];

  constructor(machine: Machine, { ways = 2, first = 1, begins = true } = {}) {
    this.comparison = new Comparison(ways, first);
    this.#machine = machine;
    this.steps = Array(ways).fill(0);
    this.times = Array(ways).fill(0);
    if (begins) this.comparison.begin();
  }

  /** For so many milliseconds. */
  make(milliseconds: number): this {
    const end = this.now + milliseconds;
    while (this.now < end) {
      const { way } = this.comparison;
      const each = this.#machine(way, this.now);
      const count = Math.max(1, Math.round(1 / each));
      this.comparison.took(count, count * each);
      this.now += count * each;
      this.steps[way] += count;
      this.times[way] += count * each;
    }
    return this;
  }

  /** Part of the steps that the fastest way would have made in this time. */
  share(least: number): number {
    return (this.steps.reduce((sum, count) => sum + count, 0) * least) / this.now;
  }
}

describe("a comparison", () => {
  test("keeps the first way until it begins, however slow it is", () => {
    const steps = new Steps((way) => [0.1, 5][way], { begins: false }).make(1000);
    expect(steps.steps[0]).toBe(0);
    expect(steps.comparison.milliseconds(1)).toBeNaN();
  });

  test.each([
    [0.149, 0.319, 0],
    [0.319, 0.149, 1],
    [1.706, 2.711, 0],
    [40, 22, 1],
    [40, 400, 0],
    [1, 1.001, 0],
    [1, 0.98, 0],
    [1, 0.94, 1],
    [0.001, 0.0005, 1],
  ])("of ways that take %f and %f keeps number %i, and knows both times", (alone, team, winner) => {
    for (const first of [0, 1]) {
      const steps = new Steps((way) => [alone, team][way], { first });
      steps.make(20 * (4 + alone + team));
      expect(steps.comparison.kept).toBe(winner);
      expect(steps.comparison.milliseconds(0)).toBeCloseTo(alone, 9);
      expect(steps.comparison.milliseconds(1)).toBeCloseTo(team, 9);
    }
  });

  test("of three ways keeps the fastest, or one that takes less of the machine and is as good", () => {
    for (const [times, winner] of [
      [[3, 1, 2], 1],
      [[3, 2, 1], 2],
      [[1, 2, 3], 0],
      [[3, 1.04, 1], 1],
      [[1.04, 1.02, 1], 0],
    ] as const)
      expect(new Steps((way) => times[way], { ways: 3 }).make(200).comparison.kept).toBe(winner);
  });

  test.each([
    [0.149, 0.319, 0.995],
    [0.319, 0.149, 0.995],
    [1, 1.3, 0.995],
    [1, 50, 0.98],
    [30, 55, 0.98],
    [55, 30, 0.98],
    [10, 2000, 0.85], // two steps of the slower way are the least that tells it
  ])(
    "of ways that take %f and %f makes %f of the better one's steps in a minute, then less than one of 50 fewer",
    (alone, team, share) => {
      const times = [alone, team];
      const steps = new Steps((way) => times[way]).make(60_000);
      expect(steps.share(Math.min(...times))).toBeGreaterThan(share);
      const before = steps.steps[0] + steps.steps[1];
      steps.make(540_000);
      const made = steps.steps[0] + steps.steps[1] - before;
      expect((made * Math.min(...times)) / 540_000).toBeGreaterThan(0.98);
    },
  );

  test("looks again less and less often, though never later than after four seconds", () => {
    const steps = new Steps((way) => [1, 1.5][way], { first: 0 });
    const begins: number[] = [];
    let before = 0;
    while (steps.now < 30_000) {
      steps.make(0.5);
      if (steps.comparison.way !== before && steps.comparison.way === 1 && steps.now - (begins.at(-1) ?? -100) > 60)
        begins.push(steps.now);
      before = steps.comparison.way;
    }
    const gaps = begins.slice(1).map((time, i) => time - begins[i]);
    expect(gaps.length).toBeGreaterThan(7);
    expect(gaps[0]).toBeLessThan(200);
    for (const gap of gaps) expect(gap).toBeLessThan(4200);
    expect(gaps.at(-1)).toBeGreaterThan(3900);
  });

  test("finds the team again when a neighbour has gone", () => {
    const steps = new Steps((way, now) => (way === 0 ? 1 : now < 5000 ? 3 : 0.6));
    expect(steps.make(4900).comparison.kept).toBe(0);
    expect(steps.make(5000).comparison.kept).toBe(1);
  });

  test("looks at once when the kept way is much slower than it was, or much faster", () => {
    for (const [early, late] of [
      [
        [1, 0.6],
        [1, 2],
      ],
      [
        [1, 2],
        [0.4, 0.25],
      ],
    ] as const) {
      const steps = new Steps((way, now) => (now < 20_000 ? early : late)[way]).make(20_000);
      const before = steps.comparison.kept;
      steps.make(100);
      expect(steps.comparison.kept).toBe(1 - before);
    }
  });

  test("is not alarmed by single slow turns, and seldom by speeds that change without end", () => {
    let calls = 0;
    const spiky = new Steps((way) => (calls++ % 40 === 0 ? 30 : [1, 0.6][way])).make(60_000);
    expect(spiky.comparison.kept).toBe(1);
    expect(spiky.times[0]).toBeLessThan(0.02 * spiky.now);
    const moody = new Steps((way, now) => [1, 0.6][way] * (Math.floor(now / 300) % 2 === 0 ? 1 : 2)).make(60_000);
    expect(moody.comparison.kept).toBe(1);
    expect(moody.times[0]).toBeLessThan(moody.now / 32);
  });

  test("finds the better of two noisy ways at first mostly, and soon nearly always", () => {
    const random = numbers(7);
    const right = [0, 0];
    let [spent, all] = [0, 0];
    for (let round = 0; round < 200; round++) {
      // Now and then a call is interrupted for the slice of another process.
      const noise = () => 0.9 + random() / 5 + (random() < 0.05 ? 4 : 0);
      const steps = new Steps((way) => [1, 0.7][way] * noise());
      for (const look of [0, 1]) if (steps.make([100, 10_000][look]).comparison.kept === 1) right[look]++;
      spent += steps.times[1];
      all += steps.now;
    }
    expect(spent).toBeGreaterThan(0.9 * all);
    expect(right[0]).toBeGreaterThan(170);
    expect(right[1]).toBeGreaterThan(180);
  });

  test("is served by a clock of whole milliseconds", () => {
    for (const [times, winner] of [
      [[0.149, 0.319], 0],
      [[0.319, 0.149], 1],
    ] as const) {
      const comparison = new Comparison(2, 1);
      comparison.begin();
      for (let now = 0; now < 2000; ) {
        const after = now + 8 * times[comparison.way];
        comparison.took(8, Math.floor(after) - Math.floor(now));
        now = after;
      }
      expect(comparison.kept).toBe(winner);
    }
  });
});
