// What an agent pays for its network: steps of CartPole a second, interleaved with training, on one thread, one environment at a time and
// several side by side, turn by turn. Options: --only TEXT, --rounds N, --steps N, --json FILE, --write.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { CartPole } from "../demo/node/environments/cartpole.ts";
import { Random } from "../demo/node/environments/environment.ts";
import { compile, compileInit, type Executor, grad, input, stopGradient, WasmExecutor } from "../src/index.ts";
import { evaluationContext, forward, Linear, parameters, relu, Sequential, variables } from "../src/nn/index.ts";
import { adam } from "../src/optim/index.ts";
import { describe, digits, machine, median, table, writeReadme } from "./report.ts";

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rounds: { type: "string", default: "21" },
    steps: { type: "string", default: "4096" },
    json: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const [rounds, steps] = [Number(values.rounds), Number(values.steps)];

/** What is aimed at: environment steps a second. */
const AIM = 20_000;
const WARM_UPS = 3;
const [OBSERVED, HIDDEN, ACTIONS] = [4, 64, 2];
/** Environment steps from one step of a policy's training to the next, which are its batch. */
const STRETCH = 256;
/** Remembered steps that a step of Q-learning is of. */
const BATCH = 32;

/** Makes so many environment steps. */
type Way = (count: number) => Promise<void>;

interface Calls {
  /** Numbers of both actions, for so many rows: programs over one set of weights. */
  readonly act: (seen: Float32Array) => Promise<ArrayLike<number>>;
  readonly learn: (inputs: Record<string, Float32Array>) => Promise<unknown>;
}

/** A 4-64-2 network that acts on `rows` rows, and learns by the policy's gradient or by Q-learning. */
async function agent(executor: Executor, rows: number, kind: "policy" | "values"): Promise<Calls> {
  const model = new Sequential(new Linear(OBSERVED, HIDDEN), relu, new Linear(HIDDEN, ACTIONS));
  const weights = [...parameters(model).values()];
  const optimizer = adam(1e-4);
  const state = optimizer.init(weights);
  const made = (seen: ReturnType<typeof input>) => forward(model, seen, evaluationContext());
  const batch = kind === "policy" ? STRETCH : BATCH;
  const [seen, next] = [input([batch, OBSERVED]), input([batch, OBSERVED])];
  const [action, worth] = [input([batch], "i32"), input([batch])];
  const taken = action.oneHot(ACTIONS);
  const likelihood = made(seen).logSoftmax().mul(taken).sum(1);
  const aim = worth.add(stopGradient(made(next).max(1)).mul(0.99));
  const error = made(seen).mul(taken).sum(1).sub(aim).square().mean();
  const loss = kind === "policy" ? likelihood.mul(worth).mean().neg() : error;
  const now = input([rows, OBSERVED]);
  await executor.step(await executor.load(compileInit(variables({ model, state }), 0)));
  const inputs = { seen, action, worth, ...(kind === "values" && { next }) };
  const acting = await executor.load(compile({ inputs: { now }, outputs: { y: made(now).softmax() } }));
  const assignments = optimizer.update(grad(loss, weights), state, weights);
  const learning = await executor.load(compile({ inputs, outputs: { loss }, assignments }));
  return {
    act: async (given) => (await executor.step(acting, { now: given })).y,
    learn: (given) => executor.step(learning, given),
  };
}

/** Environments side by side; what they do is drawn by `act`, or by chance without one. */
class Field {
  readonly seen: Float32Array;
  readonly action: Float32Array;
  readonly #poles: readonly CartPole[];
  readonly #random = new Random(0);

