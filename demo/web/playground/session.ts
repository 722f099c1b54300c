// A network in training: its layers, its trainer, what was changed on the way and after which step, and the programs that look at it.
import { type Computation, compile, type Executor, type Fit, type ProgramId, type Report, Trainer } from "simdgrad";
import { stopAt } from "simdgrad/callbacks";
import { crossEntropy, type Linear, mseLoss } from "simdgrad/nn";
import type { Followed } from "../shared/run.ts";
import { type Looked, landscapeLook, liveLook, measureLook, pastLook } from "./looks.ts";
import { type ActivationName, layersOf, networkOf, optimizerOf, preprocessOf } from "./network.ts";
import { outputsOf, type Samples, samplesOf } from "./samples.ts";
import type { Change, Settings } from "./settings.ts";
import { type Moment, Timeline } from "./timeline.ts";

export type Answer = Record<string, Float32Array>;
/** An answer, and after how many steps it was so. */
type Told = { readonly step: number; readonly answer: Answer };
type LookName = "live" | `past ${ActivationName}` | "measure" | "landscape";

/** Epochs of a fit without an end: another one follows. */
const MANY = 1_000_000;
/** Up to this step moments are kept at steps of their own, each about so many times the one before: what is learned first is learned fast. */
const EARLY = 5000;
const APART = 1.3;

export class Session {
  readonly executor: Executor;
  readonly layers: readonly Linear[];
  readonly outputs: number;
  #first: Settings;
  #settings: Settings;
  #samples: Samples;
  #trainer: Trainer | undefined;
  #fit: Fit | undefined;
  #step = 0;
  /** Steps that the trainers before this one made. */
  #before = 0;
  #stopping = false;
  #pace = 0;
  readonly #changes: Change[] = [];
  /** Made by hand, not yet in effect. */
  #asked: Omit<Change, "step">[] = [];
  /** Told by a link, each to be made after its step. */
  readonly #foreseen: Change[];
  readonly #onForeseen: () => void;
  readonly #looks = new Map<LookName, Promise<ProgramId>>();
  readonly #timeline = new Timeline();
  #busy: Promise<unknown> = Promise.resolve();
  #over = false;

  /** @param onForeseen told when changes of a link were made */
  constructor(executor: Executor, settings: Settings, foreseen: readonly Change[], onForeseen: () => void) {
    this.executor = executor;
    this.#first = settings;
    this.#settings = settings;
    this.#samples = samplesOf(settings);
    this.outputs = outputsOf(settings);
    this.layers = layersOf(settings, this.outputs);
    this.#foreseen = [...foreseen];
    this.#onForeseen = onForeseen;
  }

  /** Those of its beginning. */
  get first(): Settings {
    return this.#first;
  }

  /** As they are now. */
  get settings(): Settings {
    return this.#settings;
  }

  get samples(): Samples {
    return this.#samples;
  }

  /** Steps made in all. */
  get step(): number {
    return this.#step;
  }

  /** Those made, and those that are still to come. */
  get changes(): readonly Change[] {
    return [...this.#changes, ...this.#foreseen];
  }

  /** Weights of its way, the first ones first. */
  get moments(): readonly Moment[] {
    return this.#timeline.moments;
  }

  #lookedOf(trainer: Trainer): Looked {
    const { activation, features } = this.#settings;
    const made = trainer.workshop.recipe.state.step;
    return { layers: this.layers, made, activation, features, outputs: this.outputs };
  }

  /** Changes something between two steps, and notes after which; what a link foresaw is forgotten then. */
  async change(change: Omit<Change, "step">): Promise<void> {
    this.#foreseen.length = 0;
    this.#asked.push(change);
    await this.#inTurn(() => (this.#fit === undefined ? this.#settle() : this.#fit.stop()));
  }

