// What the rounds of a simulation come to: every member whose change counts makes its inner steps on its own part of the digits, one member after the
// other, and the outer step is that of src/nats/round.ts. Members train by plain SGD, which keeps nothing from step to step, and what one draws depends on
// the seed, its place and the round alone: who is left out of a round takes nothing along.
import { Random } from "../../demo/node/environments/environment.ts";
import { compile, compileInit, grad, input, type ProgramId, WasmExecutor } from "../../src/index.ts";
import { packChange, unpackChange } from "../../src/nats/parcel.ts";
import { type Anchor, changeOf, outerStep } from "../../src/nats/round.ts";
import {
  crossEntropy,
  evaluationContext,
  forward,
  parameters,
  type Sequential,
  variables,
} from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import type { StateDict } from "../../src/train/state.ts";
import { type Digits, loadDigits, PIXELS } from "./digits.ts";
import { networkOf, type Precision } from "./network.ts";

/** Rows of an inner step, its rate, and the outer step as members have it by default. */
export const BATCH = 32;
export const RATE = 0.1;
const OUTER = { learningRate: 0.7, momentum: 0.9, maxNorm: null };

export interface Lesson {
  readonly seed: number;
  /** Parts into which the digits are cut: members that are there at once. */
  readonly parts: number;
  readonly innerSteps: number;
  readonly precision: Precision;
}

/** One network on one executor, which is every member's in turn. */
export class Classroom {
  readonly #executor = new WasmExecutor({ threads: 1 });
  readonly #keys: ReadonlyMap<string, string>;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #train: Digits;
  readonly #test: Digits;
  #step!: ProgramId;
  #answer!: ProgramId;
  #first!: StateDict;

  private constructor(model: Sequential, { train, test }: { readonly train: Digits; readonly test: Digits }) {
    const all = [...parameters(model)];
    this.#keys = new Map(all.map(([path, { key }]) => [path, key]));
    this.#shapes = new Map(all.map(([path, { shape }]) => [path, shape]));
    this.#train = train;
    this.#test = test;
  }

  static async open(hidden: readonly number[], seed: number): Promise<Classroom> {
    const model = networkOf(hidden);
    const room = new Classroom(model, await loadDigits());
    const weights = [...parameters(model).values()];
    const optimizer = sgd(RATE);
    const state = optimizer.init(weights);
    const [x, y] = [input([BATCH, PIXELS]), input([BATCH], "i32")];
    const loss = crossEntropy(forward(model, x, evaluationContext()), y);
    const assignments = optimizer.update(grad(loss, weights), state, weights);
    const rows = input([room.#test.rows, PIXELS]);
    const answer = forward(model, rows, evaluationContext()).argmax(1);
    const executor = room.#executor;
    await executor.step(await executor.load(compileInit(variables({ model, state }), seed)));
    room.#step = await executor.load(compile({ inputs: { x, y }, outputs: { loss }, assignments }));
    room.#answer = await executor.load(compile({ inputs: { rows }, outputs: { answer } }));
    room.#first = await room.#read();
    return room;
  }

  /** Weights that every training begins with. */
  get first(): StateDict {
    return this.#first;
  }

  /** A training of all members together. */
  begin(lesson: Lesson): Training {
    return new Training(this, lesson);
  }

  async #read(): Promise<StateDict> {
    const paths = [...this.#keys.keys()];
    const values = await this.#executor.readAll([...this.#keys.values()].map((variable) => ({ variable })));
    return Object.fromEntries(paths.map((path, i) => [path, { data: values[i], shape: this.#shapes.get(path) ?? [] }]));
  }

  async #write(weights: StateDict): Promise<void> {
    const writes = [...this.#keys].map(([path, variable]) => ({ slot: { variable }, data: weights[path].data }));
    await this.#executor.writeAll(writes);
  }

  /** What inner steps on a part of the rows make of weights. */
  async trained(weights: StateDict, random: Random, part: number, { parts, innerSteps }: Lesson): Promise<StateDict> {
    const { rows, x, y } = this.#train;
    await this.#write(weights);
    const own = Math.ceil((rows - part) / parts);
    const batch = { x: new Float32Array(BATCH * PIXELS), y: new Int32Array(BATCH) };
    for (let step = 0; step < innerSteps; step++) {
      for (let i = 0; i < BATCH; i++) {
        const row = part + parts * random.below(own);
        batch.x.set(x.subarray(row * PIXELS, (row + 1) * PIXELS), i * PIXELS);
        batch.y[i] = y[row];
      }
      await this.#executor.step(this.#step, batch);
    }
    return this.#read();
  }

  /** Share of the test's digits that weights know. */
  async accuracy(weights: StateDict): Promise<number> {
    await this.#write(weights);
    const { answer } = await this.#executor.step(this.#answer, { rows: this.#test.x });
    const right = this.#test.y.filter((digit, i) => digit === answer[i]);
    return right.length / this.#test.rows;
  }

  async close(): Promise<void> {
    await this.#executor.dispose();
  }
}

class Training {
  readonly #room: Classroom;
  readonly #lesson: Lesson;
  #anchor: Anchor;

  constructor(room: Classroom, lesson: Lesson) {
    this.#room = room;
    this.#lesson = lesson;
    this.#anchor = { round: 0, weights: room.first, momentum: {} };
  }

  /** Trains these members for a round. @returns the accuracy after it */
  async round(members: readonly number[]): Promise<number> {
    const { seed, parts, innerSteps, precision } = this.#lesson;
    const { round, weights } = this.#anchor;
    const changes = [];
    for (const member of members) {
      const random = new Random(Math.imul(seed * 8191 + round, 131_071) + member);
      const after = await this.#room.trained(weights, random, member % parts, this.#lesson);
      const change = unpackChange(packChange(changeOf(weights, after), precision));
      changes.push({ samples: innerSteps * BATCH, values: change });
    }
    this.#anchor = outerStep(this.#anchor, changes, OUTER);
    return this.#room.accuracy(this.#anchor.weights);
  }
}
