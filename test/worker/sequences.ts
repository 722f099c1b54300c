// Random sequences of what callers do with an executor, while its workers die at random moments. A plain model (ledger.ts) says what
// everything that the executor tells must be.
import { DisposedError, type Executor, type ProgramId, type RunHandle } from "simdgrad";
import { type AnyWorker, connect, type SpawnOptions } from "simdgrad/worker";
import { Book, type Entry, type Step, stepsOf } from "./ledger.ts";
import { type Workers, wait } from "./platform.ts";
import { type Random, randomOf } from "./random.ts";

/** What one sequence does. Programs and runs are named by their places: programs as loaded, runs as begun. */
type Act =
  | { readonly act: "load"; readonly factor: number }
  | { readonly act: "unload"; readonly program: number }
  | { readonly act: "write"; readonly place: "balance" | "rate" | number; readonly value: number }
  | { readonly act: "read" }
  | { readonly act: "run"; readonly plan: readonly (readonly [number, number])[]; readonly repeat: number }
  | { readonly act: "predict"; readonly program: number; readonly value: number }
  | { readonly act: "pause" | "resume" | "stop"; readonly run: number }
  | { readonly act: "kill" }
  | { readonly act: "wait"; readonly milliseconds: number };

interface Sequence {
  readonly seed: number;
  readonly options: SpawnOptions;
  readonly acts: readonly (Act & { readonly awaited: boolean })[];
  /** Dispose while runs are open, or stop them and look at what they left. */
  readonly ends: "dispose" | "stop";
}

/** Milliseconds that a worker may be silent; and those within which everything must settle. */
const PATIENCE = 3000;
const DEADLINE = PATIENCE + 2000;

function sequenceOf(seed: number): Sequence {
  const random = randomOf(seed);
  const every = random.among([1, 10, 50, 1e9]);
  const length = 10 + random.below(16);
  return {
    seed,
    options: {
      ...random.among([{ executor: "js" }, { executor: "js" }, { build: "portable", threads: 1 }] as const),
      respawn: { every, attempts: 10 },
      patience: PATIENCE,
    },
    acts: Array.from({ length }, (_, i) => ({ ...actOf(random, i), awaited: random.next() < 0.5 })),
    ends: random.among(["dispose", "stop", "stop"]),
  };
}

function actOf(random: Random, place: number): Act {
  const value = 1000 * place + random.below(1000) - 5000;
  const [program, run] = [random.below(3), random.below(4)];
  const choices: readonly (() => Act)[] = [
    () => ({ act: "write", place: random.among(["balance", "rate", 0, 1, 2]), value }),
    () => ({ act: "read" }),
    () => ({ act: "run", plan: [[program, 1]], repeat: Number.POSITIVE_INFINITY }),
    () => ({
      act: "run",
      plan: [
        [program, 1 + random.below(4)],
        [0, random.below(3)],
        [1, 5],
      ],
      repeat: 1 + random.below(300),
    }),
    () => ({ act: "predict", program, value }),
    () => ({ act: random.among(["pause", "resume"]), run }),
    () => ({ act: "stop", run }),
    () => ({ act: "kill" }),
    () => ({ act: "kill" }),
    () => ({ act: "wait", milliseconds: random.below(12) }),
    () => ({ act: "wait", milliseconds: random.below(60) }),
  ];
  const rare: readonly (() => Act)[] = [
    () => ({ act: "load", factor: 11 + 2 * random.below(4) }),
    () => ({ act: "unload", program }),
  ];
  return random.among(random.next() < 0.15 ? rare : choices)();
}

/** A run under observation. */
interface Watched {
  readonly handle: RunHandle;
  readonly programs: readonly ProgramId[];
  readonly done: Promise<unknown>;
  /** Steps that the model knows of. */
  steps: number;
  /** Where it must stand, once a pause is answered. */
  stands: number | undefined;
  open: boolean;
}

/** What all sequences together did. */
export interface Tally {
  kills: number;
  takeovers: number;
  steps: number;
}

class Player {
  readonly #book: Book;
  readonly #executor: Executor;
  readonly #kill: () => void;
  readonly #runs: Watched[] = [];
  readonly #waiting: Promise<unknown>[] = [];
  /** Of which a run may end with a DisposedError. */
  readonly #unloaded = new Set<ProgramId>();
  #disposed = false;
  #failure: unknown;
  steps = 0;

