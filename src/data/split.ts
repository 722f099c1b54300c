// Parts of data: to train on and to test with, folds of a cross-validation. Rows are found by their numbers, and taken last.
import { aBoolean, anInteger, aWholeNumber, type Check, type Checks, checkOptions, must } from "../check.ts";
import { ArgumentError, DataError } from "../errors.ts";
import { show } from "../show.ts";
import { Chance, shuffle } from "./chance.ts";
import { countRows, groupsOf, type List, type RowsOf, type SomeRows, takeRows, valuesOfRows } from "./rows.ts";

/** How rows are chosen. */
interface ChoiceOptions {
  /** Of what is drawn: not beside `time` or `shuffle: false`. Default 0. */
  readonly seed?: number;
  /** Whether rows are chosen at random; else in their order, the last ones to test. Default true. */
  readonly shuffle?: boolean;
  /** Classes of the rows, or the column of a table that holds them: every part has each in its share. */
  readonly stratify?: string | List;
  /** Groups of the rows, such as persons, or the column that holds them: no group is in two parts. */
  readonly groups?: string | List;
  /**
   * Times of the rows, numbers, or the column that holds them: what is tested comes after what is trained on. Rows of one time stay
   * together, so that parts may be a little smaller or larger.
   */
  readonly time?: string | List;
}

/** How parts are made. */
export interface SplitOptions extends ChoiceOptions {
  /** Share of the rows to test with, below 1, or a number of rows. Default 0.25. */
  readonly test?: number;
  /** Share of all rows, or number of rows, to validate with. Default 0. */
  readonly validation?: number;
}

/** How folds are made. */
export interface FoldOptions extends ChoiceOptions {
  /** Number of folds. Default 5. */
  readonly folds?: number;
}

/** Which part of data is meant. */
export interface ShardOptions {
  /** Number of the part, from 0 on. */
  readonly member: number;
  /** How many parts there are. */
  readonly of: number;
  /** Of the order in which rows are dealt out, the same for all. Default 0. */
  readonly seed?: number;
}

/** Parts of data; validation is undefined unless it was asked for. */
export interface Split<D> {
  readonly train: SomeRows<D>;
  readonly validation: SomeRows<D> | undefined;
  readonly test: SomeRows<D>;
}

/** One fold to test with, and all others. */
export interface Fold<D> {
  readonly train: SomeRows<D>;
  readonly test: SomeRows<D>;
}

const anything: Check = () => undefined; // checked with the data

const checks: Checks<ChoiceOptions> = {
  seed: anInteger,
  shuffle: aBoolean,
  stratify: anything,
  groups: anything,
  time: anything,
};

function aShare(value: unknown, what: string): void {
  const isShare = typeof value === "number" && value > 0 && (value < 1 || Number.isInteger(value));
  must(isShare || value === 0, value, what, "a share between 0 and 1, or a number of rows");
}

/**
 * Data in parts: tables, lists, arrays { data, shape }, or an object of those such as { x, y }, whose rows stay together; of a number, row
 * numbers. Rows keep their order within a part. As many are tested as scikit-learn takes: the share, rounded up.
 * @throws DataError if a part, or a class in it, would be empty, or all rows are of one time, ArgumentError for options that do not go
 * together
 *
 * @example
 * import { table, trainTestSplit } from "simdgrad/data";
 * const people = table({ age: [31, 46, 27, 58, 40, 35], city: ["Oslo", "Rome", "Oslo", "Rome", "Oslo", "Rome"] });
 * const { train, test } = trainTestSplit(people, { test: 2, stratify: "city", seed: 1 });
 * [...test.toClasses("city").data].sort(); // => [0, 1]
 * train.rows; // => 4
 * const x = { data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), shape: [4, 2] };
 * trainTestSplit({ x, y: [1, 2, 3, 4] }, { shuffle: false }).test; // => { x: { data: [7, 8], shape: [1, 2] }, y: [4] }
 * trainTestSplit(4, { time: [3, 1, 2, 0] }).test; // => [0]
 */
