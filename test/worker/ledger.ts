// Small programs over shared variables whose every step can be told from what it logs, and a plain model of them: what state, inputs and
// outputs must be after the steps that an executor told of.
import { compile, constant, type Executor, input, type ProgramId, type Slot, Variable } from "simdgrad";
import type { LogRows } from "../../src/runtime/executor.ts";

/** Whole numbers of 32 bits, as in the programs. */
export interface Ledger {
  readonly count: Variable;
  readonly balance: Variable;
  /** Read by the programs, written by nobody but the caller. */
  readonly rate: Variable;
}

function newLedger(): Ledger {
  const scalar = (label: string) => new Variable([], 0, { dtype: "i32", label });
  return { count: scalar("count"), balance: scalar("balance"), rate: scalar("rate") };
}

/** balance = factor balance + x + rate, and count = count + 1. Two programs with different factors do not commute. */
function entryProgram({ count, balance, rate }: Ledger, factor: number) {
  const x = input([], "i32");
  const after = balance.mul(factor).add(x).add(rate);
  const next = count.add(1);
  const row = after.add(constant(Int32Array.of(0, 1, 2)));
  return compile({
    inputs: { x },
    outputs: { next, before: balance.add(0), used: x.add(0), at: rate.add(0), row },
    assignments: [
      [balance, after],
      [count, next],
    ],
  });
}

/** What the caller may write. */
export type Place = "balance" | "rate" | ProgramId;

export interface Entry {
  readonly place: Place;
  readonly value: number;
}

/** What a step logged. */
export interface Step {
  readonly program: ProgramId;
  readonly next: number;
  readonly before: number;
  readonly used: number;
  readonly at: number;
}

export function stepsOf(rows: readonly LogRows[]): Step[] {
  return rows.flatMap(({ program, names, values, steps }) =>
    Array.from({ length: steps }, (_, step) => {
      const value = (name: string) => values[step * names.length + names.indexOf(name)];
      return { program, next: value("next"), before: value("before"), used: value("used"), at: value("at") };
    }),
  );
}

/** Everything that can be read, by name. */
export type Reading = Readonly<Record<string, readonly number[]>>;

interface Known {
  readonly factor: number;
  input: number;
  row: readonly number[];
  used: number;
}

/** The plain model. */
class LedgerModel {
  readonly #programs = new Map<ProgramId, Known>();
  #count = 0;
  #balance = 0;
  #rate = 0;
  /** Asked for, in this order; not known to have been done. */
  #asked: Entry[] = [];

  loaded(id: ProgramId, factor: number): void {
    this.#programs.set(id, { factor, input: 0, row: [0, 0, 0], used: 0 });
  }

  /** A write was asked for: it is done between some two steps from now on. */
  asked(entry: Entry): void {
    this.#asked.push(entry);
  }

  /** A write was answered: it is done before every step that is not told yet. */
  answered(entry: Entry): void {
    while (this.#asked.includes(entry)) this.#writeNext();
  }

  answeredAll(): void {
    while (this.#writeNext());
  }

  /** A step was told. @throws Error if no order of what was asked for explains it */
  told(step: Step): void {
    while (!this.#explains(step)) if (!this.#writeNext()) throw new Error(this.#contradiction(step));
    const program = this.#program(step.program);
    this.#balance = (Math.imul(this.#balance, program.factor) + program.input + this.#rate) | 0;
    this.#count++;
    program.row = [0, 1, 2].map((i) => (this.#balance + i) | 0);
    program.used = program.input;
  }

  reading(): Reading {
    const programs = Array.from(this.#programs, ([id, { input, row, used }]) => [
      [`${id}.x`, [input]],
      [`${id}.row`, row],
      [`${id}.used`, [used]],
    ]);
    return {
      count: [this.#count],
      balance: [this.#balance],
      rate: [this.#rate],
      ...Object.fromEntries(programs.flat()),
    };
  }

  #explains({ program, next, before, used, at }: Step): boolean {
    const known = this.#program(program);
    return next === this.#count + 1 && before === this.#balance && used === known.input && at === this.#rate;
  }

  #writeNext(): boolean {
    const entry = this.#asked.shift();
    if (entry === undefined) return false;
    if (entry.place === "balance") this.#balance = entry.value;
    else if (entry.place === "rate") this.#rate = entry.value;
    else this.#program(entry.place).input = entry.value;
    return true;
  }

  #contradiction(step: Step): string {
    return `told of ${JSON.stringify(step)}, but the state before was ${JSON.stringify(this.reading())}`;
  }

  #program(id: ProgramId): Known {
    const known = this.#programs.get(id);
    if (known === undefined) throw new Error(`no program ${id}`);
    return known;
  }
}

/** A ledger on an executor, with its model. */
export class Book {
  readonly model = new LedgerModel();
  readonly ledger = newLedger();
  readonly executor: Executor;
  readonly programs: ProgramId[] = [];

  constructor(executor: Executor) {
    this.executor = executor;
  }

  async load(factor: number): Promise<ProgramId> {
    const id = await this.executor.load(entryProgram(this.ledger, factor));
    this.programs.push(id);
    this.model.loaded(id, factor);
    return id;
  }

  slotOf(place: Place): Slot {
    return typeof place === "number" ? { program: place, name: "x" } : { variable: this.ledger[place].key };
  }

  /** Everything that can be read, as of one moment. */
  async read(): Promise<Reading> {
    const named: [string, Slot][] = (["count", "balance", "rate"] as const).map((name) => [
      name,
      { variable: this.ledger[name].key },
    ]);
    for (const program of this.programs)
      for (const name of ["x", "row", "used"]) named.push([`${program}.${name}`, { program, name }]);
    const values = await this.executor.readAll(named.map(([, slot]) => slot));
    return Object.fromEntries(named.map(([name], i) => [name, [...values[i]]]));
  }
}