  constructor(executor: Executor, kill: () => void) {
    this.#executor = executor;
    this.#book = new Book(executor);
    this.#kill = kill;
  }

  async play({ acts, ends }: Sequence): Promise<void> {
    for (const factor of [3, 5, 9]) await this.#book.load(factor);
    for (const act of acts) {
      const done = this.#do(act);
      this.#waiting.push(done);
      if (act.awaited) await done;
      this.#check(() => this.#observe());
    }
    if (ends === "dispose") await this.#dispose();
    else await this.#settle();
    await Promise.all(this.#waiting);
    if (this.#failure !== undefined) throw this.#failure;
  }

  #do(act: Act): Promise<unknown> {
    const { programs } = this.#book;
    const program = (place: number) => programs[place % programs.length];
    switch (act.act) {
      case "load":
        return this.#within("load", this.#book.load(act.factor), () => {});
      case "unload":
        return this.#unload(program(act.program));
      case "write":
        return this.#write(typeof act.place === "number" ? program(act.place) : act.place, act.value);
      case "read":
        return this.#read();
      case "run":
        return this.#run(
          act.plan.map(([place, steps]) => [program(place), steps]),
          act.repeat,
        );
      case "predict":
        return Promise.all([this.#write(program(act.program), act.value), this.#predict(program(act.program))]);
      case "pause":
      case "resume":
      case "stop":
        return this.#steer(act.act, this.#among(act.run));
      case "kill":
        this.#kill();
        return Promise.resolve();
      case "wait":
        return wait(act.milliseconds);
    }
  }

  #write(place: Entry["place"], value: number): Promise<unknown> {
    const entry = { place, value };
    this.#book.model.asked(entry);
    const written = this.#executor.write(this.#book.slotOf(place), [value]);
    return this.#within(`write ${place}`, written, () => this.#book.model.answered(entry));
  }

  #unload(id: ProgramId): Promise<unknown> {
    if (this.#book.programs.length === 1) return Promise.resolve();
    this.#book.programs.splice(this.#book.programs.indexOf(id), 1);
    this.#unloaded.add(id);
    return this.#within("unload", this.#executor.unload(id), () => {});
  }

  #read(): Promise<unknown> {
    return this.#within("read", this.#book.read(), (reading) => {
      const known = this.#book.model.reading();
      for (const [name, value] of Object.entries(reading)) same(`read ${name}`, value, known[name]);
    });
  }

  /** @returns at once: nobody waits for a run without an end */
  async #run(plan: readonly (readonly [ProgramId, number])[], repeat: number): Promise<void> {
    if (this.#runs.filter(({ open }) => open).length >= 3) return;
    this.#begin(plan, { repeat });
  }

  /** A run of one step that comes before others. */
  async #predict(program: ProgramId): Promise<void> {
    await this.#within("predict", this.#begin([[program, 1]], { urgent: true }).done, () => {});
  }

  #begin(plan: readonly (readonly [ProgramId, number])[], options: Parameters<Executor["run"]>[1]): Watched {
    const handle = this.#executor.run(plan, options);
    const programs = plan.map(([id]) => id);
    const once = plan.reduce((sum, [, steps]) => sum + steps, 0);
    const ended = handle.done.finally(() => {
      run.open = false;
    });
    const done = this.#quietly(this.#orUnloaded(ended, programs), (result) => {
      this.#observe();
      if (result === undefined) return;
      same("steps at the end", result.steps, handle.steps);
      if (!result.stopped) same("steps of the whole plan", result.steps, once * (options?.repeat ?? 1));
    });
    const run: Watched = { handle, programs, done, steps: 0, stands: undefined, open: true };
    this.#runs.push(run);
    return run;
  }

  /** One that is open, if there are any; else one that is over. */
  #among(place: number): Watched | undefined {
    const open = this.#runs.filter((run) => run.open);
    const runs = open.length > 0 ? open : this.#runs;
    return runs[place % Math.max(1, runs.length)];
  }

  #steer(how: "pause" | "resume" | "stop", run: Watched | undefined): Promise<unknown> {
    if (run === undefined) return Promise.resolve();
    run.stands = undefined;
    if (how === "resume") {
      run.handle.resume();
      return Promise.resolve();
    }
    if (how === "stop") return this.#within("stop", this.#orUnloaded(run.handle.stop(), run.programs), () => {});
    run.stands = Number.NaN; // to be known
    return this.#within("pause", run.handle.pause(), () => {
      if (Number.isNaN(run.stands)) run.stands = run.handle.steps;
    });
  }

  /** The model learns of all steps that were told, and everything that can be compared is. */
  #observe(): void {
    const steps: Step[] = [];
    for (const run of this.#runs) {
      const own = stepsOf(run.handle.takeLog());
      for (const step of own) steps.push(step);
      run.steps += own.length;
      same("steps of a run", run.handle.steps, run.steps);
      if (run.stands !== undefined && !Number.isNaN(run.stands)) same("steps while paused", run.steps, run.stands);
    }
    for (const step of steps.sort((one, other) => one.next - other.next)) this.#book.model.told(step);
    this.steps += steps.length;
  }

  async #settle(): Promise<void> {
    for (const run of this.#runs) void this.#steer("stop", run);
    await this.#within("the runs' ends", Promise.all(this.#runs.map(({ done }) => done)), () => {});
    await Promise.all(this.#waiting);
    await this.#read();
    await this.#executor.dispose();
  }

  async #dispose(): Promise<void> {
    this.#disposed = true;
    await this.#within("dispose", this.#executor.dispose(), () => {});
    await this.#within("the runs' ends", Promise.all(this.#runs.map(({ done }) => done)), () => {});
  }

  /** Observes before it looks at what was answered, which is as of the same moment. */
  #within<T>(name: string, answer: Promise<T>, look: (value: T) => void): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${name} did not settle`)), DEADLINE);
    });
    const observed = this.#quietly(answer, (value) => {
      this.#observe();
      look(value);
    });
    return this.#quietly(Promise.race([observed, late]), () => {}).finally(() => clearTimeout(timer));
  }

  /** A run may end with an error where one of its programs was unloaded. */
  async #orUnloaded<T>(ended: Promise<T>, programs: readonly ProgramId[]): Promise<T | undefined> {
    try {
      return await ended;
    } catch (error) {
      if (error instanceof DisposedError && programs.some((id) => this.#unloaded.has(id))) return undefined;
      throw error;
    }
  }

  /** Keeps the first failure for the end. */
  #quietly<T>(answer: Promise<T>, look: (value: T) => void): Promise<void> {
    return answer.then(
      (value) => this.#check(() => look(value)),
      (error: unknown) => {
        if (!(this.#disposed && error instanceof DisposedError)) this.#failure ??= error;
      },
    );
  }

  #check(look: () => void): void {
    try {
      if (this.#failure === undefined) look();
    } catch (error) {
      this.#failure = error;
    }
  }
}

function same(what: string, found: unknown, expected: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`${what}: ${JSON.stringify(found)}, but it must be ${JSON.stringify(expected)}`);
}

/** Plays the sequence of a seed. @throws Error with the sequence where something is not as the model says */
export async function playSequence(seed: number, { start, kill }: Workers, tally: Tally): Promise<void> {
  const sequence = sequenceOf(seed);
  const started: AnyWorker[] = [];
  const killed = new Set<AnyWorker>();
  const executor = await connect(() => {
    started.push(start());
    return started[started.length - 1];
  }, sequence.options);
  const player = new Player(executor, () => {
    const worker = started[started.length - 1];
    if (killed.has(worker)) return; // the next one is not there yet
    killed.add(worker);
    void kill(worker);
  });
  try {
    await player.play(sequence);
  } catch (error) {
    const acts = sequence.acts.map((act) => `  ${JSON.stringify(act)}`).join("\n");
    const { options, ends } = sequence;
    throw new Error(`seed ${seed}: ${error}\n${JSON.stringify({ options, ends })}\n${acts}`, { cause: error });
  } finally {
    await executor.dispose();
  }
  tally.kills += killed.size;
  tally.takeovers += started.length - 1;
  tally.steps += player.steps;
}
