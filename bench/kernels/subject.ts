// One case on one machine: loaded with data, its results, and the seconds of a step. No executor: what is timed is `run` alone.
import Benchmark from "benchmark";
import { compile, type Program } from "../../src/index.ts";
import type { TypedArray } from "../../src/runtime/executor.ts";
import type { Loaded, Machine } from "../../src/runtime/machine.ts";
import type { Space } from "../../src/runtime/space.ts";
import { sizeOf } from "../../src/shape.ts";
import type { Case } from "./cases.ts";

/** Seconds that a sample takes at least, about. */
const SAMPLE = 5e-3;

const noLog = new Float64Array(0);

export class Subject {
  /** Outputs, then new values of variables, after the first step. */
  results: readonly TypedArray[] = [];
  /** Relative margin of error of a step's time in percent, by Benchmark's samples: one after the other, not in rounds. */
  error = Number.NaN;
  /** That the latest sample took. */
  seconds = 0;
  readonly #machine: Machine;
  readonly #space: Space;
  readonly #id: number;
  readonly #loaded: Loaded;
  #steps: number | undefined;

  private constructor(machine: Machine, space: Space, { computation, limit = 1 }: Case) {
    this.#machine = machine;
    this.#space = space;
    const program = compile(computation());
    if (program.logged.length > 0) throw new Error("scalars are logged, which is no part of a kernel");
    this.#id = space.load(program);
    this.#loaded = space.loaded(this.#id);
    this.#fill(program, limit);
  }

  /** A case ready to be timed: with what the machine makes for programs of many steps, and after its first one. */
  static async of(machine: Machine, space: Space, each: Case): Promise<Subject> {
    const subject = new Subject(machine, space, each);
    const { program } = subject.#loaded;
    await machine.prepare?.(subject.#loaded);
    machine.execute(subject.#loaded, 1, noLog, 0);
    subject.results = [
      ...program.outputs.map(({ name }) => space.read({ program: subject.#id, name })),
      ...program.variables.map(({ key }) => space.read({ variable: key })),
    ];
    return subject;
  }

  #fill(program: Program, limit: number): void {
    for (const { key, shape, dtype } of program.variables)
      this.#space.write({ variable: key }, someNumbers(sizeOf(shape), dtype === "i32", limit));
    for (const { name, shape, dtype } of program.inputs)
      this.#space.write({ program: this.#id, name }, someNumbers(sizeOf(shape), dtype === "i32", limit));
  }

  /**
   * Seconds of a step: the mean of so many as Benchmark found to take long enough. One step goes ahead untimed, for the others drove
   * this one's data out of the caches.
   */
  sample(): number {
    this.#steps ??= this.#calibrated();
    this.#machine.execute(this.#loaded, 1, noLog, 0);
    const start = performance.now();
    this.#machine.execute(this.#loaded, this.#steps, noLog, 0);
    this.seconds = (performance.now() - start) / 1e3;
    return this.seconds / this.#steps;
  }

  /** Also warms the machine up, and finds how far a case, left to itself, strays. */
  #calibrated(): number {
    const step = () => this.#machine.execute(this.#loaded, 1, noLog, 0);
    // A bound function has no source: Benchmark would else compile it out of reach of what it closes over.
    const options = { fn: step.bind(undefined), minSamples: 3, maxTime: 0, minTime: SAMPLE };
    const { count, stats } = new Benchmark(options).run();
    this.error = stats.rme;
    return Math.min(count, this.#machine.maxSteps(this.#loaded));
  }

  end(): void {
    this.#space.unload(this.#id);
    for (const { key } of this.#loaded.program.variables) this.#space.forget(key);
  }
}

/** In (0, 1), never the same twice in a row; integers in 0..limit. */
function someNumbers(length: number, isInteger: boolean, limit: number): Float32Array | Int32Array {
  if (isInteger) return Int32Array.from({ length }, (_, i) => (i * 7919) % limit);
  return Float32Array.from({ length }, (_, i) => 0.02 + 0.96 * ((i * 0.618034) % 1));
}
