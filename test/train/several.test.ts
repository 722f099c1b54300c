// Several trainers over the same layers, in random histories: an encoder under two heads, trained by several optimizers, frozen and thawed,
// trainers disposed of in any order. The reference is straight: each trainer has a twin, alone on an executor with layers of its own, which is
// handed the values that are known before it does the same, and asked for them after it. Everything must be equal to the bit.
import { ArgumentError, type Executor, JsExecutor, type StateDict, Trainer, WasmExecutor } from "simdgrad";
import { crossEntropy, Dropout, Linear, type Loss, mseLoss, Sequential, setTrainable, tanh } from "simdgrad/nn";
import { adam, ema, type Optimizer, sgd } from "simdgrad/optim";
import { spawn } from "simdgrad/worker";
import { expect, test } from "vitest";
import { numbers } from "../random.ts";
import { Delayed } from "./delayed.ts";

const CALLS = 30;
const MOST = 4;

const ROWS = 23;
const x = Array.from({ length: ROWS }, (_, i) => [0, 1, 2].map((j) => (((3 * i + j) * 7919) % 2003) / 1001.5 - 1));

/** The parts that are shared, each by the variables of its layer. */
const PARTS = ["encoder", "classes", "value"] as const;
type Part = (typeof PARTS)[number];
type Layers = Readonly<Record<Part, Linear>>;

const newLayers = (): Layers => ({ encoder: new Linear(3, 5), classes: new Linear(5, 3), value: new Linear(5, 1) });

/** What is made of them: paths of the model to parts, its loss and its targets. */
interface Kind {
  readonly parts: Readonly<Record<string, Part>>;
  readonly model: (layers: Layers) => Sequential;
  readonly loss: Loss;
  readonly y: number[] | number[][];
}

const kinds: readonly Kind[] = [
  {
    parts: { "0": "encoder", "3": "classes" },
    model: ({ encoder, classes }) => new Sequential(encoder, tanh, new Dropout(0.2), classes),
    loss: crossEntropy,
    y: x.map((_, i) => (7 * i) % 3),
  },
  {
    parts: { "0": "encoder", "2": "value" },
    model: ({ encoder, value }) => new Sequential(encoder, tanh, value),
    loss: mseLoss,
    y: x.map(([a, b]) => [a * b]),
  },
];

const optimizers: Readonly<Record<string, () => Optimizer>> = {
  sgd: () => sgd(0.05),
  momentum: () => sgd(0.02, { momentum: 0.9 }),
  adam: () => adam(0.01),
  averaged: () => ema(adam(0.02), { decay: 0.5 }),
};

interface Pair {
  readonly name: string;
  readonly kind: Kind;
  readonly real: Trainer;
  readonly twin: Trainer;
  /** The layers of the twin. */
  readonly layers: Layers;
  /** Which of its parts it trains. */
  readonly trained: string;
}

/** Whether the second sees nothing that the first trains. */
function areApart({ trained }: Pair, { kind }: Pair): boolean {
  return Object.values(kind.parts).every((part) => !trained.includes(part));
}

type Make = () => Executor | Promise<Executor>;

class History {
  readonly #random: () => number;
  readonly #alone: Make;
  readonly #layers = newLayers();
  readonly #frozen = new Set<Part>();
  readonly #executor: Delayed;
  readonly #pairs: Pair[] = [];
  /** Values of the parts that somebody holds. */
  readonly #known = new Map<Part, StateDict>();
  #made = 0;
  readonly log: string[] = [];
  /** Fits that went on side by side. */
  atOnce = 0;

  constructor(seed: number, executor: Executor, alone: Make) {
    this.#random = numbers(seed);
    this.#alone = alone;
    this.#executor = new Delayed(executor, async () => {});
  }

