// npm run cartpole: a pole is kept upright by three agents that learn in three ways: REINFORCE with a baseline, DQN and PPO. All of their
// programs are compiled once, and share their weights on the executor.
import { CARTPOLE_LIMIT, CartPole } from "./environments/cartpole.ts";
import { Random } from "./environments/environment.ts";
import { type Learn, learned } from "./reinforcement/cartpole-agents.ts";
import { dqn } from "./reinforcement/dqn.ts";
import { episodeReturns, mean } from "./reinforcement/episodes.ts";
import { ppo } from "./reinforcement/ppo.ts";
import { reinforce } from "./reinforcement/reinforce.ts";
import { script } from "./script.ts";

const WAYS = { REINFORCE: reinforce, DQN: dqn, PPO: ppo } satisfies Record<string, Learn>;
type Way = keyof typeof WAYS;

await script({
  name: "cartpole",
  about: "A pole kept upright by REINFORCE with a baseline, DQN and PPO.",
  metric: `mean return of ${CARTPOLE_LIMIT} of the best of the three, greedy`,
  options: {
    way: { about: `${Object.keys(WAYS).join(", ")} or all`, value: "all" },
    reinforce: { about: "environment steps of REINFORCE", value: "150000" },
    dqn: { about: "environment steps of DQN", value: "120000" },
    ppo: { about: "environment steps of PPO", value: "100000" },
    episodes: { about: "that each is judged by", value: "100" },
    threads: { about: 'a number, or "auto": one is enough for networks as small as these', value: "1" },
  },
  async run({ seed, executor, options, whole, say, progress }) {
    const judged = whole("episodes");
    const ways = Object.keys(WAYS).filter((way) => options.way === "all" || options.way === way) as Way[];
    if (ways.length === 0) throw new Error(`--way ${options.way}: there are ${Object.keys(WAYS).join(", ")} and all`);
    const more: Record<string, number> = {};
    const means: number[] = [];
    for (const way of ways) {
      const steps = whole(way.toLowerCase() as Lowercase<Way>);
      const began = performance.now();
      const tell = (made: number, lately: number) =>
        progress.draw(made / steps, `${way}: ${made} steps, return ${lately.toFixed(1)}`);
      const { returns, steps: made } = await learned(WAYS[way], { executor, seed, steps }, judged, tell);
      const seconds = (performance.now() - began) / 1000;
      const value = mean(returns);
      const worst = Math.min(...returns);
      say(
        `${way}: mean return ${value.toFixed(1)}, the worst ${worst}, after ${made} steps in ${seconds.toFixed(1)} s`,
      );
      means.push(value);
      Object.assign(more, { [`${way} mean`]: value, [`${way} worst`]: worst, [`${way} seconds`]: seconds });
    }
    const random = new Random(seed);
    const environments = Array.from({ length: judged }, () => new CartPole());
    const baseline = mean(await episodeReturns(environments, () => environments.map(() => random.below(2)), seed));
    return { value: Math.max(...means), baseline, more };
  },
});
