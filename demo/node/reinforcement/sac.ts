// Soft actor-critic (Haarnoja et al. 2018): two critics that doubt one another, and an actor that is paid for staying undecided. One
// step of one program trains them all, sets what that is worth, has the targets follow, and draws the noise that it needs.
import {
  concat,
  type Executor,
  foldIn,
  grad,
  input,
  normal,
  randomKey,
  stopGradient,
  type Tensor,
  Variable,
} from "simdgrad";
import { relu, type Sequential, softplus } from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { type Environment, Random } from "../environments/environment.ts";
import { type Agent, agentOf } from "./agent.ts";
import { Lately } from "./episodes.ts";
import { copied, followed, perceptron, run, weightsOf } from "./networks.ts";
import { ReplayBuffer } from "./replay.ts";

const DISCOUNT = 0.99;
const BATCH = 128;
const HIDDEN = [64, 64];
const RATE = 2e-3;
/** The share of the way that targets go at each step. */
const FOLLOWED = 0.01;
/** Steps by chance before the first that is learned from. */
const BEFORE = 1000;

/** How an agent of one continuous action learns. */
export interface Learning {
  readonly executor: Executor;
  readonly environment: Environment;
  /** Actions of the environment are -scale to scale. */
  readonly scale: number;
  readonly seed: number;
  /** Steps of the environment, and of learning. */
  readonly steps: number;
  /** Rows of `judge`. */
  readonly judged: number;
  /** Told after each episode: how many steps there were, and the mean return of the last episodes. */
  readonly tell: (steps: number, lately: number) => void;
}

/** Actions of -1 to 1 [rows, 1], and how likely they are (logarithm of the density) [rows]. */
function acted(
  actor: Sequential,
  seen: Tensor,
  noise: Tensor,
): { readonly action: Tensor; readonly likelihood: Tensor } {
  const both = run(actor, seen);
  const [mean, logDeviation] = [both.narrow(1, 0, 1), both.narrow(1, 1, 1).clamp(-5, 2)];
  const raw = mean.add(noise.mul(logDeviation.exp()));
  const normalLikelihood = noise
    .square()
    .mul(-0.5)
    .sub(logDeviation)
    .sub(0.5 * Math.log(2 * Math.PI));
  // What tanh makes narrower: ln(1 - tanh^2 u) = 2 (ln 2 - u - softplus(-2 u)).
  const narrowed = raw
    .neg()
    .sub(softplus(raw.mul(-2)))
    .add(Math.LN2)
    .mul(2);
  return { action: raw.tanh(), likelihood: normalLikelihood.sub(narrowed).sum(1) };
}

function worthOf(critic: Sequential, seen: Tensor, action: Tensor): Tensor {
  return run(critic, concat([seen, action], 1)).sum(1);
}

function computations({ environment: { observed }, seed, judged }: Learning) {
  const actor = perceptron([observed, ...HIDDEN, 2], relu);
  const [first, second, firstTarget, secondTarget] = Array.from({ length: 4 }, () =>
    perceptron([observed + 1, ...HIDDEN, 1], relu),
  );
  const logWorth = new Variable([], 0);
  const weights = { actor: weightsOf(actor), critics: weightsOf(first, second), worth: [logWorth] };
  const targets = weightsOf(firstTarget, secondTarget);
  const optimizer = adam(RATE);
  const states = {
    actor: optimizer.init(weights.actor),
    critics: optimizer.init(weights.critics),
    worth: optimizer.init(weights.worth),
  };

  const [seen, next] = [input([BATCH, observed]), input([BATCH, observed])];
  const [action, reward, goesOn] = [input([BATCH, 1]), input([BATCH]), input([BATCH])];
  const noise = (name: string) => normal(foldIn(randomKey(seed, name), states.actor.step), [BATCH, 1]);
  const worth = stopGradient(logWorth.exp());
  const after = acted(actor, next, noise("next"));
  const later = worthOf(firstTarget, next, after.action)
    .minimum(worthOf(secondTarget, next, after.action))
    .sub(after.likelihood.mul(worth));
  const aim = stopGradient(reward.add(later.mul(goesOn).mul(DISCOUNT)));
  const error = [first, second]
    .map((critic) => worthOf(critic, seen, action).sub(aim).square().mean())
    .reduce((a, b) => a.add(b));
  const now = acted(actor, seen, noise("now"));
  const value = worthOf(first, seen, now.action).minimum(worthOf(second, seen, now.action));
  const regret = now.likelihood.mul(worth).sub(value).mean();
  // As undecided as a density of e on the average: minus one for each number of an action.
  const tooSure = logWorth
    .exp()
    .mul(stopGradient(now.likelihood.mean().sub(1)))
    .neg();
  const updates = {
    actor: optimizer.update(grad(regret, weights.actor), states.actor, weights.actor),
    critics: optimizer.update(grad(error, weights.critics), states.critics, weights.critics),
    worth: optimizer.update(grad(tooSure, weights.worth), states.worth, weights.worth),
  };

  const [one, chance, many] = [input([1, observed]), input([1, 1]), input([judged, observed])];
  return {
    model: { actor, first, second, firstTarget, secondTarget, logWorth, states },
    computations: {
      start: { assignments: copied(targets, weights.critics) },
      act: { inputs: { one, chance }, outputs: { action: acted(actor, one, chance).action } },
      learn: {
        inputs: { seen, next, action, reward, goesOn },
        outputs: { error, worth: logWorth.exp() },
        assignments: [
          ...Object.values(updates).flat(),
          ...followed(targets, weights.critics, updates.critics, FOLLOWED),
        ],
      },
      judge: { inputs: { many }, outputs: { action: run(actor, many).narrow(1, 0, 1).tanh() } },
    },
  };
}

/** One environment, one step at a time, and a step of learning after each. The agent acts by `judge` then. */
export async function softActorCritic(learning: Learning): Promise<Agent<"judge">> {
  const { executor, environment, scale, seed, steps, tell } = learning;
  const { observed } = environment;
  const { model, computations: programs } = computations(learning);
  const agent = await agentOf(executor, seed, model, programs);
  const { calls } = agent;
  await calls.start();
  const random = new Random(seed);
  const lately = new Lately();
  const memory = new ReplayBuffer(steps, { seen: observed, next: observed, action: 1, reward: 1, goesOn: 1 });
  const draw = memory.sampler(BATCH);
  const [seen, next] = [new Float32Array(observed), new Float32Array(observed)];
  environment.reset(random);
  let sum = 0;
  for (let made = 0; made < steps; made++) {
    environment.observe(seen, 0);
    const action =
      made < BEFORE ? [random.between(-1, 1)] : (await calls.act({ one: seen, chance: [random.normal()] })).action;
    const { reward, terminated, truncated } = environment.step(scale * action[0]);
    environment.observe(next, 0);
    // Tenths, so that values are not far from 1.
    memory.add({ seen, next, action, reward: [reward / 10], goesOn: [terminated ? 0 : 1] });
    if (made >= BEFORE) await calls.learn(draw(random));
    sum += reward;
    if (!terminated && !truncated) continue;
    lately.add(sum);
    sum = 0;
    environment.reset(random);
    tell(made + 1, lately.mean);
  }
  return agent;
}
