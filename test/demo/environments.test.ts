// The environments of the scripts: episodes by Newton's laws (golden/make-environments.py), and the rules of Connect Four.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CARTPOLE_LIMIT, CartPole } from "../../demo/node/environments/cartpole.ts";
import { COLUMNS, ConnectFour, minimaxValues, OBSERVED, ROWS } from "../../demo/node/environments/connect-four.ts";
import { Random } from "../../demo/node/environments/environment.ts";
import { PENDULUM_LIMIT, Pendulum } from "../../demo/node/environments/pendulum.ts";

interface Row {
  readonly action: number;
  readonly state: readonly number[];
  readonly reward: number;
  readonly terminated: boolean;
}

type Golden = Readonly<Record<"cartpole" | "pendulum", readonly { readonly start: number[]; readonly rows: Row[] }[]>>;

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/environments.json", import.meta.url), "utf8"));

/** Float64 on both sides, and a few roundings a step: 1e-10 after 60 of them. */
function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  for (const [i, value] of expected.entries())
    expect(Math.abs(actual[i] - value)).toBeLessThan(1e-10 * Math.max(1, Math.abs(value)));
}

test.each(golden.cartpole)("CartPole moves as Newton says, from $start", ({ start, rows }) => {
  const pole = new CartPole();
  pole.reset(new Random(0));
  pole.state.set(start);
  for (const { action, state, reward, terminated } of rows) {
    expect(pole.step(action)).toEqual({ reward, terminated, truncated: false });
    expectClose(pole.state, state);
  }
  expect(rows.length).toBeGreaterThan(3);
});

test("one of these episodes ends by the angle, and one at the edge", () => {
  const last = golden.cartpole.map(({ rows }) => rows[rows.length - 1]).filter(({ terminated }) => terminated);
  expect(last.some(({ state }) => Math.abs(state[2]) > Math.PI / 15)).toBe(true);
  expect(last.some(({ state }) => Math.abs(state[0]) > 2.4)).toBe(true);
});

test.each(golden.pendulum)("Pendulum moves as Newton says, from $start", ({ start, rows }) => {
  const pendulum = new Pendulum();
  pendulum.reset(new Random(0));
  [pendulum.angle, pendulum.speed] = start;
  for (const { action, state, reward } of rows) {
    const outcome = pendulum.step(action);
    expect(outcome).toMatchObject({ terminated: false, truncated: false });
    expectClose([outcome.reward, pendulum.angle, pendulum.speed], [reward, ...state]);
    const seen = new Float32Array(5);
    pendulum.observe(seen, 1);
    expect(Array.from(seen)).toEqual([
      0,
      ...[Math.cos(pendulum.angle), Math.sin(pendulum.angle), pendulum.speed].map(Math.fround),
      0,
    ]);
  }
});

test("episodes begin as the seed says, within their bounds, and end when their time is up", () => {
  const [pole, pendulum] = [new CartPole(), new Pendulum()];
  const began = [0, 0, 1].map((seed) => {
    pole.reset(new Random(seed));
    return [...pole.state];
  });
  expect(began[1]).toEqual(began[0]);
  expect(began[2]).not.toEqual(began[0]);
  expect(Math.max(...began.flat().map(Math.abs))).toBeLessThanOrEqual(0.05);
  for (let step = 1; step <= CARTPOLE_LIMIT; step++) {
    pole.state.fill(0); // it does not fall
    expect(pole.step(step % 2)).toEqual({ reward: 1, terminated: false, truncated: step === CARTPOLE_LIMIT });
  }
  pendulum.reset(new Random(0));
  expect(Math.abs(pendulum.angle)).toBeLessThanOrEqual(Math.PI);
  expect(Math.abs(pendulum.speed)).toBeLessThanOrEqual(1);
  for (let step = 1; step <= PENDULUM_LIMIT; step++) expect(pendulum.step(1).truncated).toBe(step === PENDULUM_LIMIT);
});

describe("random numbers", () => {
  test("have the mean and deviation that they should", () => {
    const random = new Random(3);
    const draws = (draw: () => number) => Array.from({ length: 20_000 }, draw);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value) / values.length;
    // Five deviations of a mean of 20,000.
    const uniform = draws(() => random.uniform());
    expect(Math.abs(mean(uniform) - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 20_000));
    const normal = draws(() => random.normal());
    expect(Math.abs(mean(normal))).toBeLessThan(5 / Math.sqrt(20_000));
    expect(Math.abs(mean(normal.map((value) => value ** 2)) - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000));
    const twos = draws(() => random.choice([9, 0.2, 0.3, 0.5], 1, 3)).filter((choice) => choice === 2);
    expect(Math.abs(twos.length / 20_000 - 0.5)).toBeLessThan(5 * Math.sqrt(0.25 / 20_000));
    expect(Math.max(...draws(() => random.below(6)))).toBe(5);
    expect([...random.order(50)].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
  });
});

