// Random trainings whose workers die at random moments, beside the same training on an executor here that nobody disturbs: what was told, what
// was left and what is predicted must be the same, however a fit ended.
import { type Executor, type Fit, JsExecutor, Trainer } from "simdgrad";
import { Linear, mseLoss, Sequential, tanh } from "simdgrad/nn";
import { adam, hyperparameter, lbfgs, sgd } from "simdgrad/optim";
import { type AnyWorker, connect } from "simdgrad/worker";
import type { Workers } from "./platform.ts";
import { type Random, randomOf } from "./random.ts";

const samples = {
  x: [
    [0, 1],
    [1, 1],
    [2, 0],
    [3, 2],
  ],
  y: [[1], [0], [0.5], [-1]],
};

const PATIENCE = 3000;
const DEADLINE = PATIENCE + 2000;

type Method = "sgd" | "adam" | "lbfgs";

/** One fit: how it is disturbed, and how it ends. */
interface Session {
  readonly rate: number;
  readonly ends: "break" | "abort" | "stop" | "last epoch";
  readonly epochs: number;
  /** What is done after each report, before it is ended. */
  readonly acts: readonly (readonly Act[])[];
}

type Act = "kill" | "predict" | "evaluate" | "stateDict" | "pause";

interface Plan {
  readonly seed: number;
  readonly method: Method;
  readonly every: number;
  readonly sessions: readonly Session[];
}

function planOf(seed: number): Plan {
  const random = randomOf(seed);
  const method = random.among(["sgd", "adam", "lbfgs"] as const);
  const list = <T>(most: number, make: () => T) => Array.from({ length: 1 + random.below(most) }, make);
  return {
    seed,
    method,
    every: random.among([1, 15, 1e9]),
    sessions: list(3, () => sessionOf(random, method)),
  };
}

function sessionOf(random: Random, method: Method): Session {
  const ends = random.among(["break", "abort", "stop", "last epoch"] as const);
  const acts = ["kill", "kill", "predict", "evaluate", "stateDict", "pause"] as const;
  return {
    rate: random.among([0.01, 0.002]),
    ends,
    epochs: ends === "last epoch" ? 1 + random.below(method === "lbfgs" ? 20 : 3000) : 10_000_000,
    acts: Array.from({ length: 1 + random.below(3) }, () =>
      Array.from({ length: random.below(4) }, () => random.among(acts)),
    ),
  };
}

function trainerOf(executor: Executor, method: Method): Trainer {
  const rate = hyperparameter(0.01);
  const model = new Sequential(new Linear(2, 4), tanh, new Linear(4, 1));
  const options = { loss: mseLoss, executor, seed: 1 };
  if (method === "lbfgs") return new Trainer(model, { ...options, optimizer: lbfgs(0.05, { historySize: 4 }) });
  const optimizer = method === "sgd" ? sgd(rate) : adam(rate);
  return new Trainer(model, { ...options, optimizer, hyperparameters: { rate } });
}

/** Losses of all steps that were told since the last call. */
async function drain(fit: Fit, losses: number[]): Promise<void> {
  for (let report = await within(fit.next()); !report.done; report = await within(fit.next()))
    for (const loss of report.value.losses) losses.push(loss);
}

async function within<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("a call did not settle")), DEADLINE);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** A fit with all that disturbs it. @returns the losses of its steps */
async function disturbed(trainer: Trainer, { ends, epochs, acts }: Session, kill: () => void): Promise<number[]> {
  const controller = new AbortController();
  const fit = trainer.fit({ batch: "all", epochs, signal: controller.signal });
  const losses: number[] = [];
  const waiting: Promise<unknown>[] = [];
  const perform: Readonly<Record<Act, () => unknown>> = {
    kill,
    predict: () => trainer.predict(samples.x),
    evaluate: () => trainer.evaluate(samples),
    stateDict: () => trainer.stateDict(),
    pause: () => fit.pause().then(() => fit.resume()),
  };
  for (const each of acts) {
    const report = await within(fit.next());
    if (report.done) break;
    for (const loss of report.value.losses) losses.push(loss);
    for (const act of each) waiting.push(within(Promise.resolve(perform[act]())));
  }
  if (ends === "abort") controller.abort();
  else if (ends === "stop") waiting.push(within(fit.stop()));
  else if (ends === "break") waiting.push(within(fit.return()));
  await drain(fit, losses);
  await Promise.all(waiting);
  return losses;
}

async function undisturbed(trainer: Trainer, epochs: number): Promise<number[]> {
  const losses: number[] = [];
  await drain(trainer.fit({ batch: "all", epochs }), losses);
  return losses;
}

/** Everything about a trainer that can be read while no fit is under way. */
async function readingOf(trainer: Trainer): Promise<string> {
  const answers = await within(
    Promise.all([
      trainer.stateDict(),
      trainer.predict(samples.x),
      trainer.evaluate(samples),
      trainer.hyperparameters(),
    ]),
  );
  return JSON.stringify(answers);
}

/** Plays the training of a seed. @throws Error with its plan where something is not as without deaths */
export async function playTraining(seed: number, { start, kill }: Workers): Promise<void> {
  const plan = planOf(seed);
  const { method, every, sessions } = plan;
  const started: AnyWorker[] = [];
  const executor = await connect(
    () => {
      started.push(start());
      return started[started.length - 1];
    },
    { executor: "js", respawn: { every, attempts: 10 }, patience: PATIENCE },
  );
  const [trainer, reference] = [executor, new JsExecutor()].map((each) => trainerOf(each, method));
  const killLast = () => void kill(started[started.length - 1]);
  try {
    for (const each of [trainer, reference]) await each.load(samples);
    for (const session of sessions) {
      if (method !== "lbfgs")
        for (const each of [trainer, reference]) await within(each.setHyperparameters({ rate: session.rate }));
      const losses = await disturbed(trainer, session, killLast);
      same("losses", JSON.stringify(losses), JSON.stringify(await undisturbed(reference, losses.length)));
      killLast();
      same("readings", await readingOf(trainer), await readingOf(reference));
    }
  } catch (error) {
    throw new Error(`seed ${seed}: ${error}\n${JSON.stringify(plan, undefined, 1)}`, { cause: error });
  } finally {
    await executor.dispose();
  }
}

function same(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what}: ${found.slice(0, 500)}, but ${expected.slice(0, 500)} undisturbed`);
}
