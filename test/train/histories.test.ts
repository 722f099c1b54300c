// Random histories of a trainer, whose every await may last: calls are made without waiting for one another, between any two steps of its
// work. What they answer must be what a plain model (model.ts) answers; every one settles; nothing is left behind.
import { DisposedError, type Fit, SimdgradError, type Tensor, Trainer } from "simdgrad";
import { Linear } from "simdgrad/nn";
import { hyperparameter, sgd } from "simdgrad/optim";
import { expect, test } from "vitest";
import { createJsMachine } from "../../src/runtime/js/machine.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { numbers } from "../random.ts";
import { Delayed } from "./delayed.ts";
import { type Event, explained, type FitEvent, lossOf, type Rows, type Snapshot, type State } from "./model.ts";

const HISTORIES = process.env.SOAK ? 20_000 : 500;
/** Histories under way at a time: most of one's time is waiting for the next report. */
const AT_ONCE = 25;
const CALLS = 30;
/** Milliseconds after which a call counts as one that never settles: a history takes a hundred. */
const NEVER = 20_000;

const START: State = { weight: 0, rate: 1 / 8, step: 0, epoch: 0, row: 0, data: undefined, counting: false };
/** Of different sizes, but for two. */
const DATA: readonly Rows[] = [
  { x: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], y: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1] },
  { x: [3, 1, 4, 1], y: [5, 9, 2, 6] },
  { x: [2, 7, 1, 8, 2, 8], y: [-1, -2, -3, -4, -5, -6] },
  { x: [9, 8, 7, 6, 5, 4, 3, 2, 1, 1], y: [3, 3, 3, 3, 3, 3, 3, 3, 3, 3] },
];

/** A machine's steps take three of a slice. */
function clock() {
  let time = 0;
  return {
    now: () => {
      time += 4;
      return time;
    },
  };
}

type Chance = (below: number) => number;

/** No time, microtasks or turns of the event loop. */
async function pass(chance: Chance): Promise<void> {
  const kind = chance(4);
  for (let tick = chance(5); kind === 1 && tick > 0; tick--) await undefined;
  for (let turn = chance(4); kind === 2 && turn > 0; turn--) await new Promise(setImmediate);
}

/** A fit as it was asked for, and what is known of it so far. */
interface Known {
  readonly fit: Fit;
  readonly event: { -readonly [K in keyof FitEvent]: FitEvent[K] } & { losses: number[] };
  readonly controller: AbortController;
  readonly over: Promise<void>;
}