  /** Trains until it is stopped, or to this step; 0: without an end. What is told is of the whole training. */
  train(until: number): Followed {
    this.#stopping = false;
    const stop = () => this.stop();
    return { [Symbol.asyncIterator]: () => this.#reports(until), stop, pause: stop, resume() {} };
  }

  /** Steps from one frame of the page to the next; 0: as many as it can. */
  async setPace(steps: number): Promise<void> {
    this.#pace = steps;
    await this.#fit?.stop();
  }

  async *#reports(until: number): AsyncGenerator<Report> {
    if (this.#step === 0) await this.live();
    while (!this.#stopping && !this.#over) {
      const from = await this.#inTurn(() => this.#next(until));
      if (this.#fit === undefined) return;
      try {
        for await (const report of this.#fit) {
          this.#step = from + report.step;
          yield { ...report, step: this.#step, totalSteps: until || Number.POSITIVE_INFINITY };
          if (this.#pace > 0) await frame();
        }
      } finally {
        this.#fit = undefined;
      }
      if (this.#step <= EARLY && !this.#over) await this.live();
    }
  }

  /** Makes the changes that are due, and a fit to the next one or to the end, if there is something left. @returns its first step */
  async #next(until: number): Promise<number> {
    await this.#settle();
    const trainer = await this.#trainerOf();
    const ends = [until || Number.POSITIVE_INFINITY, this.#foreseen[0]?.step ?? Number.POSITIVE_INFINITY];
    // At a slow pace moments are kept from frame to frame.
    const early =
      this.#step < EARLY && this.#pace === 0 ? Math.ceil(APART * (this.#step + 1)) : Number.POSITIVE_INFINITY;
    const end = Math.min(...ends, early);
    if (this.#step < end && !this.#stopping) this.#fit = this.#fitOf(trainer, end - this.#step);
    return this.#step;
  }

  /** No step is made after this. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#fit?.stop();
  }

  /** Surface, neurons and weights as they are now, which are kept as a moment of its way. */
  async live(): Promise<Told> {
    const told = await this.#look("live", liveLook);
    this.#timeline.add({ step: told.step, weights: told.answer.weights, activation: this.#settings.activation });
    return told;
  }

  /** The pictures of a moment, as the network was then, and its losses. */
  async past({ weights: theta, activation }: Moment): Promise<Answer> {
    const { train, test } = this.#samples;
    const look = (looked: Looked) => pastLook({ ...looked, activation }, train, test);
    return (await this.#look(`past ${activation}`, look, { theta })).answer;
  }

  measures(): Promise<Told> {
    return this.#look("measure", (looked) => measureLook(looked, this.#samples.train, this.#samples.test));
  }

  async landscape(theta: Float32Array, a: Float32Array, b: Float32Array): Promise<Answer> {
    return (await this.#look("landscape", (looked) => landscapeLook(looked, this.#samples.train), { theta, a, b }))
      .answer;
  }

  async weights(): ReturnType<Trainer["stateDict"]> {
    return (await this.#trainerOf()).stateDict();
  }

  async dispose(): Promise<void> {
    this.#over = true;
    await this.stop();
    await this.#inTurn(async () => {
      await this.#forgetLooks();
      await this.#trainer?.dispose();
    });
  }

  /** Changes that are due now. */
  async #settle(): Promise<void> {
    const due = this.#foreseen.filter(({ step }) => step === this.#step);
    this.#asked.push(...this.#foreseen.splice(0, due.length));
    // What a visitor asks for meanwhile is made, too, before the page is told what holds now.
    for (let next = this.#asked.shift(); next !== undefined; next = this.#asked.shift())
      await this.#make({ step: this.#step, set: next.set, weight: next.weight });
    if (due.length > 0) this.#onForeseen();
  }

  async #make(change: Change): Promise<void> {
    const { set, weight } = change;
    const next = { ...this.#settings, ...set };
    const trainer = await this.#trainerOf();
    if (weight !== undefined) await setWeight(trainer, weight);
    const { rate, ...others } = set;
    if (rate !== undefined) await trainer.setHyperparameters({ rate });
    this.#settings = next;
    if (Object.keys(others).length > 0) await this.#replace(trainer);
    // What is set before the first step is what it begins with.
    if (this.#step === 0 && weight === undefined && this.#changes.length === 0) this.#first = next;
    else note(this.#changes, change);
  }

  /** Another trainer of the same weights. */
  async #replace(old: Trainer): Promise<void> {
    this.#samples = samplesOf(this.#settings);
    await this.#forgetLooks(); // each trainer counts its own steps
    this.#trainer = undefined;
    await this.#trainerOf();
    await old.dispose();
  }

  async #trainerOf(): Promise<Trainer> {
    if (this.#trainer !== undefined) return this.#trainer;
    const { rate, optimizer } = optimizerOf(this.#settings);
    const trainer = new Trainer(networkOf(this.layers, this.#settings.activation), {
      loss: this.outputs === 1 ? mseLoss : crossEntropy,
      optimizer,
      hyperparameters: { rate },
      executor: this.executor,
      seed: this.#settings.seed,
      preprocess: preprocessOf(this.#settings.features),
      metrics: {},
    });
    this.#trainer = trainer;
    this.#before = this.#step;
    const { x, y } = this.#samples.train;
    await trainer.load({ x, y: this.outputs === 1 ? y.map((target) => [target]) : y });
    return trainer;
  }

  /** A fit of so many steps exactly, or of as many as make whole epochs: the rest is another one's. */
  #fitOf(trainer: Trainer, steps: number): Fit {
    const rows = this.#samples.train.y.length;
    const batch = Math.min(this.#settings.batch, rows);
    const epoch = Math.ceil(rows / batch);
    const done = (this.#step - this.#before) % epoch;
    const epochs = Math.min(MANY, Math.floor((done + steps) / epoch));
    if (epochs === 0) return trainer.fit({ batch, epochs: 1, callbacks: [stopAt({ steps })] });
    return trainer.fit({ batch, epochs, ...(this.#pace > 0 && { report: this.#pace, lockstep: true }) });
  }

  #look(name: LookName, computation: (looked: Looked) => Computation, inputs: Answer = {}): Promise<Told> {
    return this.#inTurn(async () => {
      const trainer = await this.#trainerOf();
      let program = this.#looks.get(name);
      if (program === undefined) {
        program = this.#begin().then(() => this.executor.load(compile(computation(this.#lookedOf(trainer)))));
        this.#looks.set(name, program);
      }
      const answer = (await this.executor.step(await program, inputs)) as Answer;
      return { step: this.#before + (answer.made?.[0] ?? 0), answer };
    });
  }

  /** Weights have their first values once somebody asked for them. */
  async #begin(): Promise<void> {
    await this.#trainer?.stateDict();
  }

  async #forgetLooks(): Promise<void> {
    const programs = [...this.#looks.values()];
    this.#looks.clear();
    for (const program of programs) await this.executor.unload(await program);
  }

  /** One after the other: nobody looks while something is exchanged. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#busy.then(task);
    this.#busy = result.catch(() => undefined);
    return result;
  }
}

function frame(): Promise<unknown> {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}

async function setWeight(trainer: Trainer, { path, index, value }: NonNullable<Change["weight"]>): Promise<void> {
  const state = await trainer.stateDict();
  (state[path].data as Float32Array)[index] = value;
  await trainer.loadStateDict(state);
}

/** Notes a change; one of the same step joins the one before it, so that a slider's way is one change. */
function note(changes: Change[], change: Change): void {
  const last = changes.at(-1);
  const joins = last?.step === change.step && last.weight === undefined && change.weight === undefined;
  if (joins) changes[changes.length - 1] = { step: change.step, set: { ...last.set, ...change.set } };
  else changes.push(change);
}
