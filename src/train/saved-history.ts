// The history as arrays of a snapshot, one a column, and back. Loaded with the first snapshot.
import { isRecord, must } from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { ArgumentError } from "../errors.ts";
import type { Minimizer } from "../optim/minimizer.ts";
import { sizeOf } from "../shape.ts";
import type { Epoch, History, Part } from "./history.ts";
import { PLACE, placeState, type Streamed, streamedOf } from "./place.ts";
import type { Workshop } from "./plan.ts";
import type { StateDict } from "./state.ts";

type Columns = Readonly<Record<string, Float64Array>>;

/** A state with what it has behind it: its epochs, its place in a stream, if it is in one, and what its minimizer remembers. */
export function pastState(
  history: History,
  streamed: Streamed | undefined,
  { recipe: { counters, names }, minimizer }: Workshop,
  state: StateDict,
): StateDict {
  checkWhole("snapshot", minimizer);
  const [epoch, row] = [counters.epoch, counters.row].map((each) => state[names.get(each) as string].data[0]);
  return {
    ...state,
    ...placeState(streamed?.at(epoch, row)),
    ...historyState(history, epoch),
    ...partState(history.part, row),
    ...memoryState(minimizer),
  };
}

/** The same out of arrays by their paths. @throws ArgumentError for what is no such array */
export function pastOf(entries: readonly (readonly [string, unknown])[], { recipe, minimizer }: Workshop) {
  checkWhole("restore", minimizer);
  const place = entries.find(([path]) => path === PLACE);
  const parts = entries.filter(([path]) => path.startsWith(PART));
  const memories = entries.filter(([path]) => path.startsWith(MEMORY));
  const others = entries.filter((each) => each !== place && !parts.includes(each) && !memories.includes(each));
  const history = historyOf(columnsOf(others));
  const part = partOf(columnsOf(parts));
  if (minimizer === undefined && memories.length > 0)
    throw new ArgumentError(`restore: missing [], unknown [${memories.map(([path]) => path).join(", ")}]`);
  const parameters = [...recipe.parameters.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const memory = Object.fromEntries(
    memories.map(([path, given]) => [path.slice(MEMORY.length), column(given, path, "an array of numbers")]),
  );
  return {
    history: { ...history, ...(part && { part }) },
    streamed: place && streamedOf(listOf(place[1])),
    remember: () => minimizer?.restore?.(memory, parameters),
  };
}

/** @throws ArgumentError for a minimizer that does not tell what it has learned */
function checkWhole(name: string, minimizer: Minimizer | undefined): void {
  if (minimizer && !(minimizer.state && minimizer.restore))
    throw new ArgumentError(`${name}: this optimizer keeps state outside of variables; use stateDict()`);
}

/** Where what a minimizer remembers is. */
const MEMORY = "minimizer.";

function memoryState(minimizer: Minimizer | undefined): StateDict {
  const memory = Object.entries(minimizer?.state?.() ?? {});
  return Object.fromEntries(memory.map(([name, data]) => [MEMORY + name, { data, shape: [data.length] }]));
}

/** Where the sums of an epoch under way are. */
const PART = "history.part.";
const SUMS = "part.sums.";

/** The sums of an epoch of which so many rows were trained on; none where they are of others. */
function partState(part: Part | undefined, rows: number): StateDict {
  if (part === undefined || part.rows === 0 || part.rows !== rows) return {};
  const { sums, total, ...numbers } = part;
  const known = total === undefined ? numbers : { ...numbers, total };
  const all = [...Object.entries(known), ...Array.from(sums, ([name, sum]) => [`sums.${name}`, sum] as const)];
  return Object.fromEntries(all.map(([name, value]) => [PART + name, { data: Float64Array.of(value), shape: [1] }]));
}

/** @throws ArgumentError for numbers that are missing */
function partOf(columns: Columns): Part | undefined {
  const names = Object.keys(columns);
  if (names.length === 0) return undefined;
  const number = (name: string): number => {
    const [value] = columns[`part.${name}`] ?? [];
    if (value === undefined) throw new ArgumentError(`restore: missing [${PART}${name}], unknown []`);
    return value;
  };
  const sums = names.filter((name) => name.startsWith(SUMS)).map((name) => [name.slice(SUMS.length), columns[name][0]]);
  return {
    steps: number("steps"),
    rows: number("rows"),
    loss: number("loss"),
    milliseconds: number("milliseconds"),
    ...(columns["part.total"] && { total: number("total") }),
    sums: new Map(sums as [string, number][]),
  };
}

/** The epochs that a state with this counter has behind it, as arrays by their paths; none where there are none. */
function historyState({ epochs, counters }: History, counter: number): StateDict {
  const made = epochs.filter((_, i) => counters[i] <= counter);
  const own = counters.filter((each) => each <= counter);
  if (made.length === 0) return {};
  const numbers = (values: readonly (number | undefined)[]) =>
    Float64Array.from(values, (value) => value ?? Number.NaN);
  const columns: [string, NumericArray["data"]][] = [
    ["epoch", Int32Array.from(made, ({ epoch }) => epoch)],
    ["counter", Int32Array.from(own)],
    ["loss", numbers(made.map(({ loss }) => loss))],
    ["seconds", numbers(made.map(({ seconds }) => seconds))],
  ];
  const rates = made.map(({ learningRate }) => learningRate);
  if (rates.some((rate) => rate !== undefined)) columns.push(["learningRate", numbers(rates)]);
  for (const name of namesIn(made.map(({ metrics }) => metrics)))
    columns.push([`metrics.${name}`, numbers(made.map(({ metrics }) => entryOf(metrics, name)))]);
  const validations = made.map(({ validation }) => validation);
  if (validations.some((each) => each !== undefined))
    columns.push(["validated", Uint8Array.from(validations, (each) => (each === undefined ? 0 : 1))]);
  for (const name of namesIn(validations.map((each) => each ?? {})))
    columns.push([`validation.${name}`, numbers(validations.map((each) => entryOf(each ?? {}, name)))]);
  return Object.fromEntries(columns.map(([name, data]) => [`history.${name}`, { data, shape: [data.length] }]));
}

/** Columns by their names, as a snapshot holds them by their paths. @throws ArgumentError for what is no list of numbers */
function columnsOf(entries: readonly (readonly [string, unknown])[]): Columns {
  return Object.fromEntries(entries.map(([path, given]) => [path.slice("history.".length), column(given, path)]));
}

function column(given: unknown, path: string, expected = "an array of numbers, one an epoch"): Float64Array {
  const list = listOf(given);
  const values = isList(list) ? Array.from(list) : [undefined];
  const areNumbers = values.every((value) => typeof value === "number");
  must(areNumbers, given, `restore: ${path}`, expected);
  return Float64Array.from(values as number[]);
}

/** JSON makes an object of a typed array. */
function listOf(given: unknown): unknown {
  return isRecord(given) && Object.keys(given).length > 0 ? Object.values(given) : given;
}

function isList(given: unknown): given is ArrayLike<unknown> {
  return Array.isArray(given) || (ArrayBuffer.isView(given) && !(given instanceof DataView));
}

/** The history out of its columns. @throws ArgumentError for columns that are missing or of different lengths */
function historyOf(columns: Columns): History {
  const names = Object.keys(columns);
  if (names.length === 0) return { epochs: [], counters: [] };
  const { epoch, counter, loss, seconds, learningRate, validated } = columns;
  for (const [name, column] of Object.entries({ epoch, counter, loss, seconds }))
    if (column === undefined) throw new ArgumentError(`restore: missing [history.${name}], unknown []`);
  for (const name of names)
    if (columns[name].length !== epoch.length)
      throw new ArgumentError(`restore: history.${name} holds ${columns[name].length} epochs of ${epoch.length}`);
  const within = (part: string, i: number): Record<string, number> =>
    Object.fromEntries(
      names.filter((name) => name.startsWith(part)).map((name) => [name.slice(part.length), columns[name][i]]),
    );
  const epochs = Array.from(
    epoch,
    (number, i): Epoch => ({
      epoch: number,
      loss: loss[i],
      metrics: within("metrics.", i),
      ...(validated?.[i] && { validation: within("validation.", i) as Epoch["validation"] }),
      ...(learningRate && !Number.isNaN(learningRate[i]) && { learningRate: learningRate[i] }),
      seconds: seconds[i],
    }),
  );
  return { epochs, counters: [...counter] };
}

function namesIn(all: readonly Readonly<Record<string, number>>[]): Set<string> {
  return new Set(all.flatMap((each) => Object.keys(each)));
}

function entryOf(record: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
