// What the scripts of reinforcement learning are made of, and short runs of them.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { CartPole } from "../../demo/node/environments/cartpole.ts";
import { COLUMNS, ConnectFour, OBSERVED } from "../../demo/node/environments/connect-four.ts";
import { Random } from "../../demo/node/environments/environment.ts";
import { Pendulum } from "../../demo/node/environments/pendulum.ts";
import { agentOf } from "../../demo/node/reinforcement/agent.ts";
import { learned } from "../../demo/node/reinforcement/cartpole-agents.ts";
import { dqn } from "../../demo/node/reinforcement/dqn.ts";
import { episodeReturns, Lately, largest, mean } from "../../demo/node/reinforcement/episodes.ts";
import { copied, followed } from "../../demo/node/reinforcement/networks.ts";
import { ppo } from "../../demo/node/reinforcement/ppo.ts";
import { reinforce } from "../../demo/node/reinforcement/reinforce.ts";
import { ReplayBuffer } from "../../demo/node/reinforcement/replay.ts";
import { advantages, discountedReturns, standardize } from "../../demo/node/reinforcement/returns.ts";
import { softActorCritic } from "../../demo/node/reinforcement/sac.ts";
import { mostTried, selfPlay } from "../../demo/node/reinforcement/self-play.ts";
import { TreeSearch } from "../../demo/node/reinforcement/tree-search.ts";
import { DisposedError, JsExecutor, Variable, WasmExecutor } from "../../src/index.ts";

test("returns are discounted to the end of each episode", () => {
  const steps = { rewards: [1, 1, 1, 2], ends: [0, 1, 0, 0] };
  expect([...discountedReturns(steps, 0.5)]).toEqual([1.5, 1, 2, 2]);
  expect([...discountedReturns(steps, 1)]).toEqual([2, 1, 3, 2]);
});

test("advantages are sums of surprises, and of returns where nothing decays", () => {
  // Surprises: 1 + 0.5 * 1 - 0.5 = 1; 2 + 0 - 1 = 1; cut off: 3 + 0.5 * 4 - 2 = 3.
  const judged = { rewards: [1, 2, 3], ends: [0, 1, 1], values: [0.5, 1, 2], nextValues: [1, 0, 4] };
  expect([...advantages(judged, 0.5, 0.5)]).toEqual([1.25, 1, 3]);
  expect([...advantages(judged, 0.5, 0)]).toEqual([1, 1, 3]);
  const returns = discountedReturns({ rewards: [1, 2, 3 + 0.5 * 4], ends: [0, 1, 1] }, 0.5);
  expect([...advantages(judged, 0.5, 1)]).toEqual([...returns].map((value, i) => value - judged.values[i]));
});

test("standardized numbers have mean 0 and deviation 1", () => {
  const numbers = Float32Array.of(1, 2, 3, 6);
  standardize(numbers);
  // Mean 3, variance 3.5.
  for (const [i, value] of [-2, -1, 0, 3].entries()) expect(numbers[i]).toBeCloseTo(value / Math.sqrt(3.5), 6);
});

test("a memory forgets its oldest rows, and draws whole rows", () => {
  const memory = new ReplayBuffer(4, { state: 2, reward: 1 });
  const draw = memory.sampler(64);
  memory.add({ state: [0, 0], reward: [0] });
  expect(memory.size).toBe(1);
  expect(new Set(draw(new Random(0)).state)).toEqual(new Set([0]));
  for (let row = 1; row < 7; row++) memory.add({ state: [row, 10 * row], reward: [-row] });
  expect(memory.size).toBe(4);
  const { state, reward } = draw(new Random(0));
  expect(new Set(reward)).toEqual(new Set([-3, -4, -5, -6]));
  for (let row = 0; row < 64; row++)
    expect([state[2 * row], state[2 * row + 1]]).toEqual([-reward[row], -10 * reward[row]]);
});

test("episodes of several environments end one by one", async () => {
  const poles = Array.from({ length: 5 }, () => new CartPole());
  const seeds = await episodeReturns(poles, () => [1, 1, 0, 0, 1], 3);
  expect(Math.max(...seeds)).toBeLessThan(13); // always to one side: it falls within a quarter of a second
  expect(Math.min(...seeds)).toBeGreaterThan(7);
  const alone = await episodeReturns([new CartPole()], () => [0], 5);
  expect(seeds[2]).toBe(alone[0]);
  expect(largest([1, 3, 2, 5, 4, 0], 3)).toEqual([1, 0]);
  const lately = new Lately();
  expect(lately.mean).toBe(0);
  for (let value = 1; value <= 30; value++) lately.add(value);
  expect(lately.mean).toBe(mean([11, 30]));
});