export function trainTestSplit<D extends RowsOf<D>>(data: D, options: SplitOptions = {}): Split<D> {
  const name = "trainTestSplit";
  checkOptions(options, name, { ...checks, test: aShare, validation: aShare });
  const rows = countRows(data, `${name}: data`);
  const choice = choiceOf(data, rows, options, name);
  const { test = 0.25, validation = 0 } = options;
  const sizes = [test, validation].map((share) => (share < 1 ? Math.ceil(share * rows) : share));
  if (sizes[0] === 0 || sizes[0] + sizes[1] >= rows)
    throw new DataError(
      `${name}: of ${rows} rows ${sizes[0]} to test and ${sizes[1]} to validate leave none to train, or none to test`,
    );
  const chance = new Chance(options.seed ?? 0);
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const [others, tested] = splitOff(all, sizes[0], choice, chance, name);
  const [train, validated] = sizes[1] === 0 ? [others] : splitOff(others, sizes[1], choice, chance, name);
  return {
    train: takeRows(data, train),
    validation: validated && takeRows(data, validated),
    test: takeRows(data, tested),
  };
}

/**
 * The folds of a cross-validation, one after the other: each row is tested once. With `time` each is tested by what came before it, as
 * scikit-learn's TimeSeriesSplit; with `groups` folds are as equal as groups allow, as GroupKFold; with `stratify` each has
 * as many of every class, but for one.
 * @throws DataError for fewer rows, groups, or times behind the first, than folds, ArgumentError for options that do not go together
 *
 * @example
 * import { kFold } from "simdgrad/data";
 * const folds = [...kFold(6, { folds: 3, shuffle: false })];
 * folds[1]; // => { train: [0, 1, 4, 5], test: [2, 3] }
 * const y = ["a", "b", "a", "b", "a", "b"];
 * [...kFold({ y }, { folds: 3, stratify: y, shuffle: false })].map(({ test }) => test.y); // => [["a", "b"], ["a", "b"], ["a", "b"]]
 */
export function kFold<D extends RowsOf<D>>(data: D, options: FoldOptions = {}): Generator<Fold<D>> {
  checkOptions(options, "kFold", { ...checks, folds: aWholeNumber(2) });
  const rows = countRows(data, "kFold: data");
  const choice = choiceOf(data, rows, options, "kFold");
  const { folds = 5, seed = 0 } = options;
  if (rows < folds) throw new DataError(`kFold: ${rows} rows make no ${folds} folds`);
  const parts =
    choice.time === undefined ? foldsOf(rows, folds, choice, new Chance(seed)) : laterOf(choice.time, folds);
  return takenFolds(data, parts);
}

/**
 * One member's part of data that all members of a training on many machines have: each row is in the part of one of them, and parts
 * differ by a row at the most. The same seed gives the same parts on every machine; rows keep their order.
 * @throws DataError for fewer rows than members, ArgumentError for a member that there is not
 *
 * @example
 * import { shard } from "simdgrad/data";
 * const parts = [0, 1, 2].map((member) => shard(8, { member, of: 3, seed: 1 }));
 * parts.map((rows) => rows.length); // => [3, 3, 2]
 * parts.flatMap((rows) => [...rows]).sort(); // => [0, 1, 2, 3, 4, 5, 6, 7]
 */
export function shard<D extends RowsOf<D>>(data: D, options: ShardOptions): SomeRows<D> {
  const shape = { member: aWholeNumber(0), of: aWholeNumber(1), seed: anInteger };
  checkOptions(options, "shard", shape, "member", "of");
  const { member, of, seed = 0 } = options;
  must(member < of, member, "shard: member", `below ${of}, as numbers begin with 0`);
  const rows = countRows(data, "shard: data");
  if (rows < of) throw new DataError(`shard: ${rows} rows make no ${of} parts`);
  const order = shuffle(
    Int32Array.from({ length: rows }, (_, i) => i),
    new Chance(seed),
  );
  return takeRows(data, order.filter((_, i) => i % of === member).sort());
}

function* takenFolds<D>(data: D, parts: readonly Fold<number>[]): Generator<Fold<D>> {
  for (const { train, test } of parts) yield { train: takeRows(data, train), test: takeRows(data, test) };
}

interface Choice {
  readonly isShuffled: boolean;
  readonly classes: readonly unknown[] | undefined;
  readonly groups: readonly unknown[] | undefined;
  readonly time: readonly unknown[] | undefined;
}

