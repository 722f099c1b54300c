// The game of two networks: one makes points of noise, the other tells them from the data's (Goodfellow et al. 2014; with distances in the place
// of verdicts, Gulrajani et al. 2017). Points and noise are drawn inside the programs.
import {
  compile,
  compileInit,
  constant,
  type Executor,
  evaluate,
  foldIn,
  grad,
  normal,
  type ProgramId,
  type RandomKey,
  type RunHandle,
  randomKey,
  stack,
  stopGradient,
  type Tensor,
  uniform,
} from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import {
  binaryCrossEntropyWithLogits,
  evaluationContext,
  forward,
  Linear,
  leakyRelu,
  parameters,
  Sequential,
  variables,
} from "simdgrad/nn";
import { adam } from "simdgrad/optim";
import { open } from "../shared/places.ts";
import { Problem } from "../shared/problems.ts";
import type { Followed } from "../shared/run.ts";
import type { Metadata } from "../shared/tools.ts";
import type { Progress } from "./part.ts";

export type Data = "ring" | "spiral" | "own";
export type Game = "standard" | "even" | "wasserstein";
/** A point of the plane. */
export type Point = readonly [x: number, y: number];

export const HIDDEN = 64;
export const BATCH = 128;
/** How a game is played: learning rates of both, Adam's second decay, and turns of the critic before each of the generator. */
export const games: Readonly<
  Record<Game, { readonly generator: number; readonly critic: number; readonly beta2: number; readonly turns: number }>
> = {
  standard: { generator: 0.0005, critic: 0.002, beta2: 0.999, turns: 1 },
  even: { generator: 0.001, critic: 0.001, beta2: 0.999, turns: 1 },
  wasserstein: { generator: 0.001, critic: 0.001, beta2: 0.9, turns: 3 },
};
/** The plane is shown from -EDGE to EDGE. */
export const EDGE = 1.25;
/** Places along an edge at which the critic is asked. */
export const GRID = 48;
export const SHOWN = 256;

/** Points of the data, drawn anew: f32 [rows, 2]. */
function dataPoints(data: Data, own: readonly Point[], key: (name: string) => RandomKey, rows: number): Tensor {
  const share = uniform(key("share"), [rows]);
  const noise = normal(key("spread"), [rows, 2]);
  if (data === "own") {
    const which = share.mul(own.length).floor().cast("i32");
    return constant(own.map((point) => [...point]))
      .gather(which)
      .add(noise.mul(0.04));
  }
  if (data === "ring") {
    const angle = share
      .mul(8)
      .floor()
      .mul(Math.PI / 4);
    return stack([angle.cos(), angle.sin()], 1).mul(0.8).add(noise.mul(0.04));
  }
  const far = share.sqrt();
  const angle = far.mul(3 * Math.PI);
  return stack([angle.cos(), angle.sin()], 1).mul(far.unsqueeze(1)).add(noise.mul(0.02));
}

/** Points of the data as they are shown, pairs of x and y: the same for every seed, and before there is a game. */
export async function shownPoints(data: Data, own: readonly Point[]): Promise<ArrayLike<number>> {
  return evaluate(dataPoints(data, own, (name) => randomKey(0, `shown ${name}`), SHOWN));
}

/** The middles of the data's clusters; none where there are no clusters. */
export function clusters(data: Data, own: readonly Point[]): readonly Point[] {
  if (data === "own") return own;
  if (data === "spiral") return [];
  return Array.from({ length: 8 }, (_, i) => [0.8 * Math.cos((i * Math.PI) / 4), 0.8 * Math.sin((i * Math.PI) / 4)]);
}

const ALONG = 24; // points that stand for the spiral

/** Points that stand for the data, so that others can come among them. */
export function standIns(data: Data, own: readonly Point[]): readonly Point[] {
  if (data !== "spiral") return clusters(data, own);
  return Array.from({ length: ALONG }, (_, i) => {
    const far = Math.sqrt((i + 0.5) / ALONG);
    return [far * Math.cos(3 * Math.PI * far), far * Math.sin(3 * Math.PI * far)];
  });
}

export interface GameOptions {
  readonly data: Data;
  readonly game: Game;
  /** Of `own` data: one at the least. */
  readonly points: readonly Point[];
  readonly seed: number;
}

/** What both networks make now. */
export interface Look {
  /** What the generator makes: x, y, x, y ... */
  readonly made: Float32Array;
  /** How real the critic takes each place to be, row by row from the top: more is more real. */
  readonly surface: Float32Array;
}

export class GanSession {
  readonly executor: Executor;
  readonly #generator: Sequential;
  readonly #critic: ProgramId;
  readonly #make: ProgramId;
  readonly #look: ProgramId;
  readonly #turns: number;

  private constructor(
    executor: Executor,
    generator: Sequential,
    programs: { readonly judge: ProgramId; readonly make: ProgramId; readonly look: ProgramId },
    turns: number,
  ) {
    this.executor = executor;
    this.#generator = generator;
    this.#critic = programs.judge;
    this.#make = programs.make;
    this.#look = programs.look;
    this.#turns = turns;
  }