test("targets begin where the weights are, and follow what an update makes of them", async () => {
  const [weights, targets] = [[new Variable([2], [1, 2])], [new Variable([2], [0, 0])]];
  const updates = [[weights[0], weights[0].add(10)]] as const;
  const executor = new JsExecutor();
  const { calls, end } = await agentOf(
    executor,
    0,
    { weights, targets },
    {
      start: { assignments: copied(targets, weights) },
      learn: { assignments: [...updates, ...followed(targets, weights, updates, 0.5)] },
    },
  );
  await calls.start();
  expect(await executor.read({ variable: targets[0].key })).toEqual(Float32Array.of(1, 2));
  await calls.learn();
  expect(await executor.read({ variable: targets[0].key })).toEqual(Float32Array.of(6, 7));
  await end();
  await expect(calls.learn()).rejects.toThrow(DisposedError);
});

test("a search without a clue finds wins and prevents losses, and leaves its games as they are", async () => {
  const clueless = async () => ({ logits: new Float32Array(3 * COLUMNS), value: new Float32Array(3) });
  const search = new TreeSearch(clueless, 3, 200);
  const games = [
    [0, 1, 0, 1, 0, 1],
    [6, 1, 5, 1, 6, 1],
    [3, 2, 3, 2, 3, 6, 3],
  ].map((columns) => {
    const game = new ConnectFour();
    for (const column of columns) game.play(column);
    return game;
  });
  const seen = () =>
    games.map((game) => {
      const numbers = new Float32Array(OBSERVED);
      game.observe(numbers, 0);
      return numbers;
    });
  const before = seen();
  const visits = await search.visits(games);
  expect(visits.slice(0, 2).map(mostTried)).toEqual([0, 1]);
  expect(visits[0].reduce((sum, count) => sum + count)).toBe(200);
  expect([...visits[2]]).toEqual(Array(COLUMNS).fill(0)); // it is over
  expect(seen()).toEqual(before);
  // The same games again, the same answer: nothing is left of the first search.
  expect(await search.visits(games)).toEqual(visits);
  expect(await search.visits(games, new Random(0))).not.toEqual(visits);
});

test.each([
  { name: "REINFORCE", learn: reinforce, steps: 15_000 },
  { name: "DQN", learn: dqn, steps: 8000 },
  { name: "PPO", learn: ppo, steps: 10_000 },
])(
  "$name balances a pole better than chance after a short training, and the same for a seed",
  async ({ learn, steps }) => {
    const executor = new WasmExecutor({ threads: 1 });
    const told: number[] = [];
    const judged = () => learned(learn, { executor, seed: 0, steps }, 10, (made) => void told.push(made));
    const { returns, steps: made } = await judged();
    expect(made).toBeGreaterThanOrEqual(steps);
    expect(told.length).toBeGreaterThan(3);
    expect(mean(returns)).toBeGreaterThan(60); // chance: 22
    expect((await judged()).returns).toEqual(returns);
    await executor.dispose();
  },
);

test("soft actor-critic swings a pendulum up better than chance after a short training", async () => {
  const executor = new WasmExecutor({ threads: 1 });
  const options = { executor, environment: new Pendulum(), scale: 2, seed: 0, steps: 4000, judged: 10, tell: () => {} };
  const { calls, end } = await softActorCritic(options);
  const pendulums = Array.from({ length: 10 }, () => new Pendulum());
  const policy = async (many: Float32Array) => (await calls.judge({ many })).action.map((value) => 2 * value);
  expect(mean(await episodeReturns(pendulums, policy, 99))).toBeGreaterThan(-700); // chance: -1200
  await end();
  await executor.dispose();
});

test("self-play ends games, and its loss falls", async () => {
  const executor = new WasmExecutor({ threads: 1 });
  const losses: number[] = [];
  let ended = 0;
  const tell = (_: number, games: number, loss: number) => {
    ended = games;
    if (!Number.isNaN(loss)) losses.push(loss);
  };
  let before = 0;
  const { end } = await selfPlay({ executor, seed: 0, rounds: 60, simulations: 8, judged: 1, tell }, async (judge) => {
    before = (await judge({ seen: new Float32Array(OBSERVED) })).logits.length;
  });
  expect(before).toBe(COLUMNS);
  expect(ended).toBeGreaterThan(64);
  const part = (from: number, to?: number) => mean(losses.slice(from, to));
  expect(part(-10)).toBeLessThan(part(0, 10));
  await end();
  await executor.dispose();
});

const root = fileURLToPath(new URL("../..", import.meta.url));

test.each([
  ["cartpole", ["--reinforce", "1000", "--dqn", "1200", "--ppo", "1024", "--episodes", "5"]],
  ["pendulum", ["--steps", "1100", "--episodes", "5"]],
  ["connect-four", ["--rounds", "20", "--simulations", "4", "--games", "10"]],
])("the script %s tells what it reached as JSON", async (name, options) => {
  const args = [`demo/node/${name}.ts`, "--json", "--seed", "1", "--threads", "1", ...options];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const told = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
  expect(told).toMatchObject({ name, seed: 1 });
  for (const key of ["value", "baseline", "seconds"]) expect(Number.isFinite(told[key])).toBe(true);
});
