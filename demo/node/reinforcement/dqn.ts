// Deep Q-learning (Mnih et al. 2015), whose target takes the next action by the network and its value by a second one that follows slowly
// (van Hasselt et al. 2016; Lillicrap et al. 2016).
import { grad, input, stopGradient } from "simdgrad";
import { mseLoss, relu } from "simdgrad/nn";
import { adam, polynomialDecay } from "simdgrad/optim";
import { CartPole } from "../environments/cartpole.ts";
import { Random } from "../environments/environment.ts";
import { agentOf, type Call } from "./agent.ts";
import { ACTIONS, type Learner, type Learning, OBSERVED, type Update } from "./cartpole-agents.ts";
import { largest } from "./episodes.ts";
import { chosen, copied, followed, perceptron, run, weightsOf } from "./networks.ts";
import { ReplayBuffer } from "./replay.ts";

const DISCOUNT = 0.99;
const BATCH = 64;
/** Steps before the first that is learned from. None is forgotten: falls become rare. */
const BEFORE = 1000;
/** The share of actions by chance falls to the last one within this share of the steps. */
const LAST_CHANCE = 0.04;
const CHANCE_FALLS = 0.3;
/** The share of the way that targets go at each step of learning. */
const FOLLOWED = 0.005;
/** Steps of the environment from one step of learning to the next. */
const EVERY = 2;

function computations(steps: number) {
  const [network, target] = [0, 1].map(() => perceptron([OBSERVED, 128, 64, ACTIONS], relu));
  const [weights, targets] = [weightsOf(network), weightsOf(target)];
  const optimizer = adam(polynomialDecay(1e-3, { steps: Math.ceil(steps / EVERY) }));
  const state = optimizer.init(weights);

  const one = input([1, OBSERVED]);
  const [seen, next] = [input([BATCH, OBSERVED]), input([BATCH, OBSERVED])];
  const [action, reward, goesOn] = [input([BATCH], "i32"), input([BATCH]), input([BATCH])];
  const best = chosen(run(target, next), run(network, next).argmax(1));
  const aim = stopGradient(reward.add(best.mul(goesOn).mul(DISCOUNT)));
  // Falls are rare, and far from what was expected: a loss that heeds great errors less would forget them.
  const loss = mseLoss(chosen(run(network, seen), action), aim);
  const updates = optimizer.update(grad(loss, weights), state, weights);
  return {
    model: { network, target, state },
    computations: {
      start: { assignments: copied(targets, weights) },
      act: { inputs: { one }, outputs: { values: run(network, one) } },
      learn: {
        inputs: { seen, next, action, reward, goesOn },
        outputs: { loss },
        assignments: [...updates, ...followed(targets, weights, updates, FOLLOWED)],
      },
    },
  };
}

/** One environment, one step at a time. */
export async function dqn(learning: Learning): Promise<Learner> {
  const { model, computations: programs } = computations(learning.steps);
  const { calls, end } = await agentOf(learning.executor, learning.seed, model, programs);
  await calls.start();
  return { network: model.network, critic: undefined, updates: updates(learning, calls), end };
}

async function* updates(learning: Learning, { act, learn }: Readonly<Record<"act" | "learn", Call>>) {
  const { steps } = learning;
  const random = new Random(learning.seed);
  const environment = new CartPole(learning.pole);
  const memory = new ReplayBuffer(steps, { seen: OBSERVED, next: OBSERVED, action: 1, reward: 1, goesOn: 1 });
  const draw = memory.sampler(BATCH);
  const [seen, next] = [new Float32Array(OBSERVED), new Float32Array(OBSERVED)];
  let lengths: number[] = [];
  environment.reset(random);
  for (let made = 0, began = 0; made < steps; made++) {
    environment.observe(seen, 0);
    const chance = Math.max(LAST_CHANCE, 1 - made / (CHANCE_FALLS * steps));
    const byChance = random.uniform() < chance;
    const action = byChance ? random.below(ACTIONS) : largest((await act({ one: seen })).values, ACTIONS)[0];
    const { reward, terminated, truncated } = environment.step(action);
    environment.observe(next, 0);
    memory.add({ seen, next, action: [action], reward: [reward], goesOn: [terminated ? 0 : 1] });
    if (terminated || truncated) {
      lengths.push(made + 1 - began);
      began = made + 1;
      environment.reset(random);
    }
    if (made < BEFORE || (made + 1) % EVERY !== 0) continue;
    const { loss } = await learn(draw(random));
    yield { loss: loss[0], steps: made + 1, lengths } satisfies Update;
    lengths = [];
  }
}
