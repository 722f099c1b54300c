// The programs that measure a data set batch by batch. What is a sum is added up on the executor, in two numbers each, so that nothing
// depends on the size of the batches. Loaded when something is measured first.
import { compile } from "../compile/compile.ts";
import { evaluationContext } from "../nn/module.ts";
import type { Program } from "../program/program.ts";
import { ofAnySize, sizeOf } from "../shape.ts";
import { arange, type Tensor } from "../tensor.ts";
import { type Assignment, Variable } from "../variable.ts";
import { withAverages } from "./averaged.ts";
import { checkMeasures } from "./check-measures.ts";
import type { Dataset } from "./dataset.ts";
import type { CountedMetric } from "./metrics.ts";
import { inputsOf, type Recipe } from "./programs.ts";
import { type Measured, measure, rowsAt } from "./step-graph.ts";
import { summed } from "./whole.ts";

/** Numbers that are told at one step. */
const WIDTH = 64;

/** What measures one batch after the other, and begins anew after the last. */
export interface Evaluation {
  /** One a size of batches; a step's scalars are measures of all rows so far. */
  readonly batches: readonly BatchProgram[];
  /** Logs WIDTH of the numbers that a batch leaves for the page, and at its next step the next. Undefined where none are left. */
  readonly telling: Program | undefined;
  /** Metrics that are made of these numbers. */
  readonly counted: readonly Counted[];
  /** Variables that begin at zero. */
  readonly fresh: readonly Variable[];
}

/** A counted metric, with how many numbers it has in all, or with `ofEachRow` a row. */
export interface Counted {
  readonly name: string;
  readonly metric: CountedMetric;
  readonly size: number;
}

/** A program for batches of one size. */
export interface BatchProgram {
  readonly program: Program;
  /** Batches of this size. */
  readonly steps: number;
  /** Steps in which the numbers are told that it leaves: totals of counted metrics so far, what these were rounded by, numbers of rows. */
  readonly tellings: number;
  /** How many numbers are left of each metric of each row. */
  readonly lengths: readonly number[];
}

/** The programs that measure a data set in batches of so many rows. @throws ShapeError and the like for a measure that is none */
export function evaluationOf(recipe: Recipe, data: Dataset, batch: number, name: string): Evaluation {
  checkMeasures(recipe, data);
  const rest = data.rows % batch;
  const sizes = rest > 0 ? [batch, rest] : [batch];
  const row = new Variable([], 0, { dtype: "i32", label: `${name}.row` });
  const measured = sizes.map((rows) => measure(recipe, rowsAt(data, arange(rows).add(row)), evaluationContext()));
  const isOne = batch === data.rows;
  const results = isOne ? [ofAllRows(measured[0])] : ofBatches(recipe, data, sizes, measured, row, name);
  const telling = tellingOf(results, name);
  const batches = results.map(({ scalars, assigned, left }, i): BatchProgram => {
    const next = row.add(sizes[i]);
    const counted: Assignment = [row, next.less(data.rows).select(next, next.like(0))];
    const assignments = [...assigned, ...(telling?.leave(left) ?? []), counted];
    const steps = i === 0 ? Math.floor(data.rows / batch) : 1;
    const lengths = rowsOf(measured[i]).map(({ shape }) => sizeOf(shape));
    return { program: programOf(recipe, scalars, assignments), steps, tellings: tellingsOf(left), lengths };
  });
  const sums = results[0].assigned.map(([variable]) => variable);
  return {
    batches,
    telling: telling?.program,
    counted: countedOf(measured[0]),
    fresh: [row, ...sums, ...(telling?.variables ?? [])],
  };
}

function countedOf(measured: readonly Measured[]): Counted[] {
  return measured.flatMap(({ name, value: { shape }, metric }) =>
    metric ? [{ name, metric, size: shape[metric.ofEachRow ? 1 : 0] }] : [],
  );
}

/** What comes of a batch. */
interface Result {
  readonly scalars: readonly (readonly [string, Tensor])[];
  readonly assigned: readonly Assignment[];
  /** Numbers for the page: f32, [n] each. */
  readonly left: readonly Tensor[];
}

/** One batch is all rows: its measures are theirs. */
function ofAllRows(measured: readonly Measured[]): Result {
  const sums = sumsOf(measured);
  return {
    scalars: scalarsOf(measured),
    assigned: [],
    left: [...sums, ...sums.map((each) => each.like(0)), ...rowsOf(measured)],
  };
}

function scalarsOf(measured: readonly Measured[]): Result["scalars"] {
  return measured.filter(({ metric }) => metric === undefined).map(({ name, value }) => [name, value]);
}

/** Numbers of counted metrics that are added. */
function sumsOf(measured: readonly Measured[]): Tensor[] {
  return measured.filter(({ metric }) => metric && !metric.ofEachRow).map(({ value }) => value);
}

/** Numbers of counted metrics that are kept of each row. */
function rowsOf(measured: readonly Measured[]): Tensor[] {
  return measured.filter(({ metric }) => metric?.ofEachRow).map(({ value }) => value.flatten());
}

