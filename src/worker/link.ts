// A connection to one worker, from its beginning to its end. Comlink alone would wait for ever for a dead worker: here every call is
// rejected once the worker is known to be dead, and one that is silent for too long is ended.
import { isRecord } from "../check.ts";
import { WorkerError } from "../errors.ts";
import type { ExecutorInfo } from "../runtime/executor.ts";
import { type Remote, releaseProxy, transfer, wrap } from "./comlink.ts";
import { LONGEST_DELAY } from "./delay.ts";
import { type Host, hostOf } from "./host.ts";
import { type Answer, type Begin, fromWire, type News, type Service } from "./wire.ts";
import type { AnyWorker } from "./workers.ts";

/** Looks at the worker within the time that it may be silent, at least. */
const LOOKS = 4;

export type Call = keyof Service;
type ResultOf<K extends Call> = ReturnType<Service[K]> extends Answer<infer T> ? T : never;

/** Who listens to a worker. */
export interface Listener {
  /** Of all news, before the call is settled whose answer they came with. */
  told(news: News): void;
  /** Of the worker's death, once. */
  died(error: WorkerError): void;
}

export class Link {
  readonly #host: Host;
  readonly #service: Remote<Service>;
  readonly #listener: Listener;
  readonly #patience: number;
  readonly #looks: number;
  /** Of calls that wait for their answers. */
  readonly #waiting = new Set<(error: Error) => void>();
  /** Ends the waiting for the worker's lock. */
  readonly #watch = new AbortController();
  /** Why it ended. */
  #error: Error | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Looks since the last sign of life. */
  #silent = 0;
  /** Calls that somebody waits for. */
  #held = 0;

  constructor(worker: AnyWorker, patience: number, listener: Listener) {
    this.#listener = listener;
    this.#patience = patience;
    this.#looks = Math.max(LOOKS, Math.ceil(patience / LONGEST_DELAY));
    this.#host = hostOf(worker, (reason, cause) => this.fail(new WorkerError(`the worker ${reason}`, { cause })));
    this.#service = wrap<Service>(this.#host.endpoint);
    this.#host.hold(false);
  }

  get ended(): boolean {
    return this.#error !== undefined;
  }

  /** Has the worker make its executor. */
  async begin(settings: Omit<Begin, "lock">): Promise<ExecutorInfo> {
    // Without randomUUID (a page that came by plain http) there are no locks either.
    const lock = this.#host.silent ? (globalThis.crypto?.randomUUID?.() ?? "") : "";
    const { info, locked } = await this.call("begin", [{ ...settings, lock }]);
    if (locked) {
      const died = () => this.fail(new WorkerError("the worker was ended"));
      navigator.locks.request(lock, { signal: this.#watch.signal }, died).catch(() => {}); // given up in end()
    }
    return info;
  }

  /** One call of the service; the buffers go over to it. `idle` calls keep no process alive. @throws WorkerError, what it throws */
  call<K extends Call>(
    name: K,
    args: Parameters<Service[K]>,
    options: { readonly transfer?: Transferable[]; readonly idle?: boolean } = {},
  ): Promise<ResultOf<K>> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) {
        reject(this.#error);
        return;
      }
      const settled = () => {
        this.#waiting.delete(reject);
        this.#silent = 0;
        if (!options.idle) this.#release();
      };
      this.#waiting.add(reject);
      if (!options.idle) this.#retain();
      const [first, ...rest] = args;
      const given = options.transfer === undefined ? args : [transfer(first as object, options.transfer), ...rest];
      const method = this.#service[name] as unknown as (...args: readonly unknown[]) => Answer<ResultOf<K>>;
      method(...given).then(
        (answer) => {
          if (this.#error !== undefined) return; // too late: the call is rejected
          if (!isAnswer(answer)) {
            this.fail(new WorkerError("the worker answers, but it does not serve an executor"));
            return;
          }
          settled();
          this.#listener.told(answer.news);
          if ("error" in answer) reject(fromWire(answer.error));
          else resolve(answer.value);
        },
        (error: unknown) => {
          if (this.#error !== undefined) return;
          settled();
          reject(new WorkerError(`the worker could not be asked: ${error instanceof Error ? error.message : error}`));
        },
      );
    });
  }

  #retain(): void {
    if (this.#held++ > 0) return;
    this.#host.hold(true);
    this.#silent = 0;
    if (this.#patience < Number.POSITIVE_INFINITY) this.#look();
  }

  #release(): void {
    if (--this.#held > 0) return;
    this.#host.hold(false);
    clearTimeout(this.#timer);
  }

  /** Counts looks, not milliseconds: a page that slept has made none, and its worker slept, too. */
  #look(): void {
    this.#timer = setTimeout(() => {
      if (this.#silent >= this.#looks) {
        this.fail(new WorkerError(`the worker has not answered for ${this.#patience / 1000} s`));
        return;
      }
      if (this.#silent++ === 0) this.call("ping", [], { idle: true }).catch(() => {});
      this.#look();
    }, this.#patience / this.#looks);
  }

  /** Gives the worker up for dead. */
  fail(error: WorkerError): void {
    if (this.#error !== undefined) return;
    void this.end(error);
    this.#listener.died(error);
  }

  /** Ends the worker, and with it all that waits. */
  async end(error: Error): Promise<void> {
    if (this.#error !== undefined) return;
    this.#error = error;
    clearTimeout(this.#timer);
    this.#watch.abort();
    for (const reject of this.#waiting) reject(error);
    this.#waiting.clear();
    this.#service[releaseProxy]();
    await this.#host.end();
  }
}

/** Whether it is an answer of the service: whoever runs something else may answer anything. */
function isAnswer(value: unknown): boolean {
  const { news } = isRecord(value) ? value : {};
  const { events, logs } = isRecord(news) ? news : {};
  return Array.isArray(events) && Array.isArray(logs);
}
