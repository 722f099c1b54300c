// REINFORCE with a baseline (Williams 1992; Sutton and Barto 2018, 13.4): what an episode's actions led to, beside what was expected,
// says how much likelier they should be.
import { grad, input, stopGradient } from "simdgrad";
import { tanh } from "simdgrad/nn";
import { adam, polynomialDecay } from "simdgrad/optim";
import { CARTPOLE_LIMIT, CartPole } from "../environments/cartpole.ts";
import { Random } from "../environments/environment.ts";
import { agentOf, type Call } from "./agent.ts";
import { ACTIONS, type Learner, type Learning, OBSERVED, type Update } from "./cartpole-agents.ts";
import { chosen, perceptron, run, weightsOf } from "./networks.ts";
import { discountedReturns } from "./returns.ts";

const DISCOUNT = 0.99;
/** Whole episodes are learned from, at least so many steps at a time: the program has room for one more, and weighs its empty rows by 0. */
const LEAST = 500;
const ROWS = LEAST + CARTPOLE_LIMIT - 1;

function computations(steps: number) {
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
  const loss = error.sub(gain);
  return {
    model: { policy, baseline, state },
    computations: {
      act: { inputs: { one }, outputs: { probabilities: run(policy, one).softmax() } },
      learn: {
        inputs: { seen, action, returns, counts },
        outputs: { loss },
        assignments: optimizer.update(grad(loss, weights), state, weights),
      },
    },
  };
}

/** One environment, one step at a time. */
export async function reinforce(learning: Learning): Promise<Learner> {
  const { model, computations: programs } = computations(learning.steps);
  const { calls, end } = await agentOf(learning.executor, learning.seed, model, programs);
  return { network: model.policy, critic: model.baseline, updates: updates(learning, calls), end };
}

async function* updates(learning: Learning, { act, learn }: Readonly<Record<"act" | "learn", Call>>) {
  const random = new Random(learning.seed);
  const environment = new CartPole(learning.pole);
  const seen = new Float32Array(ROWS * OBSERVED);
  const [action, rewards, ends, counts, returns] = Array.from({ length: 5 }, () => new Float32Array(ROWS));
  let made = 0;
  while (made < learning.steps) {
    const lengths: number[] = [];
    let at = 0;
    while (at < LEAST) {
      environment.reset(random);
      const began = at;
      let over = false;
      while (!over) {
        environment.observe(seen, at * OBSERVED);
        const { probabilities } = await act({ one: seen.subarray(at * OBSERVED, (at + 1) * OBSERVED) });
        action[at] = random.choice(probabilities, 0, ACTIONS);
        const { reward, terminated, truncated } = environment.step(action[at]);
        over = terminated || truncated;
        rewards[at] = reward;
        ends[at] = over ? 1 : 0;
        at++;
      }
      lengths.push(at - began);
    }
    counts.fill(1, 0, at).fill(0, at);
    const gone = { rewards: rewards.subarray(0, at), ends: ends.subarray(0, at) };
    returns.set(discountedReturns(gone, DISCOUNT));
    const { loss } = await learn({ seen, action, returns, counts });
    made += at;
    yield { loss: loss[0], steps: made, lengths } satisfies Update;
  }
}