/** A game after these columns. */
function played(columns: readonly number[]): ConnectFour {
  const game = new ConnectFour();
  for (const column of columns) game.play(column);
  return game;
}

/** What minimax says, with one zero only. */
function sure(columns: readonly number[], depth: number): (number | undefined)[] {
  return minimaxValues(played(columns), depth).map((value) => (value === undefined ? undefined : value + 0));
}

/** Who has four in a line, looked for everywhere in what is seen. */
function winnerSeen(game: ConnectFour): number {
  const seen = new Float32Array(OBSERVED);
  game.observe(seen, 0);
  const at = (plane: number, x: number, y: number) =>
    x < 0 || x >= COLUMNS || y < 0 || y >= ROWS ? 0 : seen[plane * COLUMNS * ROWS + x * ROWS + y];
  for (const plane of [0, 1])
    for (let x = 0; x < COLUMNS; x++)
      for (let y = 0; y < ROWS; y++)
        for (const [right, up] of [
          [1, 0],
          [0, 1],
          [1, 1],
          [1, -1],
        ])
          if ([0, 1, 2, 3].every((i) => at(plane, x + i * right, y + i * up) === 1))
            return plane === 0 ? game.turn : -game.turn;
  return 0;
}

describe("Connect Four", () => {
  test.each([
    ["upright", [0, 1, 0, 1, 0, 1, 0], 1],
    ["level, by the second", [6, 0, 6, 1, 6, 2, 5, 3], -1],
    ["aslant upwards", [0, 1, 1, 2, 2, 3, 2, 3, 3, 6, 3], 1],
    ["aslant downwards", [6, 5, 5, 4, 4, 3, 4, 3, 3, 0, 3], 1],
  ])("four in a line win: %s", (_, columns, winner) => {
    expect(played(columns.slice(0, -1)).over).toBe(false);
    expect(played(columns)).toMatchObject({ winner, over: true });
  });

  test("whoever wins is found as by a look at all lines, moves are taken back, and full boards are draws", () => {
    const random = new Random(5);
    let [draws, wins] = [0, 0];
    for (let round = 0; round < 400; round++) {
      const game = new ConnectFour();
      const before: Float32Array[] = [];
      while (!game.over) {
        const seen = new Float32Array(OBSERVED);
        game.observe(seen, 0);
        before.push(seen);
        let column = random.below(COLUMNS);
        while (!game.canPlay(column)) column = random.below(COLUMNS);
        game.play(column);
        expect(game.winner).toBe(winnerSeen(game));
      }
      if (game.winner === 0) draws++;
      else wins++;
      expect(before.length).toBe(game.made);
      for (const expected of before.reverse()) {
        game.undo();
        const seen = new Float32Array(OBSERVED);
        game.observe(seen, 0);
        expect(seen).toEqual(expected);
        expect(game.over).toBe(false);
      }
      expect(game.turn).toBe(1);
    }
    expect(draws).toBeGreaterThan(0);
    expect(wins).toBeGreaterThan(300);
  });

  test("a mirrored board is what the mirrored moves make", () => {
    const columns = [0, 1, 1, 5, 6, 3];
    const [mirrored, other] = [new Float32Array(OBSERVED), new Float32Array(OBSERVED)];
    played(columns).observe(mirrored, 0, true);
    played(columns.map((column) => COLUMNS - 1 - column)).observe(other, 0);
    expect(mirrored).toEqual(other);
  });

  test("minimax wins where it can, and prevents what it can", () => {
    expect(sure([0, 1, 0, 1, 0, 1], 1)).toEqual([1, 0, 0, 0, 0, 0, 0]);
    // The second has three upright: every other column loses.
    expect(sure([6, 1, 5, 1, 6, 1], 2)).toEqual([-1, 0, -1, -1, -1, -1, -1]);
    // Three in the middle, both ends free: lost two moves ahead, wherever.
    expect(sure([2, 6, 3, 6, 4], 2).every((value) => value === -1)).toBe(true);
    expect(sure([0, 0, 0, 0, 0, 0], 2)[0]).toBeUndefined();
  });
});