/** One an entry of sizes: measures of all rows so far, out of sums over the batches so far. */
function ofBatches(
  recipe: Recipe,
  data: Dataset,
  sizes: readonly number[],
  measured: readonly (readonly Measured[])[],
  row: Variable,
  name: string,
): Result[] {
  const whole = ofAnySize(() => measure(recipe, inputsOf(data, data.rows), evaluationContext()));
  const scalars = scalarsOf(whole).map(([key, value], i) => {
    const batches = measured.map((each) => scalarsOf(each)[i][1]);
    return [key, summed({ batches, whole: value }, sizes, data.rows)] as const;
  });
  const numbers = measured.map((each, i) => [...scalars.flatMap(([, { numbers: own }]) => own[i]), ...sumsOf(each)]);
  const [counted, length] = [lengthOf(sumsOf(whole)), lengthOf(numbers[0])];
  const sum = (part: string) => new Variable([length], 0, { label: `${name}.${part}`, trainable: false });
  const [high, low] = [sum("sums"), sum("rounded")];
  return measured.map((each, i) => {
    const [before, lost] = [high, low].map((variable) => row.equal(0).select(0, variable));
    const [after, rounded] = added(before, lost, together(numbers[i], length));
    // A sum that is infinite was rounded by no number.
    const totals = rounded.equal(rounded).select(after.add(rounded), after);
    let start = 0;
    const results = scalars.map(([key, { numbers: parts, of }]): readonly [string, Tensor] => {
      const own = start;
      start += lengthOf(parts[i]);
      return [key, of((at, size) => totals.narrow(0, own + at, size))];
    });
    const left = counted > 0 ? [after, rounded].map((half) => half.narrow(0, start, counted)) : [];
    const assigned: Assignment[] = [
      [high, after],
      [low, rounded],
    ];
    return { scalars: results, assigned, left: [...left, ...rowsOf(each)] };
  });
}

/** high + low + values as a number and what it was rounded by (Knuth 1969, section 4.2.2, theorem B). */
function added(high: Tensor, low: Tensor, values: Tensor): readonly [Tensor, Tensor] {
  const sum = high.add(values);
  const grown = sum.sub(high);
  const lost = high.sub(sum.sub(grown)).add(values.sub(grown));
  return [sum, low.add(lost)];
}

function lengthOf(parts: readonly Tensor[]): number {
  return parts.reduce((length, { shape }) => length + sizeOf(shape), 0);
}

/** Numbers one after the other, and zeros. (`concat` is nothing that a page which trains needs to load.) */
function together(parts: readonly Tensor[], length: number): Tensor {
  let start = 0;
  const padded = parts.map((part) => {
    const [size] = part.shape;
    start += size;
    return part.pad([[start - size, length - start]]);
  });
  return padded.reduce((all, part) => all.add(part));
}

/** With averages of parameters in the place of the parameters. */
function programOf(recipe: Recipe, scalars: Result["scalars"], assignments: readonly Assignment[]): Program {
  const all = [...scalars, ...assignments].map(([, value]) => value);
  const values = Object.values(withAverages(recipe, Object.fromEntries(all.entries())));
  return compile({
    outputs: Object.fromEntries(scalars.map(([name], i) => [name, values[i]])),
    assignments: assignments.map(([variable], i) => [variable, values[scalars.length + i]]),
    names: recipe.names,
  });
}

/** Steps in which numbers are told. */
function tellingsOf(left: readonly Tensor[]): number {
  return Math.ceil(lengthOf(left) / WIDTH);
}

/** What keeps the numbers that a batch leaves, and tells them, WIDTH at a step. */
function tellingOf(results: readonly Result[], name: string) {
  const lines = Math.max(...results.map(({ left }) => tellingsOf(left)));
  if (lines === 0) return undefined;
  const kept = new Variable([lines, WIDTH], 0, { label: `${name}.numbers`, trainable: false });
  const line = new Variable([], 0, { dtype: "i32", label: `${name}.line` });
  const numbers = kept.gather(line);
  const outputs = Array.from({ length: WIDTH }, (_, i) => [`n${i}`, numbers.narrow(0, i, 1).reshape([])]);
  return {
    variables: [kept, line],
    program: compile({ outputs: Object.fromEntries(outputs), assignments: [[line, line.add(1)]] }),
    leave: (left: readonly Tensor[]): Assignment[] => [
      [kept, together(left, lines * WIDTH).reshape(kept.shape)],
      [line, line.like(0)],
    ],
  };
}

/** Counted metrics, out of all numbers that batches left, one batch after the other. */
export function valuesOf(
  counted: readonly Counted[],
  batches: readonly Omit<BatchProgram, "program">[],
  told: readonly number[],
): (readonly [string, number])[] {
  const ofRows = counted.filter(({ metric }) => metric.ofEachRow);
  const added = counted.reduce((sum, { metric, size }) => sum + (metric.ofEachRow ? 0 : size), 0);
  const kept = new Map(ofRows.map(({ name }) => [name, [] as number[]]));
  let [next, last] = [0, 0];
  for (const { steps, tellings, lengths } of batches)
    for (let step = 0; step < steps; step++) {
      let at = next + 2 * added;
      for (const [i, { name }] of ofRows.entries())
        for (const end = at + lengths[i]; at < end; at++) kept.get(name)?.push(told[at]);
      last = next;
      next += tellings * WIDTH;
    }
  return counted.map(({ name, metric, size }) => {
    const total = (_: unknown, at: number) => told[last + at] + (told[last + added + at] || 0); // of an infinite one NaN is left
    const numbers = kept.get(name) ?? Array.from({ length: size }, total);
    if (!metric.ofEachRow) last += size;
    return [name, metric.value(Float64Array.from(numbers), size)];
  });
}