function choiceOf(data: unknown, rows: number, options: ChoiceOptions, name: string): Choice {
  const given = (["stratify", "groups", "time"] as const).filter((key) => options[key] !== undefined);
  const isInOrder = options.shuffle === false ? "shuffle: false" : options.time !== undefined ? "time" : undefined;
  const drawn = options.shuffle === true ? "shuffle" : options.seed !== undefined ? "seed" : undefined;
  if (isInOrder !== undefined && drawn !== undefined)
    throw new ArgumentError(`${name}: ${drawn} says nothing beside ${isInOrder}: rows keep their order, none is drawn`);
  if (given.length > 1) throw new ArgumentError(`${name}: ${given[0]} and ${given[1]} do not go together`);
  const of = (key: "stratify" | "groups" | "time") =>
    options[key] === undefined ? undefined : valuesOfRows(options[key], data, rows, `${name}: ${key}`);
  const [classes, groups, time] = [of("stratify"), of("groups"), of("time")];
  for (const [i, each] of (time ?? []).entries())
    must(Number.isFinite(each), each, `${name}: time: row ${i}`, "a number");
  return { isShuffled: options.shuffle !== false, classes, groups, time };
}

/** Rows without, and with, so many of them to test. */
function splitOff(
  rows: Int32Array,
  count: number,
  choice: Choice,
  chance: Chance,
  name: string,
): [Int32Array, Int32Array] {
  const chosen = new Set(chosenOf(rows, count, choice, chance, name));
  return [rows.filter((row) => !chosen.has(row)), rows.filter((row) => chosen.has(row))];
}

function chosenOf(rows: Int32Array, count: number, choice: Choice, chance: Chance, name: string): Iterable<number> {
  const { isShuffled, classes, groups, time } = choice;
  if (time !== undefined) {
    const order = byTime(rows, time);
    const borders = bordersOf(order, time);
    if (borders.length === 0)
      throw new DataError(
        `${name}: ${rows.length} rows of one time cannot be in two parts: what is tested comes later`,
      );
    return order.slice(nearest(borders, rows.length - count));
  }
  if (groups !== undefined) return wholeGroups(membersOf(rows, groups), count, isShuffled, chance, name);
  if (classes !== undefined) return sharesOf(membersOf(rows, classes), rows.length, count, isShuffled, chance, name);
  return lastOf(rows.slice(), count, isShuffled, chance);
}

/** The last ones, after a shuffle or without. */
function lastOf<T extends Int32Array | number[]>(rows: T, count: number, isShuffled: boolean, chance: Chance): T {
  if (isShuffled) shuffle(rows, chance);
  return rows.slice(rows.length - count) as T;
}

function byTime(rows: Int32Array, time: readonly unknown[]): Int32Array {
  return rows.slice().sort((a, b) => Number(time[a]) - Number(time[b]) || a - b);
}

/** The places at which a new time begins. */
function bordersOf(order: Int32Array, time: readonly unknown[]): number[] {
  const places = Array.from(order, (_, at) => at);
  return places.filter((at) => at > 0 && time[order[at - 1]] !== time[order[at]]);
}

/** The place nearest to this one, the earlier of two. */
function nearest(places: readonly number[], wanted: number): number {
  return places.reduce((best, place) => (Math.abs(place - wanted) < Math.abs(best - wanted) ? place : best));
}

function membersOf(rows: Int32Array, values: readonly unknown[]): Map<unknown, number[]> {
  const groups = groupsOf(Array.from(rows, (row) => values[row]));
  return new Map(Array.from(groups, ([value, places]) => [value, places.map((place) => rows[place])]));
}

/** So many rows, of each class its share: rounded down, and one more for the largest remainders. */
function sharesOf(
  classes: ReadonlyMap<unknown, number[]>,
  rows: number,
  count: number,
  isShuffled: boolean,
  chance: Chance,
  name: string,
): number[] {
  const rare = [...classes].find(([, members]) => members.length < 2);
  if (rare !== undefined)
    throw new DataError(`${name}: class ${show(rare[0])} has one row, which cannot be in two parts`);
  if (Math.min(count, rows - count) < classes.size)
    throw new DataError(
      `${name}: ${Math.min(count, rows - count)} rows cannot hold one of each of ${classes.size} classes`,
    );
  const shares = [...classes.values()].map((members) => (members.length * count) / rows);
  const counts = shares.map(Math.floor);
  const order = shares.map((_, i) => i).sort((a, b) => shares[b] - counts[b] - (shares[a] - counts[a]) || a - b);
  const left = count - counts.reduce((sum, each) => sum + each, 0);
  for (const i of order.slice(0, left)) counts[i]++;
  return [...classes.values()].flatMap((members, i) => lastOf([...members], counts[i], isShuffled, chance));
}

