// Places for the rows of a stream in an executor's memory: two, which are filled and trained on in turn, so that one is written while the
// steps of the other are made. Programs name a place, not its rows: they are compiled once a place and size of batches.
import { compile } from "../compile/compile.ts";
import type { Executor, Write } from "../runtime/executor.ts";
import { type Aval, sameShape } from "../shape.ts";
import { arange } from "../tensor.ts";
import { type Assignment, Variable } from "../variable.ts";
import { type Dataset, likeParts, partsOf } from "./dataset.ts";
import { ROWS } from "./place.ts";
import type { Recipe, Rows } from "./programs.ts";
import { rowsAt, type StepGraph, stepGraphOn } from "./step-graph.ts";
import type { Block, Column, SampleRow } from "./stream-rows.ts";

/** A place for rows. */
interface Slot {
  readonly data: Pick<Dataset, "x" | "y" | "sampleWeight">;
  /** Of these, by column. */
  readonly rows: readonly Variable[];
  /** Where the rows of the next step begin, and where those end of the last step of an epoch; -1 where none is here. */
  readonly start: Variable;
  readonly end: Variable;
}

/** How many slots there are. */
export const SLOTS = 2;

export class Slots {
  readonly columns: readonly Column[];
  readonly batch: number;
  /** Rows of a slot. */
  readonly capacity: number;
  readonly #executor: Executor;
  readonly #slots: readonly Slot[];

  private constructor(executor: Executor, row: SampleRow, columns: readonly Column[], batch: number, capacity: number) {
    this.#executor = executor;
    this.columns = columns;
    this.batch = batch;
    this.capacity = capacity;
    this.#slots = Array.from({ length: SLOTS }, (_, i) => slotOf(row, capacity, `stream${i}`));
  }

  static async create(
    executor: Executor,
    row: SampleRow,
    columns: readonly Column[],
    batch: number,
    capacity: number,
  ): Promise<Slots> {
    const slots = new Slots(executor, row, columns, batch, capacity);
    // Assigning a variable to itself is no instruction, but it gives the variable its place.
    const places = slots.#variables.map((variable): Assignment => [variable, variable]);
    await executor.unload(await executor.load(compile({ assignments: places })));
    return slots;
  }

  get #variables(): Variable[] {
    return this.#slots.flatMap(({ rows, start, end }) => [...rows, start, end]);
  }

  /** Whether rows of these columns are trained on in these batches here. */
  fits(columns: readonly Column[], batch: number): boolean {
    const own = this.columns;
    const fits = ({ name, dtype, shape }: Column, i: number) =>
      name === own[i].name && dtype === own[i].dtype && sameShape(shape, own[i].shape);
    return batch === this.batch && columns.length === own.length && columns.every(fits);
  }

  /** Names a slot's program for batches of so many rows. */
  key(slot: number, size: number, ignores: boolean): string {
    return `stream ${this.#slots[slot].start.key} ${size} ${ignores}`;
  }

  /** A step on so many rows of a slot. */
  graph(recipe: Recipe, slot: number, size: number, ignores: boolean): StepGraph {
    const { start, end } = this.#slots[slot];
    const data: Dataset = { ...this.#slots[slot].data, rows: this.capacity, ignores };
    const batch: Rows = size === this.capacity ? data : rowsAt(data, arange(size).add(start));
    const { row, epoch } = recipe.counters;
    const next = start.add(size);
    const more = row.add(size);
    const counted = more.less(2 * ROWS).select(more, more.sub(ROWS));
    const ends = next.equal(end);
    return stepGraphOn(recipe, batch, [
      [row, ends.select(row.like(0), counted)],
      [epoch, ends.select(epoch.add(1), epoch)],
      [start, next],
    ]);
  }

  /** Puts rows, as many as a slot has, into one; an epoch may end with some row of them. */
  fill(slot: number, block: Block, epochEnd: number): Promise<void> {
    const { rows, start, end } = this.#slots[slot];
    const writes: Write[] = rows.map(({ key }, i) => ({ slot: { variable: key }, data: block.data[i] }));
    writes.push({ slot: { variable: start.key }, data: [0] }, { slot: { variable: end.key }, data: [epochEnd] });
    return this.#executor.writeAll(writes);
  }

  /** Frees it, once no program names it. */
  async dispose(): Promise<void> {
    for (const { key } of this.#variables) await this.#executor.forget(key);
  }
}

function slotOf(row: SampleRow, capacity: number, name: string): Slot {
  const variable = (shape: readonly number[], dtype: Column["dtype"], part: string) =>
    new Variable(shape, 0, { dtype, label: `${name}.${part}`, trainable: false });
  const data = likeParts<Aval, Variable>(row, ({ dtype, shape }, part) => variable([capacity, ...shape], dtype, part));
  return {
    data,
    rows: partsOf<Variable>(data).map(([, each]) => each),
    start: variable([], "i32", "start"),
    end: variable([], "i32", "end"),
  };
}

/** Lets go of slots, and of their programs. */
export async function forgetSlots(
  kept: { slots?: Slots | undefined },
  forget: (prefix: string) => Promise<void>,
): Promise<void> {
  const { slots } = kept;
  kept.slots = undefined;
  await forget("stream ");
  await slots?.dispose();
}
