// Functions of the caller's own that run in workers: the side that calls them, and the side of the worker.
import { aFunction, aText, aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError, DisposedError, type WorkerError } from "../errors.ts";
import { show } from "../show.ts";
import { ModuleWorker, type WorkerModule } from "./module-worker.ts";
import { portOf } from "./served.ts";
import { fromWire, toWire, type WireError } from "./wire.ts";

/** Where a function runs. */
export interface WorkerFunctionOptions {
  /** Most workers, each of which runs one call at a time. They start with the calls that need them. Default 2. */
  readonly workers?: number;
  /** Milliseconds in which a module is to call `serveFunctions`: what it loads before counts. Default 60,000. */
  readonly patience?: number;
}

/** A function that runs in workers. */
export interface WorkerFunction<A extends readonly unknown[], R> {
  (...args: A): Promise<Awaited<R>>;
  /** Calls that run at once. Further ones wait, in their order. */
  readonly parallel: number;
  /** Ends the workers; calls that wait are rejected. */
  end(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What a worker is told. */
interface ToWorker {
  readonly call: string;
  readonly args: readonly unknown[];
}

/** What a worker says. */
type FromWorker = { readonly value: unknown } | { readonly error: WireError };

/** A call that somebody waits for. */
interface Call {
  readonly args: readonly unknown[];
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

const NAMES = {
  name: "simdgrad functions",
  called: "the function's worker",
  caller: "workerFunction",
  serves: "serveFunctions()",
};

/** A worker that runs one call at a time. */
class FunctionWorker {
  readonly #worker: ModuleWorker<ToWorker, FromWorker>;
  readonly #began: Promise<void>;
  #settle: ((answer: FromWorker | Error) => void) | undefined;

  constructor(module: WorkerModule, patience: number | undefined) {
    this.#worker = new ModuleWorker(module, NAMES, {
      heard: (message) => this.#settle?.(message),
      died: (error: WorkerError) => this.#settle?.(error),
    });
    this.#began = this.#worker.begin(patience);
    this.#began.catch(() => {}); // told by run()
  }

  get ended(): boolean {
    return this.#worker.error !== undefined;
  }

  /** @throws what the function throws, WorkerError if the worker dies, ArgumentError for what cannot be sent */
  async run(name: string, args: readonly unknown[]): Promise<unknown> {
    this.#worker.hold(true);
    try {
      await this.#began;
      const answer = await new Promise<FromWorker | Error>((settle) => {
        if (this.#worker.error !== undefined) return settle(this.#worker.error);
        this.#settle = settle;
        this.#say(name, args);
      });
      if (answer instanceof Error) throw answer;
      if ("error" in answer) throw fromWire(answer.error);
      return answer.value;
    } finally {
      this.#settle = undefined;
      if (!this.ended) this.#worker.hold(false);
    }
  }

  #say(name: string, args: readonly unknown[]): void {
    try {
      this.#worker.say({ call: name, args });
    } catch (cause) {
      const { message } = cause as Error;
      this.#settle?.(new ArgumentError(`${name}: what it is called with cannot go to a worker: ${message}`, { cause }));
    }
  }

  async end(): Promise<void> {
    await this.#worker.end();
    this.#settle?.(new DisposedError("the function was ended"));
  }
}

/** Workers of one function, and calls that wait for them. */
class Pool {
  readonly #module: WorkerModule;
  readonly #name: string;
  readonly #most: number;
  readonly #patience: number | undefined;
  readonly #all = new Set<FunctionWorker>();
  readonly #free: FunctionWorker[] = [];
  readonly #waiting: Call[] = [];
  #isOver = false;

  constructor(module: WorkerModule, name: string, most: number, patience: number | undefined) {
    this.#module = module;
    this.#name = name;
    this.#most = most;
    this.#patience = patience;
  }