/** Whole groups, each of which brings the number of their rows nearer to what is asked for. */
function wholeGroups(
  groups: ReadonlyMap<unknown, number[]>,
  count: number,
  isShuffled: boolean,
  chance: Chance,
  name: string,
): number[] {
  if (groups.size < 2) throw new DataError(`${name}: ${groups.size} group cannot be in two parts`);
  const order = [...groups.values()].reverse();
  if (isShuffled) shuffle(order, chance);
  const chosen: number[][] = [];
  let rows = 0;
  for (const group of order) {
    if (Math.abs(rows + group.length - count) >= Math.abs(rows - count)) continue;
    chosen.push(group);
    rows += group.length;
  }
  if (chosen.length === 0) chosen.push(order.reduce((small, group) => (group.length < small.length ? group : small)));
  if (chosen.length === groups.size) chosen.pop();
  return chosen.flat();
}

/** Folds of all rows, by the number of each row's fold. */
function foldsOf(rows: number, folds: number, choice: Choice, chance: Chance): Fold<number>[] {
  const foldOf = numbersOfFolds(rows, folds, choice, chance);
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  return Array.from({ length: folds }, (_, fold) => ({
    train: all.filter((row) => foldOf[row] !== fold),
    test: all.filter((row) => foldOf[row] === fold),
  }));
}

function numbersOfFolds(rows: number, folds: number, choice: Choice, chance: Chance): Int32Array {
  const { isShuffled, classes, groups } = choice;
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const foldOf = new Int32Array(rows);
  if (groups !== undefined) {
    fillGroups(foldOf, membersOf(all, groups), folds, isShuffled, chance);
    return foldOf;
  }
  if (isShuffled) shuffle(all, chance);
  if (classes === undefined) {
    fillEven(foldOf, all, folds);
    return foldOf;
  }
  const members = membersOf(all, classes);
  if (![...members.values()].some((each) => each.length >= folds))
    throw new DataError(`kFold: no class has as many rows as there are folds, ${folds}`);
  for (const [i, row] of [...members.values()].flat().entries()) foldOf[row] = i % folds;
  return foldOf;
}

/** Stretches of an order, the first ones longer by one where they cannot be equal. */
function fillEven(foldOf: Int32Array, order: Int32Array, folds: number): void {
  const [size, more] = [Math.floor(order.length / folds), order.length % folds];
  let at = 0;
  for (let fold = 0; fold < folds; fold++)
    for (const end = at + size + (fold < more ? 1 : 0); at < end; at++) foldOf[order[at]] = fold;
}

/** The largest group goes to the fold with the fewest rows, then the next. */
function fillGroups(
  foldOf: Int32Array,
  groups: ReadonlyMap<unknown, number[]>,
  folds: number,
  isShuffled: boolean,
  chance: Chance,
): void {
  if (groups.size < folds) throw new DataError(`kFold: ${groups.size} groups make no ${folds} folds`);
  const order = [...groups.values()];
  if (isShuffled) shuffle(order, chance);
  const sizes = new Array<number>(folds).fill(0);
  for (const group of order.sort((a, b) => b.length - a.length)) {
    const fold = sizes.indexOf(Math.min(...sizes));
    sizes[fold] += group.length;
    for (const row of group) foldOf[row] = fold;
  }
}

/** Stretches of time at the end, each with all that came before it. */
function laterOf(time: readonly unknown[], folds: number): Fold<number>[] {
  const order = byTime(
    Int32Array.from(time, (_, i) => i),
    time,
  );
  const size = Math.floor(order.length / (folds + 1));
  if (size === 0)
    throw new DataError(`kFold: ${order.length} rows make no ${folds} folds, and a beginning before them`);
  const borders = bordersOf(order, time);
  if (borders.length < folds)
    throw new DataError(
      `kFold: ${borders.length + 1} different times make no ${folds} folds, and a beginning before them`,
    );
  const starts: number[] = [];
  for (let fold = 0; fold < folds; fold++) {
    // One border at the least is left to each of the folds after this one.
    const first = fold === 0 ? 0 : borders.indexOf(starts[fold - 1]) + 1;
    const free = borders.slice(first, borders.length - (folds - 1 - fold));
    starts.push(nearest(free, order.length - (folds - fold) * size));
  }
  return starts.map((start, fold) => ({
    train: order.slice(0, start).sort(),
    test: order.slice(start, starts[fold + 1]).sort(),
  }));
}
