// Random histories of an executor in this thread: orders are given without waiting for one another, before its machine has come, between
// any two slices, and after its end. What they answer must be what a plain model (model.ts) answers; every one settles.
import { expect, test } from "vitest";
import * as op from "../../assembly/isa/opcode.ts";
import { DisposedError, ProgramError } from "../../src/errors.ts";
import type { ProgramId, RunHandle } from "../../src/runtime/executor.ts";
import { createJsMachine } from "../../src/runtime/js/machine.ts";
import { LocalExecutor } from "../../src/runtime/local-executor.ts";
import { numbers } from "../random.ts";
import { counter } from "./contract-programs.ts";
import { Encoder } from "./encode.ts";
import { type Counter, Model, ModelRun, type Refusal } from "./model.ts";

const HISTORIES = process.env.SOAK ? 20_000 : 500;
const ORDERS = 50;
/** Turns of the event loop after which a promise counts as one that never settles: a history takes a hundred. */
const NEVER = 20_000;
const KEYS = ["n", "m", "k"];
/** Words that a machine here has: few, so that what is not given back is missed. */
const WORDS = 20_000;

type Chance = (below: number) => number;

async function pass(chance: Chance): Promise<void> {
  const kind = chance(4);
  for (let tick = chance(5); kind === 1 && tick > 0; tick--) await undefined;
  for (let turn = 1 + chance(3); kind === 2 && turn > 0; turn--) await new Promise(setImmediate);
}

/** A machine of few words that comes, and has what it needs for a program, after some turns. */
async function machineOf(chance: Chance) {
  const machine = createJsMachine("float32");
  for (let late = chance(6); late > 0; late--) await pass(chance);
  return { ...machine, limit: machine.start + WORDS, ready: () => pass(chance) };
}

/** A clock by which three steps fill a slice. */
function clock() {
  let time = 0;
  return {
    now: () => {
      time += 4;
      return time;
    },
  };
}

interface Running {
  readonly model: ModelRun;
  readonly handle: RunHandle;
}

class History {
  readonly #chance: Chance;
  readonly #executor: LocalExecutor;
  readonly #model = new Model();
  readonly #ids = new Map<Counter, ProgramId>();
  readonly #running: Running[] = [];
  readonly #open = new Set<string>();
  /** Calls that had not been answered when it was disposed of. */
  #waited: ReadonlySet<string> = new Set();
  readonly log: string[] = [];
  readonly complaints: string[] = [];

  constructor(seed: number) {
    const random = numbers(seed);
    this.#chance = (below) => Math.floor(random() * below);
    const later = numbers(seed + 1e6);
    const machine = machineOf((below) => Math.floor(later() * below));
    this.#executor = new LocalExecutor({ name: "js", tile: "", threads: 1, fallback: "" }, machine, {}, clock());
  }