  static async create({ data, game, points, seed }: GameOptions): Promise<GanSession> {
    const slope = (x: Tensor) => leakyRelu(x, 0.2);
    const network = (out: number) =>
      new Sequential(new Linear(2, HIDDEN), slope, new Linear(HIDDEN, HIDDEN), slope, new Linear(HIDDEN, out));
    const [generator, critic] = [network(2), network(1)];
    const [made, judged] = [generator, critic].map((model) => [...parameters(model).values()]);
    const { beta2, turns, ...rates } = games[game];
    const making = adam(rates.generator, { beta1: 0.5, beta2 });
    const judging = adam(rates.critic, { beta1: 0.5, beta2 });
    const states = { making: making.init(made), judging: judging.init(judged) };

    const context = evaluationContext();
    const keyed = (turn: string, step: Tensor) => (name: string) => foldIn(randomKey(seed, `${turn} ${name}`), step);
    const makes = (key: RandomKey, rows: number) => forward(generator, normal(key, [rows, 2]), context);
    const judges = (x: Tensor) => forward(critic, x, context);
    const says = (logits: Tensor, isReal: number) => binaryCrossEntropyWithLogits(logits, logits.like(isReal));

    const judgeKey = keyed("judge", states.judging.step);
    const real = dataPoints(data, points, judgeKey, BATCH);
    const fake = stopGradient(makes(judgeKey("noise"), BATCH));
    const wrong = () => {
      if (game !== "wasserstein") return says(judges(real), 1).add(says(judges(fake), 0));
      // Between real and made points the critic's slope is to be 1.
      const between = fake.add(uniform(judgeKey("between"), [BATCH, 1]).mul(real.sub(fake)));
      const [steepness] = grad(judges(between).sum(), [between]);
      const penalty = steepness.norm(-1).sub(1).square().mean().mul(0.1);
      return judges(fake).mean().sub(judges(real).mean()).add(penalty);
    };
    const judgement = judges(makes(keyed("make", states.making.step)("noise"), BATCH));
    const critics = wrong();
    const generators = game === "wasserstein" ? judgement.mean().neg() : says(judgement, 1);

    const judge = compile({
      outputs: { loss: critics },
      assignments: judging.update(grad(critics, judged), states.judging, judged),
    });
    const make = compile({
      outputs: { loss: generators },
      assignments: making.update(grad(generators, made), states.making, made),
    });
    const edge = Array.from({ length: GRID }, (_, i) => EDGE * ((2 * i + 1) / GRID - 1));
    const grid = constant(edge.toReversed().flatMap((y) => edge.map((x) => [x, y])));
    const look = compile({ outputs: { made: makes(randomKey(seed, "shown"), SHOWN), surface: judges(grid) } });

    const executor = await open("one", "portable");
    await executor.step(await executor.load(compileInit(variables({ generator, critic, states }), seed)));
    const programs = {
      judge: await executor.load(judge),
      make: await executor.load(make),
      look: await executor.load(look),
    };
    return new GanSession(executor, generator, programs, turns);
  }

  /** Plays on, for so many steps of the generator; 0: without an end. */
  play(steps: number): Followed<Progress> {
    const plan = [
      [this.#critic, this.#turns],
      [this.#make, 1],
    ] as const;
    const totalSteps = steps > 0 ? steps : Number.POSITIVE_INFINITY;
    return followed(this.executor.run(plan, { repeat: totalSteps }), this.#make, totalSteps);
  }

  async look(): Promise<Look> {
    const { made, surface } = await this.executor.step(this.#look);
    return { made: Float32Array.from(made), surface: Float32Array.from(surface) };
  }

  /** The generator's. */
  async weights(): Promise<Record<string, NumericArray>> {
    const all = [...variables(this.#generator)];
    const values = await this.executor.readAll(all.map(([, { key }]) => ({ variable: key })));
    return Object.fromEntries(
      all.map(([path, { shape }], i) => [path, { data: Float32Array.from(values[i]), shape }] as const),
    );
  }

  /** The generator: from noise to points. */
  async onnx(metadata: Metadata): Promise<Uint8Array> {
    const { toOnnx } = await import("simdgrad/onnx");
    const signature = { input: ["batch", 2], inputNames: ["noise"], outputNames: ["points"] };
    return toOnnx(this.#generator, signature, { executor: this.executor, metadata });
  }

  dispose(): Promise<void> {
    return this.executor.dispose();
  }
}

const FRAME = 16; // ms from one report to the next

/** A run as a training that tells of its steps: those of the generator, with the critic's latest loss before each. */
function followed(run: RunHandle, generator: ProgramId, totalSteps: number): Followed<Progress> {
  let [step, critic, seconds, isOver] = [0, Number.NaN, 0, false];
  const taken = (): Progress | undefined => {
    const losses: number[] = [];
    const others: number[] = [];
    for (const { program, values, milliseconds } of run.takeLog()) {
      seconds += milliseconds / 1000;
      for (const value of values)
        if (program !== generator) critic = value;
        else {
          losses.push(value);
          others.push(critic);
        }
    }
    step += losses.length;
    return losses.length === 0 ? undefined : { step, totalSteps, losses, others, perSecond: step / seconds };
  };
  async function* reports(): AsyncGenerator<Progress> {
    const end = run.done.then(
      () => {
        isOver = true;
      },
      (error: unknown) => {
        isOver = true;
        throw error;
      },
    );
    end.catch(() => undefined); // thrown below
    while (!isOver) {
      await Promise.race([end, new Promise((resolve) => setTimeout(resolve, FRAME))]);
      const report = taken();
      if (report === undefined) continue;
      if (!Number.isFinite(report.losses.at(-1)) || Number.isNaN(critic)) {
        await run.stop();
        throw new Problem(
          `The game got out of bounds by step ${step.toLocaleString("en")}. Start over, with another seed.`,
        );
      }
      yield report;
    }
    await end;
  }
  return {
    [Symbol.asyncIterator]: reports,
    pause: () => run.pause(),
    resume: () => run.resume(),
    async stop() {
      await run.stop();
    },
  };
}