  #one<T>(of: readonly T[]): T {
    return of[Math.floor(this.#random() * of.length)];
  }

  async run(): Promise<void> {
    await this.#create();
    for (let call = 0; call < CALLS; call++) {
      const calls = [this.#create, this.#fit, this.#fit, this.#fit, this.#freeze, this.#dispose, this.#look, this.#set];
      await this.#one(calls).call(this);
      await this.#compare();
    }
    while (this.#pairs.length > 0) await this.#dispose();
    expect([this.#executor.programs.size, this.#executor.variables.size]).toEqual([0, 0]);
  }

  async #create(): Promise<void> {
    const kind = this.#one(kinds);
    const trained = this.#trained(kind);
    if (trained === "" || this.#pairs.length === MOST) return;
    const [optimizer, seed] = [this.#one(Object.keys(optimizers)), this.#made++];
    const name = `${seed}: ${kind.loss.name} by ${optimizer} of ${trained}`;
    const layers = newLayers();
    for (const part of PARTS) setTrainable(layers[part], !this.#frozen.has(part));
    const trainer = (of: Layers, executor: Executor) =>
      new Trainer(kind.model(of), { loss: kind.loss, optimizer: optimizers[optimizer](), executor, seed });
    const real = trainer(this.#layers, this.#executor);
    if (this.#random() < 0.1) {
      this.log.push(`create ${name}, and dispose of it`);
      return real.dispose();
    }
    this.log.push(`create ${name}`);
    const twin = trainer(layers, await this.#alone());
    this.#pairs.push({ name, kind, real, twin, layers, trained });
    await Promise.all([real, twin].map((each) => each.load({ x, y: kind.y })));
    await this.#learn(this.#pairs[this.#pairs.length - 1], (part) => !this.#known.has(part));
  }

  #trained({ parts }: Kind): string {
    const trained = Object.values(parts).filter((part) => !this.#frozen.has(part));
    return trained.join(" and ");
  }

  async #fit(): Promise<void> {
    const pair = this.#one(this.#pairs);
    if (pair === undefined) return this.#create();
    if (!this.#canFit(pair)) {
      this.log.push(`no fit of ${pair.name}`);
      await expect(pair.real.fit()).rejects.toThrow(ArgumentError);
      return;
    }
    const others = this.#pairs.filter((other) => other !== pair);
    // Two at once, where neither sees what the other trains.
    const apart = others.filter((other) => this.#canFit(other) && areApart(pair, other) && areApart(other, pair));
    const second = apart.length > 0 && this.#random() < 0.5 ? [this.#one(apart)] : [];
    this.atOnce += second.length;
    const fits = [pair, ...second].map((each) => this.#begin(each));
    // Another one may go meanwhile.
    const idle = others.filter((other) => !second.includes(other));
    if (idle.length > 0 && this.#random() < 0.3) await this.#dispose(this.#one(idle));
    for (const compare of await Promise.all(fits)) await compare();
  }

  #canFit({ kind, trained }: Pair): boolean {
    return trained === this.#trained(kind);
  }

  /** Trains; then its twin can do the same. */
  async #begin(pair: Pair): Promise<() => Promise<void>> {
    const options = { epochs: 1 + Math.floor(this.#random() * 2), batch: this.#one([4, 10, "all"] as const) };
    this.log.push(`fit ${pair.name} ${JSON.stringify(options)}`);
    const history = await pair.real.fit(options);
    return async () => {
      await this.#teach(pair);
      const expected = await pair.twin.fit(options);
      const told = (epochs: typeof history) => epochs.map(({ seconds: _, ...rest }) => rest);
      expect(told(history)).toEqual(told(expected));
      await this.#learn(pair);
    };
  }

  async #freeze(): Promise<void> {
    const part = this.#one(PARTS);
    const isFrozen = !this.#frozen.has(part);
    this.log.push(`${isFrozen ? "freeze" : "thaw"} ${part}`);
    setTrainable(this.#layers[part], !isFrozen);
    if (isFrozen) this.#frozen.add(part);
    else this.#frozen.delete(part);
  }

  async #dispose(pair = this.#one(this.#pairs)): Promise<void> {
    if (pair === undefined) return;
    this.log.push(`dispose of ${pair.name}`);
    this.#pairs.splice(this.#pairs.indexOf(pair), 1);
    await pair.real.dispose();
    await pair.twin.dispose();
    await pair.twin.executor.dispose();
    const held = this.#pairs.flatMap(({ kind }) => Object.values(kind.parts));
    for (const part of PARTS) if (!held.includes(part)) this.#known.delete(part);
  }

  async #look(): Promise<void> {
    const pair = this.#one(this.#pairs);
    if (pair === undefined) return;
    this.log.push(`look at ${pair.name}`);
    await this.#teach(pair);
    const { real, twin, kind } = pair;
    expect(await real.evaluate({ x, y: kind.y })).toEqual(await twin.evaluate({ x, y: kind.y }));
    expect(await real.predict(x)).toEqual(await twin.predict(x));
    expect(await real.stateDict({ averaged: true })).toEqual(await twin.stateDict({ averaged: true }));
    const whole = async (each: Trainer) => {
      const { "history.seconds": _, ...rest } = await each.snapshot();
      return rest;
    };
    expect(await whole(real)).toEqual(await whole(twin));
  }

  async #set(): Promise<void> {
    const pair = this.#one(this.#pairs);
    if (pair === undefined) return;
    const [path, part] = this.#one(Object.entries(pair.kind.parts));
    this.log.push(`set the bias of the ${part} of ${pair.name}`);
    const bias = Array.from({ length: this.#layers[part].bias?.shape[0] ?? 0 }, () => this.#random() - 0.5);
    await this.#teach(pair);
    for (const each of [pair.real, pair.twin]) await each.loadStateDict({ [`${path}.bias`]: bias }, { strict: false });
    await this.#learn(pair);
  }

  /** Hands a twin what is known. */
  async #teach({ kind, twin, layers }: Pair): Promise<void> {
    for (const part of Object.values(kind.parts))
      for (const [name, { data }] of Object.entries(this.#known.get(part) as StateDict))
        await twin.executor.write({ variable: layers[part][name as "weight"].key }, data);
  }

  /** Knows what a twin has. */
  async #learn({ kind, twin }: Pair, of = (_: Part) => true): Promise<void> {
    const state = await twin.stateDict();
    for (const [path, part] of Object.entries(kind.parts))
      if (of(part)) this.#known.set(part, { weight: state[`${path}.weight`], bias: state[`${path}.bias`] });
  }

  /** Everybody sees what is known. */
  async #compare(): Promise<void> {
    for (const { name, kind, real } of this.#pairs) {
      const state = await real.stateDict();
      for (const [path, part] of Object.entries(kind.parts))
        for (const [key, value] of Object.entries(this.#known.get(part) as StateDict))
          expect(state[`${path}.${key}`], `${part}.${key}, as ${name} sees it`).toEqual(value);
    }
  }
}

const alone = { js: () => new JsExecutor(), wasm: () => new WasmExecutor({ threads: 1 }) };

test.each<[string, number, Make, Make]>([
  ["in JavaScript", 40, alone.js, alone.js],
  ["in Wasm, two threads", 15, () => new WasmExecutor({ threads: 2 }), alone.wasm],
  ["in a worker", 6, () => spawn({ threads: 1, respawn: true }), alone.wasm],
])(
  "trainers that share layers lose nothing of one another, %s, in %i histories",
  async (_, histories, make, twins) => {
    const executor = await make();
    for (let seed = 0; seed < histories; seed++) {
      const history = new History(seed, executor, twins);
      await history.run().catch((error: Error) => {
        error.message += `\nin history ${seed}:\n${history.log.join("\n")}`;
        throw error;
      });
    }
    await executor.dispose();
  },
  60_000,
);