  async run(): Promise<void> {
    const end = this.#chance(3) === 0 ? this.#chance(ORDERS) : ORDERS;
    for (let order = 0; order < ORDERS; order++) {
      if (order === end) this.#dispose();
      this.#look();
      this.#order();
      await pass(this.#chance);
    }
    this.#look();
    for (const { model, handle } of this.#running) {
      if (model.repeat < Number.POSITIVE_INFINITY && this.#chance(2) === 0) {
        model.paused = false;
        handle.resume();
      } else this.#stop({ model, handle });
    }
    // Those that go on come to their end; then all is given back.
    for (let turn = 0; turn < NEVER && [...this.#open].some((name) => name.includes("run")); turn++)
      await new Promise(setImmediate);
    this.#look();
    this.#dispose();
    for (let turn = 0; turn < NEVER && this.#open.size > 0; turn++) await new Promise(setImmediate);
    for (const name of this.#open) this.complaints.push(`${name} never settles`);
  }

  /** Tells the model how many steps its runs have made. */
  #look(): void {
    for (const [i, { model, handle }] of this.#running.entries()) {
      const wrong = this.#model.advance(model, handle.steps);
      if (wrong !== undefined) this.complaints.push(`run ${i} ${wrong}`);
    }
  }

  #order(): void {
    const orders = [
      () => this.#load(),
      () => this.#load(),
      () => this.#refuse(),
      () => this.#unload(),
      () => this.#forget(),
      () => this.#write(),
      () => this.#write(),
      () => this.#read(),
      () => this.#read(),
      () => this.#run(),
      () => this.#run(),
      () => this.#pause(),
      () => this.#resume(),
      () => this.#any(this.#running, (running) => this.#stop(running)),
    ];
    orders[this.#chance(orders.length)]();
  }

  #any<T>(all: readonly T[], act: (one: T) => void): void {
    if (all.length > 0) act(all[this.#chance(all.length)]);
  }

  /** What a call must answer: a value, or an error of a class. */
  #expect<T>(
    name: string,
    call: Promise<T>,
    expected: Refusal | undefined,
    check: (value: T) => boolean = () => true,
  ): void {
    const known = `${this.log.length} ${name}`;
    this.log.push(known);
    this.#open.add(known);
    call
      .then(
        (value) => {
          if (expected !== undefined) this.complaints.push(`${known} was answered, not refused by ${expected.name}`);
          else if (!check(value)) this.complaints.push(`${known} answered ${JSON.stringify(value)}`);
        },
        (error: unknown) => {
          // What waited when it was disposed of may have come too late.
          if (error instanceof DisposedError && this.#waited.has(known)) return;
          if (expected === undefined || !(error instanceof expected)) this.complaints.push(`${known}: ${error}`);
        },
      )
      .finally(() => this.#open.delete(known));
  }

  #load(): void {
    const key = KEYS[this.#chance(KEYS.length)];
    const by = 1 + this.#chance(3);
    const expected = this.#model.load(key, by);
    const loading = this.#executor.load(counter(key, by));
    if (typeof expected === "function") {
      this.#expect(`load ${key} ${by}`, loading, expected);
      return;
    }
    this.#expect(`load ${key} ${by}`, loading, undefined, (id) => this.#ids.set(expected, id).size > 0);
  }

  /** A program that is none: nothing of it is kept. */
  #refuse(): void {
    const e = new Encoder();
    e.variable(`none ${this.log.length}`, [WORDS / 4]);
    const program = { ...e.program(), code: Int32Array.of(op.OPCODES | (1 << 8)) };
    const needy = { ...counter("unknown"), needs: ["unknown"] };
    const expected = this.#model.read("none");
    if (this.#chance(2) === 0)
      this.#expect(
        "load of no program",
        this.#executor.load(program),
        this.#model.disposed ? (expected as Refusal) : ProgramError,
      );
    else this.#expect("load of a needy program", this.#executor.load(needy), expected as Refusal);
  }

  #unload(): void {
    this.#any([...this.#ids], ([program, id]) => {
      this.#expect(`unload ${id}`, this.#executor.unload(id), this.#model.unload(program));
    });
  }

  #forget(): void {
    const key = KEYS[this.#chance(KEYS.length)];
    this.#expect(`forget ${key}`, this.#executor.forget(key), this.#model.forget(key));
  }

  #write(): void {
    const key = KEYS[this.#chance(KEYS.length)];
    const value = this.#chance(1e6);
    const data = this.#chance(2) === 0 ? Int32Array.of(value) : [value];
    this.#expect(`write ${key} ${value}`, this.#executor.write({ variable: key }, data), this.#model.write(key, value));
    data[0] = 777; // what counts is what it held at the call
  }

  #read(): void {
    const key = KEYS[this.#chance(KEYS.length)];
    const expected = this.#model.read(key);
    const answered = this.#executor.readAll([{ variable: key }]).then(([[value]]) => value);
    if (typeof expected === "number")
      this.#expect(`read ${key} = ${expected}`, answered, undefined, (value) => value === expected);
    else this.#expect(`read ${key}`, answered, expected);
  }

  #run(): void {
    const programs = [...this.#ids];
    if (programs.length === 0) return;
    const entries = Array.from({ length: this.#chance(3) }, () => {
      const [program, id] = programs[this.#chance(programs.length)];
      return { program, id, steps: this.#chance(20) };
    });
    const repeat = [1, 1, 3, Number.POSITIVE_INFINITY][this.#chance(4)];
    const urgent = this.#chance(3) === 0;
    const expected = this.#model.run(
      entries.map(({ program, steps }) => [program, steps]),
      repeat,
    );
    const plan = entries.map(({ id, steps }): [number, number] => [id, steps]);
    const handle = this.#executor.run(plan, { repeat, urgent });
    for (const entry of plan) entry[1] = 777;
    plan.length = 0;
    const name = `${urgent ? "urgent " : ""}run ${JSON.stringify(entries.map(({ id, steps }) => [id, steps]))} x ${repeat}`;
    if (!(expected instanceof ModelRun)) {
      this.#expect(name, handle.done, expected);
      return;
    }
    this.#running.push({ model: expected, handle });
    this.#expect(
      name,
      handle.done.then(
        (result) => this.#ended(expected, handle, result),
        (error: unknown) => this.#ended(expected, handle, error),
      ),
      undefined,
      (right) => right,
    );
  }

  /** Whether a run ended as it must. */
  #ended(run: ModelRun, { steps }: RunHandle, outcome: unknown): boolean {
    const ends = Object.assign(new ModelRun(run.plan, run.repeat), { steps, stopped: run.stopped }).ends(this.#model);
    return ends.some((end) =>
      typeof end === "function" ? outcome instanceof end : JSON.stringify(outcome) === JSON.stringify(end),
    );
  }

  #pause(): void {
    this.#any(this.#running, ({ model, handle }) => {
      model.paused = true;
      this.#expect(`pause ${this.#running.findIndex((each) => each.handle === handle)}`, handle.pause(), undefined);
    });
  }

  #resume(): void {
    this.#any(this.#running, ({ model, handle }) => {
      this.log.push(`resume ${this.#running.findIndex((each) => each.handle === handle)}`);
      model.paused = false;
      handle.resume();
    });
  }

  #stop({ model, handle }: Running): void {
    model.stopped = true;
    const stopping = handle.stop().then(
      (result) => this.#ended(model, handle, result),
      (error: unknown) => this.#ended(model, handle, error),
    );
    this.#expect(
      `stop of run ${this.#running.findIndex((each) => each.handle === handle)}`,
      stopping,
      undefined,
      (right) => right,
    );
  }

  #dispose(): void {
    if (this.#model.disposed) return;
    this.#look();
    this.#model.dispose();
    this.#waited = new Set(this.#open);
    this.#expect("dispose", this.#executor.dispose(), undefined);
  }
}

test(`${HISTORIES} histories are those of a plain model, and nothing spins behind them`, async () => {
  for (let seed = 1; seed <= HISTORIES; seed++) {
    const history = new History(seed);
    await history.run();
    if (history.complaints.length > 0)
      expect.fail([`seed ${seed}:`, ...history.complaints, "history:", ...history.log].join("\n"));
  }
  await new Promise(setImmediate);
  expect(process.getActiveResourcesInfo().filter((name) => name === "Immediate")).toEqual([]);
}, 3_600_000);