class History {
  readonly #chance: Chance;
  readonly #inner = new LocalExecutor(
    { name: "js-float64", tile: "", threads: 1, fallback: "" },
    createJsMachine("float64"),
    {},
    clock(),
  );
  readonly #executor: Delayed;
  readonly #trainer: Trainer;
  readonly #settling: Promise<unknown>[] = [];
  readonly #snapshots: { readonly whole: Awaited<ReturnType<Trainer["snapshot"]>>; readonly known: Snapshot }[] = [];
  #fit: Known | undefined;
  #under = 0;
  #written = 1000;
  /** The number of the pause that a fit is in, once it has told that it is paused. */
  #pause: number | undefined;
  #pauses = 0;
  #ended = false;
  /** In the order of the calls; undefined for one that was refused. */
  readonly events: (Event | undefined)[] = [];
  readonly log: string[] = [];
  readonly complaints: string[] = [];

  constructor(seed: number) {
    const random = numbers(seed);
    this.#chance = (below) => Math.floor(random() * below);
    const delays = numbers(seed + 1e6);
    this.#executor = new Delayed(this.#inner, () => pass((below) => Math.floor(delays() * below)));
    const rate = hyperparameter(START.rate);
    this.#trainer = new Trainer(new Linear(1, 1, { bias: false }), {
      loss: (prediction: Tensor, target: Tensor) => prediction.sub(target).sum(),
      optimizer: sgd(rate),
      hyperparameters: { rate },
      executor: this.#executor,
    });
  }

  async run(): Promise<void> {
    this.#write(START.weight);
    this.#load();
    if (this.#chance(4) > 0) await this.#within(Promise.all(this.#settling));
    for (let call = 0; call < CALLS; call++) {
      this.#call();
      await pass(this.#chance);
      if (this.#chance(4) === 0) await new Promise(setImmediate);
    }
    this.#resume();
    if (this.#chance(2) === 0) this.#stop();
    else if (this.#fit !== undefined && !this.#ended) await this.#within(this.#fit.over);
    this.#snapshot();
    await this.#within(Promise.all(this.#settling));
    await this.#within(this.#trainer.dispose());
    if (this.#executor.programs.size + this.#executor.variables.size > 0 && this.#executorLives)
      this.complaints.push(
        `dispose() left ${this.#executor.programs.size} programs and ${this.#executor.variables.size} variables`,
      );
    await this.#within(this.#executor.dispose());
  }

  #executorLives = true;

  #call(): void {
    const calls: readonly (readonly [number, () => void])[] = [
      [3, () => this.#load()],
      [6, () => this.#begin()],
      [2, () => this.#stop()],
      [2, () => this.#pauseFit()],
      [2, () => this.#resume()],
      [3, () => this.#write(this.#written++)],
      [3, () => this.#setRate()],
      [3, () => this.#snapshot()],
      [2, () => this.#restore()],
      [2, () => this.#weight()],
      [2, () => this.#rate()],
      [3, () => this.#predict()],
      [2, () => this.#evaluate()],
      [1, () => this.#debug()],
      ...(this.#chance(60) === 0 ? ([[10, () => this.#dispose()]] as const) : []),
    ];
    let number = this.#chance(calls.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, call] of calls) {
      number -= weight;
      if (number < 0) {
        call();
        return;
      }
    }
  }

  async #within<T>(promise: Promise<T>): Promise<T | undefined> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const never = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => {
        this.complaints.push("something never settles");
        resolve(undefined);
      }, NEVER);
    });
    try {
      return await Promise.race([promise, never]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** A call: an event in its place once it is carried out; `refusable` where a fit under way is a reason to refuse it. */
  #ask<T>(name: string, call: () => Promise<T>, event: (answer: T) => Event, refusable = false): void {
    const place = this.events.push(undefined) - 1;
    this.log.push(`${place} ${name}`);
    const [pause, ended, under] = [this.#pause, this.#ended, this.#under];
    const settled = call().then(
      (answer) => {
        // Where nothing is to be explained, nothing is asked of the executor.
        if (ended && name !== "debugNonFinite") this.complaints.push(`${place} ${name} was answered after the end`);
        this.events[place] = { ...event(answer), pause: pause === this.#pause ? pause : undefined };
        return answer;
      },
      (error: unknown) => {
        this.log.push(`${place} ${name}: ${error}`);
        if (error instanceof DisposedError && this.#ended) return;
        const refused =
          refusable && under > 0 && error instanceof SimdgradError && /stop the fit first/.test(error.message);
        if (!refused) this.complaints.push(`${place} ${name}: ${error}`);
      },
    );
    this.#settling.push(settled);
  }

  #load(): void {
    const data = DATA[this.#chance(DATA.length)];
    const x = { data: Float64Array.from(data.x), shape: [data.x.length, 1] };
    const y = data.y.map((value) => [value]);
    const refused = this.#under > 0;
    this.#ask(
      `load ${DATA.indexOf(data)}`,
      () => this.#trainer.load({ x, y }),
      () => {
        if (refused) this.log.push("a load was carried out when a fit had just ended");
        return { kind: "load", data };
      },
      true,
    );
    x.data.fill(777); // what counts is what they held at the call
    y[0][0] = 777;
  }

  #write(value: number): void {
    const weight = { data: Float64Array.of(value), shape: [1, 1] };
    this.#ask(
      `write weight ${value}`,
      () => this.#trainer.loadStateDict({ weight }),
      () => ({ kind: "write weight", value }),
    );
    weight.data[0] = 777;
  }

  #setRate(): void {
    const value = 2 ** -(1 + this.#chance(6));
    this.#ask(
      `write rate ${value}`,
      () => this.#trainer.setHyperparameters({ rate: value }),
      () => ({ kind: "write rate", value }),
    );
  }

  #snapshot(): void {
    this.#ask(
      "snapshot",
      () => this.#trainer.snapshot(),
      (whole) => {
        const [weight, rate, step, epoch, row] = [
          "weight",
          "hyperparameters.rate",
          "optimizer.step",
          "counters.epoch",
          "counters.row",
        ].map((path) => whole[path].data[0]);
        const answer = { weight, rate, step, epoch, row };
        this.#snapshots.push({ whole, known: answer });
        return { kind: "snapshot", answer };
      },
    );
  }

  #restore(): void {
    if (this.#snapshots.length === 0) return;
    const { whole, known } = this.#snapshots[this.#chance(this.#snapshots.length)];
    this.#ask(
      `restore ${JSON.stringify(known)}`,
      () => this.#trainer.restore(whole),
      () => ({ kind: "restore", snapshot: known }),
      true,
    );
  }

  #weight(): void {
    this.#ask(
      "weight",
      () => this.#trainer.stateDict(),
      ({ weight }) => ({ kind: "weight", answer: weight.data[0] }),
    );
  }

  #rate(): void {
    this.#ask(
      "rate",
      () => this.#trainer.hyperparameters(),
      ({ rate }) => ({ kind: "rate", answer: rate }),
    );
  }

  #predict(): void {
    const x = 1 + this.#chance(8);
    const given = { data: Float32Array.of(x), shape: [1, 1] };
    this.#ask(
      `predict ${x}`,
      () => this.#trainer.predict(given),
      ({ data }) => ({ kind: "predict", x, answer: data[0] }),
    );
    given.data[0] = 777;
  }

  #evaluate(): void {
    const data = DATA[this.#chance(DATA.length)];
    this.#ask(
      `evaluate ${DATA.indexOf(data)}`,
      () => this.#trainer.evaluate({ x: data.x.map((value) => [value]), y: data.y.map((value) => [value]) }),
      ({ loss }) => ({ kind: "evaluate", data, answer: loss }),
    );
  }

  #debug(): void {
    // No fit of these fails: it answers that there is nothing to explain, and changes nothing.
    this.#ask(
      "debugNonFinite",
      () => this.#trainer.debugNonFinite(),
      () => ({ kind: "nothing" }),
      true,
    );
  }

  /** Asks for a fit and reads it to its end, now fast, now slowly. */
  #begin(): void {
    const lastBatch = (["keep", "drop", "pad"] as const)[this.#chance(3)];
    const batch = 1 + this.#chance(4);
    const epochs = this.#chance(3) === 0 ? 40 : this.#chance(4);
    const controller = new AbortController();
    const place = this.events.length;
    const name = `${place} fit of ${batch} ${lastBatch} ${epochs}`;
    const [under, ended] = [this.#under, this.#ended];
    const lazy = this.#chance(4) === 0;
    let fit: Fit;
    try {
      fit = this.#trainer.fit({ batch, epochs, lastBatch, shuffle: false, signal: controller.signal });
    } catch (error) {
      this.log.push(`${name}: ${error}`);
      const text = `${error}`;
      const right =
        (text.includes("stop the fit first") && under > 0) ||
        // By the end the load before it may have failed.
        ((error instanceof DisposedError || text.includes("load data first")) && ended);
      if (!right) this.complaints.push(`${name}: ${error}`);
      return;
    }
    this.log.push(name);
    this.events.push(undefined);
    const event = {
      kind: "fit" as const,
      batch,
      lastBatch,
      epochs,
      losses: [] as number[],
      stopped: false,
      cut: false,
    };
    this.#under++;
    const read = async () => {
      try {
        for (let { done, value } = await fit.next(); !done; { done, value } = await fit.next()) {
          event.losses.push(...(value?.losses ?? []));
          if (value?.step !== event.losses.length) this.complaints.push(`${name} told of ${value?.step} steps`);
          if (lazy) await new Promise((resolve) => setTimeout(resolve, 20));
        }
        this.events[place] = event;
      } catch (error) {
        this.log.push(`${name}: ${error}`);
        if (error instanceof DisposedError && this.#ended) {
          event.cut = true;
          this.events[place] = event;
        } else if (!(this.#ended && `${error}`.includes("no longer loaded")))
          // By the end a load before it may have failed.
          this.complaints.push(`${name}: ${error}`);
      } finally {
        this.#under--;
      }
    };
    const over = read();
    this.#settling.push(over);
    this.#pause = undefined;
    this.#fit = { fit, event, controller, over };
  }

  #stop(): void {
    const known = this.#fit;
    if (known === undefined) return;
    this.log.push("stop");
    this.#pause = undefined;
    known.event.stopped = true;
    const how = this.#chance(3);
    if (how === 0) known.controller.abort();
    else this.#settling.push((how === 1 ? known.fit.stop() : known.fit.return()).catch((error) => this.#atEnd(error)));
    if (how === 0) known.fit.resume();
  }

  #pauseFit(): void {
    const known = this.#fit;
    if (known === undefined) return;
    this.log.push("pause");
    const number = ++this.#pauses;
    const paused = known.fit.pause().then(
      () => {
        if (number === this.#pauses && this.#fit === known) this.#pause = number;
      },
      (error) => this.#atEnd(error),
    );
    this.#settling.push(paused);
  }

  #resume(): void {
    this.log.push("resume");
    this.#pauses++;
    this.#pause = undefined;
    this.#fit?.fit.resume();
  }

  #atEnd(error: unknown): void {
    if (!(error instanceof DisposedError && this.#ended)) this.complaints.push(`stop or pause: ${error}`);
  }

  /** The trainer, or its executor, is no more from here on. */
  #dispose(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#resume();
    this.#executorLives = this.#chance(2) === 0;
    this.log.push(`dispose of the ${this.#executorLives ? "trainer" : "executor"}`);
    if (this.#fit !== undefined) this.#fit.event.stopped = true;
    this.#settling.push((this.#executorLives ? this.#trainer : this.#executor).dispose());
  }
}

/** What is wrong with a history; undefined if all is well. */
async function wrong(seed: number): Promise<string | undefined> {
  const history = new History(seed);
  await history.run();
  const events = history.events.filter((event) => event !== undefined);
  const { far, all } = explained(START, events);
  const complaints = [
    ...history.complaints,
    ...(all ? [] : [`no order of steps explains event ${far}: ${JSON.stringify(events[far])}`]),
  ];
  if (complaints.length === 0) return undefined;
  return [
    `seed ${seed}:`,
    ...complaints,
    "history:",
    ...history.log,
    ...events.map((each) => JSON.stringify(each)),
  ].join("\n");
}

test(`${HISTORIES} histories are those of a plain model`, async () => {
  for (let first = 0; first < HISTORIES; first += AT_ONCE) {
    const seeds = Array.from({ length: Math.min(AT_ONCE, HISTORIES - first) }, (_, i) => first + i + 1);
    for (const complaint of await Promise.all(seeds.map(wrong))) expect(complaint).toBeUndefined();
  }
}, 3_600_000);

test("the model's loss tells the weight that a step began with", () => {
  expect(lossOf(2, DATA[1], [0, 2])).toBe(2 * 3 - 5 + 2 * 4 - 2);
});
