// REINFORCE with a baseline (Williams 1992; Sutton and Barto 2018, 13.4): what an episode's actions led to, beside what was expected,
// says how much likelier they should be.
import { grad, input, stopGradient } from "simdgrad";
import { tanh } from "simdgrad/nn";
import { adam, polynomialDecay } from "simdgrad/optim";
import { CARTPOLE_LIMIT, CartPole } from "../environments/cartpole.ts";
import { Random } from "../environments/environment.ts";
import { agentOf } from "./agent.ts";
import { ACTIONS, greedyReturns, judgedBy, type Learned, type Learning, OBSERVED } from "./cartpole-agents.ts";
import { Lately } from "./episodes.ts";
import { chosen, perceptron, run, weightsOf } from "./networks.ts";
import { discountedReturns } from "./returns.ts";

const DISCOUNT = 0.99;
/** Whole episodes are learned from, at least so many steps at a time: the program has room for one more, and weighs its empty rows by 0. */
const LEAST = 500;
const ROWS = LEAST + CARTPOLE_LIMIT - 1;

function computations(steps: number, judged: number) {
  const policy = perceptron([OBSERVED, 64, ACTIONS], tanh);
  const baseline = perceptron([OBSERVED, 64, 1], tanh);
  const weights = weightsOf(policy, baseline);
  const optimizer = adam(polynomialDecay(0.02, { steps: Math.ceil(steps / LEAST) }));
  const state = optimizer.init(weights);

  const one = input([1, OBSERVED]);
  const [seen, action] = [input([ROWS, OBSERVED]), input([ROWS], "i32")];
  const [returns, counts] = [input([ROWS]), input([ROWS])];
  const surprise = returns.sub(run(baseline, seen).reshape([ROWS]));
  const likelihood = chosen(run(policy, seen).logSoftmax(), action);
  const gain = likelihood.mul(stopGradient(surprise)).mul(counts).sum().div(counts.sum());
  const error = surprise.square().mul(counts).sum().div(counts.sum());
  return {
    model: { policy, baseline, state },
    computations: {
      act: { inputs: { one }, outputs: { probabilities: run(policy, one).softmax() } },
      learn: {
        inputs: { seen, action, returns, counts },
        outputs: { error },
        assignments: optimizer.update(grad(error.sub(gain), weights), state, weights),
      },
      judge: judgedBy(policy, judged),
    },
  };
}

/** One environment, one step at a time. */
export async function reinforce({ executor, seed, steps, judged, tell }: Learning): Promise<Learned> {
  const { model, computations: programs } = computations(steps, judged);
  const { calls, end } = await agentOf(executor, seed, model, programs);
  const random = new Random(seed);
  const environment = new CartPole();
  const lately = new Lately();
  const seen = new Float32Array(ROWS * OBSERVED);
  const [action, rewards, ends, counts, returns] = Array.from({ length: 5 }, () => new Float32Array(ROWS));
  let made = 0;
  while (made < steps) {
    let at = 0;
    while (at < LEAST) {
      environment.reset(random);
      const began = at;
      let over = false;
      while (!over) {
        environment.observe(seen, at * OBSERVED);
        const { probabilities } = await calls.act({ one: seen.subarray(at * OBSERVED, (at + 1) * OBSERVED) });
        action[at] = random.choice(probabilities, 0, ACTIONS);
        const { reward, terminated, truncated } = environment.step(action[at]);
        over = terminated || truncated;
        rewards[at] = reward;
        ends[at] = over ? 1 : 0;
        at++;
      }
      lately.add(at - began);
    }
    counts.fill(1, 0, at).fill(0, at);
    const gone = { rewards: rewards.subarray(0, at), ends: ends.subarray(0, at) };
    returns.set(discountedReturns(gone, DISCOUNT));
    await calls.learn({ seen, action, returns, counts });
    made += at;
    tell(made, lately.mean);
  }
  const learned = { returns: await greedyReturns(calls.judge, judged), steps: made };
  await end();
  return learned;
}
