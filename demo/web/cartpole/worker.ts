// The page's worker: carts, networks and the training, as the scripts in demo/node have them.
import { createExecutor, type Executor } from "simdgrad";
import { parameters, type Sequential } from "simdgrad/nn";
import { serveFunctions } from "simdgrad/worker";
import type { Learner } from "../../node/reinforcement/cartpole-agents.ts";
import { dqn } from "../../node/reinforcement/dqn.ts";
import { ppo } from "../../node/reinforcement/ppo.ts";
import { reinforce } from "../../node/reinforcement/reinforce.ts";
import type { Layer } from "./mind.ts";
import type { Order, Report } from "./order.ts";
import { type Settings, ways } from "./settings.ts";

const learn = { reinforce, ppo, dqn };

class Training {
  readonly #executor: Executor;
  readonly #learner: Learner;
  #updates = 0;
  #loss = Number.NaN;
  #steps = 0;
  #milliseconds = 0;
  #finished = false;

  private constructor(executor: Executor, learner: Learner) {
    this.#executor = executor;
    this.#learner = learner;
  }

  static async begin({ way, seed, length, gravity, force }: Settings): Promise<Training> {
    // Networks as small as these gain nothing by more threads, and the portable build has the same bits on every machine.
    const executor = createExecutor({ build: "portable", threads: 1 });
    const pole = { length, gravity, force };
    return new Training(executor, await learn[way]({ executor, seed, steps: ways[way].steps, pole }));
  }

  async train(milliseconds: number, until: number): Promise<Report> {
    const lengths: number[] = [];
    const began = performance.now();
    while (!this.#finished && this.#updates < until && performance.now() - began < milliseconds) {
      const { done, value } = await this.#learner.updates.next();
      if (done) {
        this.#finished = true;
        break;
      }
      this.#updates++;
      this.#loss = value.loss;
      this.#steps = value.steps;
      lengths.push(...value.lengths);
    }
    this.#milliseconds += performance.now() - began;
    return this.report(lengths);
  }

  async report(lengths: readonly number[] = []): Promise<Report> {
    const { network, critic } = this.#learner;
    return {
      updates: this.#updates,
      loss: this.#loss,
      steps: this.#steps,
      lengths,
      milliseconds: this.#milliseconds,
      finished: this.#finished,
      network: await this.#layers(network),
      critic: critic && (await this.#layers(critic)),
    };
  }

  async #layers(network: Sequential): Promise<Layer[]> {
    const all = [...parameters(network).values()];
    const values = await this.#executor.readAll(all.map(({ key }) => ({ variable: key })));
    return values.flatMap((weight, i) =>
      i % 2 === 0 ? [{ weight: weight as Float32Array, bias: values[i + 1] as Float32Array }] : [],
    );
  }

  end(): Promise<void> {
    return this.#executor.dispose();
  }
}

let training: Training | undefined;

async function agent(order: Order): Promise<Report> {
  if ("begin" in order) {
    await training?.end();
    training = undefined;
    training = await Training.begin(order.begin);
    return training.report();
  }
  if (training === undefined) throw new Error("no training has begun");
  return training.train(order.milliseconds, order.until);
}

serveFunctions({ agent });
