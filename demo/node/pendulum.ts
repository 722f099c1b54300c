// npm run pendulum: a pendulum is swung up and held by an agent of continuous actions, soft actor-critic.
import { Random } from "./environments/environment.ts";
import { MOST_TORQUE, PENDULUM_LIMIT, Pendulum } from "./environments/pendulum.ts";
import { episodeReturns, mean } from "./reinforcement/episodes.ts";
import { softActorCritic } from "./reinforcement/sac.ts";
import { script } from "./script.ts";

/** Far from the seeds of trainings. */
const JUDGED_SEED = 1_000_000;

await script({
  name: "pendulum",
  about: "A pendulum swung up and held by soft actor-critic.",
  metric: `mean return of episodes of ${PENDULUM_LIMIT} steps`,
  options: {
    steps: { about: "of the environment", value: "20000" },
    episodes: { about: "that it is judged by", value: "100" },
    threads: { about: 'a number, or "auto": one is enough for networks as small as these', value: "1" },
  },
  async run({ seed, executor, whole, say, progress }) {
    const [steps, judged] = [whole("steps"), whole("episodes")];
    const began = performance.now();
    const { calls, end } = await softActorCritic({
      executor,
      environment: new Pendulum(),
      scale: MOST_TORQUE,
      seed,
      steps,
      judged,
      tell: (made, lately) => progress.draw(made / steps, `${made} steps, return ${lately.toFixed(1)}`),
    });
    const seconds = (performance.now() - began) / 1000;
    const environments = Array.from({ length: judged }, () => new Pendulum());
    const greedy = async (many: Float32Array) =>
      (await calls.judge({ many })).action.map((value) => MOST_TORQUE * value);
    const returns = await episodeReturns(environments, greedy, JUDGED_SEED);
    await end();
    const random = new Random(seed);
    const byChance = () => environments.map(() => random.between(-MOST_TORQUE, MOST_TORQUE));
    const baseline = mean(await episodeReturns(environments, byChance, JUDGED_SEED));
    const worst = Math.min(...returns);
    say(`after ${steps} steps in ${seconds.toFixed(1)} s; the worst of ${judged} episodes ${worst.toFixed(1)}`);
    return { value: mean(returns), baseline, seconds, more: { worst, steps } };
  },
});
