// Proximal policy optimisation (Schulman et al. 2017): many small steps on what several environments did, none of which may move the
// policy far from the one that acted.
import { grad, input } from "simdgrad";
import { tanh } from "simdgrad/nn";
import { adam, chain, clipByGlobalNorm, polynomialDecay } from "simdgrad/optim";
import { CartPole, type PoleSettings } from "../environments/cartpole.ts";
import { Random } from "../environments/environment.ts";
import { agentOf, type Call } from "./agent.ts";
import { ACTIONS, type Learner, type Learning, OBSERVED, type Update } from "./cartpole-agents.ts";
import { chosen, perceptron, run, weightsOf } from "./networks.ts";
import { advantages, standardize } from "./returns.ts";

const DISCOUNT = 0.98;
const DECAY = 0.9;
const ENVIRONMENTS = 8;
/** Steps of each environment between two stretches of learning. */
const LENGTH = 64;
const ROWS = ENVIRONMENTS * LENGTH;
/** Rows of a step of learning, and how often each row is learned from. */
const BATCH = 128;
const PASSES = 10;
/** How far the likelihood of an action may move. */
const FAR = 0.2;

function computations(steps: number) {
  const policy = perceptron([OBSERVED, 64, 64, ACTIONS], tanh);
  const critic = perceptron([OBSERVED, 64, 64, 1], tanh);
  const weights = weightsOf(policy, critic);
  const updates = Math.ceil(steps / ROWS) * PASSES * (ROWS / BATCH);
  const optimizer = chain(clipByGlobalNorm(0.5), adam(polynomialDecay(1e-3, { steps: updates })));
  const state = optimizer.init(weights);

  const now = input([ENVIRONMENTS, OBSERVED]);
  const [seen, action] = [input([BATCH, OBSERVED]), input([BATCH], "i32")];
  const [likelihood, advantage, aim] = [input([BATCH]), input([BATCH]), input([BATCH])];
  const ratio = chosen(run(policy, seen).logSoftmax(), action).sub(likelihood).exp();
  const gain = ratio
    .mul(advantage)
    .minimum(ratio.clamp(1 - FAR, 1 + FAR).mul(advantage))
    .mean();
  const error = run(critic, seen).reshape([BATCH]).sub(aim).square().mean();
  const loss = error.mul(0.5).sub(gain);
  return {
    model: { policy, critic, state },
    computations: {
      act: {
        inputs: { now },
        outputs: {
          probabilities: run(policy, now).softmax(),
          likelihoods: run(policy, now).logSoftmax(),
          values: run(critic, now).reshape([ENVIRONMENTS]),
        },
      },
      learn: {
        inputs: { seen, action, likelihood, advantage, aim },
        outputs: { loss },
        assignments: optimizer.update(grad(loss, weights), state, weights),
      },
    },
  };
}

/** What the environments did: the steps of one after those of another. */
class Rollout {
  readonly seen = new Float32Array(ROWS * OBSERVED);
  readonly action = new Float32Array(ROWS);
  readonly likelihood = new Float32Array(ROWS);
  readonly rewards = new Float32Array(ROWS);
  readonly ends = new Float32Array(ROWS);
  readonly values = new Float32Array(ROWS);
  readonly nextValues = new Float32Array(ROWS);
}

/** Environments that are acted in side by side, one act a step of all. */
class Field {
  readonly #environments: readonly CartPole[];
  readonly #lengths = new Array<number>(ENVIRONMENTS).fill(0);
  readonly #now = new Float32Array(ENVIRONMENTS * OBSERVED);
  readonly #act: Call;
  readonly #random: Random;

  constructor(act: Call, random: Random, pole: PoleSettings | undefined) {
    this.#act = act;
    this.#random = random;
    this.#environments = Array.from({ length: ENVIRONMENTS }, () => new CartPole(pole));
    for (const environment of this.#environments) environment.reset(random);
  }

  #look(): ReturnType<Call> {
    for (const [i, environment] of this.#environments.entries()) environment.observe(this.#now, i * OBSERVED);
    return this.#act({ now: this.#now });
  }

  /** Acts, and gives the lengths of the episodes that ended. */
  async roll(rollout: Rollout): Promise<number[]> {
    const ended: number[] = [];
    let { probabilities, likelihoods, values } = await this.#look();
    for (let step = 0; step < LENGTH; step++) {
      const outcomes = this.#environments.map((environment, i) => {
        const at = i * LENGTH + step;
        const action = this.#random.choice(probabilities, i * ACTIONS, ACTIONS);
        rollout.seen.set(this.#now.subarray(i * OBSERVED, (i + 1) * OBSERVED), at * OBSERVED);
        rollout.action[at] = action;
        rollout.likelihood[at] = likelihoods[i * ACTIONS + action];
        rollout.values[at] = values[i];
        const outcome = environment.step(action);
        rollout.rewards[at] = outcome.reward;
        rollout.ends[at] = outcome.terminated || outcome.truncated || step === LENGTH - 1 ? 1 : 0;
        return outcome;
      });
      // An episode whose time is up would have gone on from where it is, the next one begins elsewhere.
      const cut = outcomes.some(({ truncated }) => truncated) ? (await this.#look()).values : [];
      for (const [i, { terminated, truncated }] of outcomes.entries()) {
        this.#lengths[i]++;
        if (!terminated && !truncated) continue;
        ended.push(this.#lengths[i]);
        this.#lengths[i] = 0;
        this.#environments[i].reset(this.#random);
      }
      ({ probabilities, likelihoods, values } = await this.#look());
      for (const [i, { terminated, truncated }] of outcomes.entries())
        rollout.nextValues[i * LENGTH + step] = terminated ? 0 : truncated ? cut[i] : values[i];
    }
    return ended;
  }
}

/** Batches of rows in a random order. */
function* batches(rollout: Rollout, random: Random) {
  const advantage = advantages(rollout, DISCOUNT, DECAY);
  const aim = advantage.map((value, at) => value + rollout.values[at]);
  standardize(advantage);
  const { seen, action, likelihood } = rollout;
  const order = random.order(ROWS);
  for (let from = 0; from < ROWS; from += BATCH) {
    const rows = order.slice(from, from + BATCH);
    const of = (column: Float32Array) => Float32Array.from(rows, (row) => column[row]);
    yield {
      seen: Float32Array.from({ length: BATCH * OBSERVED }, (_, i) => {
        const row = rows[Math.floor(i / OBSERVED)];
        return seen[row * OBSERVED + (i % OBSERVED)];
      }),
      action: of(action),
      likelihood: of(likelihood),
      advantage: of(advantage),
      aim: of(aim),
    };
  }
}

/** Several environments, a step of each at a time. */
export async function ppo(learning: Learning): Promise<Learner> {
  const { model, computations: programs } = computations(learning.steps);
  const { calls, end } = await agentOf(learning.executor, learning.seed, model, programs);
  return { network: model.policy, critic: model.critic, updates: updates(learning, calls), end };
}

async function* updates({ seed, steps, pole }: Learning, { act, learn }: Readonly<Record<"act" | "learn", Call>>) {
  const random = new Random(seed);
  const field = new Field(act, random, pole);
  const rollout = new Rollout();
  let made = 0;
  while (made < steps) {
    let lengths = await field.roll(rollout);
    made += ROWS;
    for (let pass = 0; pass < PASSES; pass++)
      for (const batch of batches(rollout, random)) {
        const { loss } = await learn(batch);
        yield { loss: loss[0], steps: made, lengths } satisfies Update;
        lengths = [];
      }
  }
}