  constructor(count: number) {
    this.seen = new Float32Array(count * OBSERVED);
    this.action = new Float32Array(count);
    this.#poles = Array.from({ length: count }, () => new CartPole());
    for (const pole of this.#poles) pole.reset(this.#random);
    this.look();
  }

  look(): void {
    for (let i = 0; i < this.#poles.length; i++) this.#poles[i].observe(this.seen, i * OBSERVED);
  }

  /** A step of each, by the probabilities of the first action. */
  step(probabilities: ArrayLike<number> | undefined): void {
    for (let i = 0; i < this.#poles.length; i++) {
      const first = probabilities === undefined ? 0.5 : probabilities[ACTIONS * i];
      this.action[i] = this.#random.uniform() < first ? 0 : 1;
      const { terminated, truncated } = this.#poles[i].step(this.action[i]);
      if (terminated || truncated) this.#poles[i].reset(this.#random);
    }
  }
}

function byChance(): Way {
  const field = new Field(1);
  return async (count) => {
    for (let i = 0; i < count; i++) {
      field.look();
      field.step(undefined);
    }
  };
}

/** Acts in every step, and learns from every stretch, once. */
async function policyGradient(executor: Executor, environments: number, learns: boolean): Promise<Way> {
  const { act, learn } = await agent(executor, environments, "policy");
  const field = new Field(environments);
  const seen = new Float32Array(STRETCH * OBSERVED);
  const [action, worth] = [new Float32Array(STRETCH), new Float32Array(STRETCH).fill(1)];
  return async (count) => {
    for (let made = 0; made < count; made += environments) {
      field.look();
      const at = made % STRETCH;
      seen.set(field.seen, at * OBSERVED);
      field.step(await act(field.seen));
      action.set(field.action, at);
      if (learns && at + environments === STRETCH) await learn({ seen, action, worth });
    }
  };
}

/** Acts and learns in every step. */
async function qLearning(executor: Executor): Promise<Way> {
  const { act, learn } = await agent(executor, 1, "values");
  const field = new Field(1);
  const memory = new Float32Array(4096 * OBSERVED);
  const [seen, next] = [new Float32Array(BATCH * OBSERVED), new Float32Array(BATCH * OBSERVED)];
  const [action, worth] = [new Float32Array(BATCH), new Float32Array(BATCH).fill(1)];
  const random = new Random(1);
  return async (count) => {
    for (let made = 0; made < count; made++) {
      field.look();
      memory.set(field.seen, (made % 4096) * OBSERVED);
      field.step(await act(field.seen));
      for (let row = 0; row < BATCH; row++) {
        const from = random.below(4095) * OBSERVED;
        for (let i = 0; i < OBSERVED; i++) {
          seen[row * OBSERVED + i] = memory[from + i];
          next[row * OBSERVED + i] = memory[from + OBSERVED + i];
        }
        action[row] = random.below(ACTIONS);
      }
      await learn({ seen, next, action, worth });
    }
  };
}

const executor = new WasmExecutor({ threads: 1 });
const all: Readonly<Record<string, () => Promise<Way> | Way>> = {
  "the environment alone, by chance": byChance,
  "one environment, acting alone": () => policyGradient(executor, 1, false),
  "one environment, learning once in 256 steps": () => policyGradient(executor, 1, true),
  "one environment, learning in every step (32 rows)": () => qLearning(executor),
  "8 side by side, learning once in 256 steps": () => policyGradient(executor, 8, true),
  "64 side by side, learning once in 256 steps": () => policyGradient(executor, 64, true),
};
const names = Object.keys(all).filter((name) => name.includes(values.only));
if (names.length === 0) throw new RangeError(`--only: nothing is called ${values.only}`);
const ways = new Map<string, Way>();
for (const name of names) ways.set(name, await all[name]());
const speeds: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
for (let round = -WARM_UPS; round < rounds; round++)
  for (const [name, way] of ways) {
    const start = performance.now();
    await way(steps);
    if (round >= 0) speeds[name].push((1000 * steps) / (performance.now() - start));
  }
await executor.dispose();
const rows = Object.entries(speeds).map(([name, each]) => ({
  "CartPole, a 4-64-2 network": name,
  "environment steps/s, median": digits(median(each)),
  slowest: digits(Math.min(...each)),
  "us a step": digits(1e6 / median(each)),
}));
const text = [
  describe(machine()),
  `Aim: ${AIM.toLocaleString("en")} a second with one environment at a time. ${rounds} rounds of ${steps} steps, in turns, one thread.`,
  table(rows),
].join("\n\n");
console.log(text);
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(speeds));
if (values.write) writeReadme("environment", text);