  call(args: readonly unknown[]): Promise<never> {
    return new Promise((resolve, reject) => {
      if (this.#isOver) return reject(new DisposedError(`${this.#name}: the function was ended`));
      this.#waiting.push({ args, resolve, reject });
      this.#next();
    });
  }

  /** Gives the oldest call that waits to a worker that is free, or to a new one. */
  #next(): void {
    for (const worker of this.#free.filter(({ ended }) => ended)) this.#drop(worker);
    if (this.#waiting.length === 0 || (this.#free.length === 0 && this.#all.size === this.#most)) return;
    const call = this.#waiting.shift() as Call;
    try {
      void this.#run(this.#free.pop() ?? this.#start(), call);
    } catch (error) {
      call.reject(error as Error);
    }
  }

  /** Of a worker that died: the next call starts another one. */
  #drop(worker: FunctionWorker): void {
    this.#all.delete(worker);
    const place = this.#free.indexOf(worker);
    if (place >= 0) this.#free.splice(place, 1);
  }

  #start(): FunctionWorker {
    const worker = new FunctionWorker(this.#module, this.#patience);
    this.#all.add(worker);
    return worker;
  }

  async #run(worker: FunctionWorker, { args, resolve, reject }: Call): Promise<void> {
    try {
      resolve((await worker.run(this.#name, args)) as never);
    } catch (error) {
      reject(error as Error);
    }
    if (worker.ended)
      this.#all.delete(worker); // the next call starts another one
    else this.#free.push(worker);
    this.#next();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    for (const { reject } of this.#waiting.splice(0))
      reject(new DisposedError(`${this.#name}: the function was ended`));
    await Promise.all(Array.from(this.#all, (worker) => worker.end()));
    this.#all.clear();
  }
}

/**
 * A function of a module that runs in workers, in pages and in Node: what it is called with, and what it gives, is copied (structured clone). The
 * module serves it by `serveFunctions`. It is for `map` of a pipeline, which then has as many calls running as there are workers. A call
 * whose worker dies is rejected; the next one starts another worker. In Node idle workers keep no process alive.
 * @throws ArgumentError for what is no module; by a call what the function throws, WorkerError if its worker dies, or cannot be
 * started, DisposedError after end()
 *
 * @example
 * import { pipeline } from "simdgrad/data";
 * import { workerFunction } from "simdgrad/worker";
 * // A file beside this one would do: import { serveFunctions } from "simdgrad/worker"; serveFunctions({ square });
 * const code = `import { serveFunctions } from ${JSON.stringify(import.meta.resolve("simdgrad/worker"))};
 * serveFunctions({ square: (x) => x * x });`;
 * const module = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
 * const square = workerFunction<[number], number>(module, "square", { workers: 2 });
 * await square(3); // => 9
 * const squares: number[] = [];
 * for await (const each of pipeline([1, 2, 3, 4]).map(square)) squares.push(each);
 * squares; // => [1, 4, 9, 16]
 * await square.end();
 */
export function workerFunction<A extends readonly unknown[] = readonly never[], R = unknown>(
  module: WorkerModule,
  name: string,
  options: WorkerFunctionOptions = {},
): WorkerFunction<A, R> {
  const isModule = module instanceof URL || typeof module === "function";
  must(isModule, module, "workerFunction: module", "the URL of a module, or a function that starts a worker");
  aText(name, "workerFunction: name");
  checkOptions(options, "workerFunction", { workers: aWholeNumber(1, 1024), patience: aWholeNumber(1) });
  const { workers = 2, patience } = options;
  const pool = new Pool(module, name, workers, patience);
  const end = () => pool.end();
  return Object.assign((...args: A) => pool.call(args), { parallel: workers, end, [Symbol.asyncDispose]: end });
}

/**
 * Serves functions by their names from the module of a worker, for `workerFunction(module, name)`: an object of them, or a module's namespace. Outside
 * workers it does nothing.
 * @throws ArgumentError for what is no object, or holds what is no function
 *
 * @example
 * import { serveFunctions, workerFunction } from "simdgrad/worker";
 * const code = `import { serveFunctions } from ${JSON.stringify(import.meta.resolve("simdgrad/worker"))};
 * serveFunctions({ length: (text) => text.length, half: (x) => x / 2 });`;
 * const module = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
 * await using length = workerFunction<[string], number>(module, "length");
 * await length("four"); // => 4
 */
export function serveFunctions(functions: Readonly<Record<string, (...args: never) => unknown>>): void {
  const isNamespace = Object.prototype.toString.call(functions) === "[object Module]";
  must(isRecord(functions) || isNamespace, functions, "serveFunctions: functions", "an object of functions by names");
  for (const [name, each] of Object.entries(functions)) aFunction(each, `serveFunctions: ${name}`);
  const port = portOf<ToWorker, FromWorker>("functions");
  port?.hear(async ({ call, args }) => {
    try {
      if (!Object.hasOwn(functions, call))
        throw new ArgumentError(
          `the worker's module serves no function ${show(call)}, only [${Object.keys(functions).join(", ")}]`,
        );
      const value = await functions[call](...(args as never));
      port.say({ value });
    } catch (error) {
      port.say({ error: toWire(error) });
    }
  });
}
