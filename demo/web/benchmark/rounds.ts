// Measuring in turns: every contender is checked and warmed up, then each round asks one after the other, so that all share the machine's mood.
import { DisposedError } from "simdgrad";
import { type WorkerFunction, workerFunction } from "simdgrad/worker";
import { median } from "../../../bench/median.ts";
import { type ContenderName, contenders } from "./contenders.ts";
import type { NetworkName } from "./networks.ts";
import { measured } from "./networks.ts";
import type { Answer, Order, Start } from "./order.ts";

const CHECKED = 3; // steps after which all must have the same loss
const FAR = 1e-4; // relative: single precision leaves a tenth of it, another batch or rate makes a hundred times as much
const REQUEST = 80; // ms that one request takes, about
const WARM_UPS = 2; // requests of that length before the first that counts
const SLOW = 400; // ms of a step of which few rounds must do
const FEW = 3;
const PATIENCE = 20_000; // ms of a first step that is too long for more
const BREATH = 20; // ms between requests: teams of threads spin for a while before they sleep

/** What was found of one contender on one network. */
export interface Finding {
  readonly network: NetworkName;
  readonly contender: ContenderName;
  /** Median of the rounds, milliseconds a step; undefined where it was not measured. */
  readonly ms: number | undefined;
  /** Of each round. */
  readonly times: readonly number[];
  /** Why it was not. */
  readonly note: string;
  readonly engine: string;
}

export interface Listeners {
  /** What is being done, in words. */
  readonly onState: (text: string) => void;
  readonly onProgress: (share: number) => void;
  readonly onSteps: (steps: number) => void;
  readonly onFinding: (finding: Finding) => void;
}

type Ask = WorkerFunction<[Order], string | Answer>;

interface Entry {
  readonly contender: ContenderName;
  readonly ask: Ask;
  readonly engine: string;
  readonly times: number[];
  steps: number;
}

export class Measurement {
  readonly #networks: readonly NetworkName[];
  readonly #contenders: readonly ContenderName[];
  readonly #rounds: number;
  readonly #listeners: Listeners;
  readonly #open = new Set<{ end(): Promise<void> }>();
  #cancelled = false;
  #going: Promise<void> = Promise.resolve();
  #goOn: (() => void) | undefined;
  #done = 0;

  constructor(
    networks: readonly NetworkName[],
    contenders: readonly ContenderName[],
    rounds: number,
    listeners: Listeners,
  ) {
    this.#networks = networks;
    this.#contenders = contenders;
    this.#rounds = rounds;
    this.#listeners = listeners;
  }

  /** Measures everything; resolves to false if it was cancelled. */
  async run(): Promise<boolean> {
    try {
      for (const network of this.#networks) await this.#measure(network);
      return true;
    } catch (error) {
      if (this.#cancelled) return false;
      throw error;
    } finally {
      await this.#end();
    }
  }

  /** Asks for nothing from the request under way on, until resume(). */
  pause(): void {
    this.#going = new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }

  resume(): void {
    this.#goOn?.();
  }

  async cancel(): Promise<void> {
    this.#cancelled = true;
    this.resume();
    await this.#end();
  }

  async #end(): Promise<void> {
    const all = [...this.#open];
    this.#open.clear();
    await Promise.all(all.map((each) => each.end()));
  }

  async #measure(network: NetworkName): Promise<void> {
    const { onState, onFinding } = this.#listeners;
    const { name, network: row } = measured[network];
    onState(`${name}: getting ready …`);
    const start = await this.#startOf(network);
    const entries: Entry[] = [];
    let expected: number | undefined;
    for (const contender of this.#contenders) {
      onState(`${name}: ${contenders[contender].name} warms up …`);
      const failed = (note: string) => {
        onFinding({ network, contender, ms: undefined, times: [], note, engine: "" });
        this.#tell(this.#rounds);
      };
      try {
        const ask = this.#workerOf(contender);
        const engine = (await ask({ contender: contenders[contender], start })) as string;
        const first = await this.#ask(ask, 1);
        if (first.ms > PATIENCE) {
          failed(`not measured: its first step took ${Math.round(first.ms / 1000)} s`);
          continue;
        }
        const { ms, loss } = await this.#ask(ask, CHECKED - 1);
        expected ??= loss;
        if (Math.abs(loss / expected - 1) > FAR) failed(`not measured: its loss is ${loss}, not ${expected}`);
        else entries.push({ contender, ask, engine, times: [], steps: await this.#warmUp(ask, row.steps, ms) });
      } catch (error) {
        if (this.#cancelled || error instanceof DisposedError) throw error;
        failed(`not supported: ${reason(error)}`);
      }
    }
    for (let round = 0; round < this.#rounds; round++) {
      onState(`${name}: round ${round + 1} of ${this.#rounds}`);
      for (const entry of entries) await this.#turn(entry, round);
    }
    for (const { contender, times, engine } of entries)
      onFinding({ network, contender, ms: median(times), times, note: "", engine });
    await this.#end();
  }

  async #turn(entry: Entry, round: number): Promise<void> {
    const isSlow = entry.times.length >= FEW && median(entry.times) > SLOW;
    if (!isSlow || round < FEW) {
      await new Promise((resolve) => setTimeout(resolve, BREATH));
      const { ms } = await this.#ask(entry.ask, entry.steps);
      entry.times.push(ms);
      this.#listeners.onSteps(entry.steps);
    }
    this.#tell(1);
  }

  #tell(requests: number): void {
    this.#done += requests;
    const all = this.#networks.length * this.#contenders.length * this.#rounds;
    this.#listeners.onProgress(this.#done / all);
  }

  /** What all contenders of a network start from, made in a worker. */
  async #startOf(network: NetworkName): Promise<Start> {
    const start = workerFunction<[NetworkName], Start>(ownWorker, "start", { workers: 1 });
    this.#open.add(start);
    const made = await start(network);
    this.#open.delete(start);
    await start.end();
    return made;
  }

  #workerOf(contender: ContenderName): Ask {
    const module = contenders[contender].worker === "own" ? ownWorker : peerWorker;
    const ask: Ask = workerFunction<[Order], string | Answer>(module, "contender", { workers: 1 });
    this.#open.add(ask);
    return ask;
  }

  async #ask(ask: Ask, steps: number): Promise<Answer> {
    await this.#going;
    if (this.#cancelled) throw new DisposedError("the measurement was cancelled");
    return (await ask({ steps })) as Answer;
  }

  /** Steps of a request, once a request of so many takes as long as it should; the steps before took so many milliseconds. */
  async #warmUp(ask: Ask, most: number, before: number): Promise<number> {
    let steps = stepsOf(before, most);
    for (let again = before > SLOW ? 0 : WARM_UPS; again > 0; ) {
      const { ms } = await this.#ask(ask, steps);
      if (steps === most || ms * steps > REQUEST / 2) again--;
      steps = stepsOf(ms, most);
    }
    return steps;
  }
}

function stepsOf(ms: number, most: number): number {
  return Math.max(1, Math.min(most, Math.round(REQUEST / ms)));
}

const ownWorker = () => new Worker(new URL("./own-worker.ts", import.meta.url), { type: "module" });
const peerWorker = () => new Worker(new URL("./peer-worker.ts", import.meta.url), { type: "module" });

/** The first line of what it said. */
function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace("Error in the worker: ", "").split("\n")[0].slice(0, 200);
}
