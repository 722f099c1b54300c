// What may be searched: parameters with a range or a list of values, and branches of further parameters. A parameter is data and a scale:
// where a value lies between 0 and 1, and which value lies there. No randomness is here.
import { aFiniteNumber, aPositiveNumber, aWholeNumber, checkOptions, isRecord, must } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { show } from "../show.ts";
import { exp, log } from "./math.ts";

/** What one parameter may hold. */
export type Value = number | string | boolean | null;

/** A parameter of one value. */
export interface Leaf<T extends Value = Value> {
  /** The call that made it, such as `uniform(0, 1)`: equal texts are equal parameters. */
  readonly form: string;
  /** How many values there are; infinitely many on a continuous scale. */
  readonly count: number;
  /** Whether values have an order and a distance. */
  readonly isNumeric: boolean;
  /** The value at a place from 0 to 1. */
  at(place: number): T;
  /** Value i of those of a scale that is not continuous. */
  nth(i: number): T;
  /** The place of a value: of one of several, the middle of its share. */
  place(value: T): number;
  /** Begin and end of a value's share of the scale; the same on a continuous one. */
  share(value: T): readonly [from: number, to: number];
  isValue(value: unknown): value is T;
}

/** A parameter whose value decides which others there are. */
export interface Branches<B extends Readonly<Record<string, Space>> = Readonly<Record<string, Space>>> {
  readonly branches: B;
}

/** Parameters by their names. */
export interface Space {
  readonly [name: string]: Leaf | Branches;
}

type ValueOf<P> =
  P extends Branches<infer B>
    ? { [K in keyof B]: { readonly kind: K } & Values<B[K]> }[keyof B]
    : P extends Leaf<infer T>
      ? T
      : never;

/** What a trial of a space is given. */
export type Values<S extends Space> = { readonly [K in keyof S]: ValueOf<S[K]> };

/** Where the values of a range lie. */
interface StepOptions {
  /** Distance of one value from the next, counted from the lowest. */
  readonly step?: number;
}

/** Values of a range, all of which can be counted and told apart. */
const MOST_VALUES = 2 ** 48;

function inRange(low: number, high: number, name: string): void {
  must(high >= low, high, `${name}: high`, `at least low ${low}`);
}

/** A continuous scale: how far along it a value lies. */
function continuous(
  form: string,
  low: number,
  high: number,
  along: (value: number) => number,
  back: (t: number) => number,
): Leaf<number> {
  const [from, to] = [along(low), along(high)];
  const place = (value: number) => (to > from ? (along(value) - from) / (to - from) : 0.5);
  return {
    form,
    count: high > low ? Number.POSITIVE_INFINITY : 1,
    isNumeric: true,
    // Rounding may lead outside.
    at: (t) => Math.min(high, Math.max(low, back(from + t * (to - from)))),
    nth: () => low,
    place,
    share: (value) => [place(value), place(value)],
    isValue: (value): value is number => Number.isFinite(value) && Number(value) >= low && Number(value) <= high,
  };
}

/** Values with equal shares of the scale. */
function listed<T extends Value>(
  form: string,
  count: number,
  isNumeric: boolean,
  nth: (i: number) => T,
  indexOf: (value: unknown) => number,
): Leaf<T> {
  return {
    form,
    count,
    isNumeric,
    at: (t) => nth(Math.min(count - 1, Math.floor(t * count))),
    nth,
    place: (value) => (indexOf(value) + 0.5) / count,
    share: (value) => [indexOf(value) / count, (indexOf(value) + 1) / count],
    isValue: (value): value is T => {
      const i = indexOf(value);
      return Number.isInteger(i) && i >= 0 && i < count && nth(i) === value;
    },
  };
}

function stepped(form: string, low: number, high: number, step: number): Leaf<number> {
  const count = Math.floor((high - low) / step + 1e-9) + 1; // 0.3 / 0.1 is a little less than 3
  must(count <= MOST_VALUES, step, `${form}: step`, `so large that there are ${MOST_VALUES} values at the most`);
  const nth = (i: number) => Math.min(high, low + i * step); // 3 * 0.1 is a little more than 0.3
  return listed(form, count, true, nth, (value) => Math.round((Number(value) - low) / step));
}

/**
 * A number from `low` to `high`, all of them alike; with a `step` those of `low`, `low + step` and so on that are in the range.
 * @throws ArgumentError for bounds that are not finite, at no finite distance or in the wrong order, and for a step that is not above 0 or too
 * small to count the values
 *
 * @example
 * import { openStudy, uniform } from "simdgrad/tune";
 * const study = await openStudy({ space: { momentum: uniform(0, 0.99), dropout: uniform(0, 0.5, { step: 0.25 }) } });
 * const { values } = await study.ask();
 * values.momentum >= 0 && [0, 0.25, 0.5].includes(values.dropout); // => true
 */
export function uniform(low: number, high: number, options: StepOptions = {}): Leaf<number> {
  aFiniteNumber(low, "uniform: low");
  aFiniteNumber(high, "uniform: high");
  inRange(low, high, "uniform");
  must(Number.isFinite(high - low), high, "uniform: high", `at a finite distance from low ${low}`);
  checkOptions(options, "uniform", { step: aPositiveNumber });
  const { step } = options;
  if (step !== undefined) return stepped(`uniform(${low}, ${high}, { step: ${step} })`, low, high, step);
  const same = (value: number) => value;
  return continuous(`uniform(${low}, ${high})`, low, high, same, same);
}

/**
 * A number from `low` to `high` whose logarithm is uniform: learning rates, weight decays.
 * @throws ArgumentError for bounds that are not above 0, finite and in order
 *
 * @example
 * import { logUniform, openStudy } from "simdgrad/tune";
 * const study = await openStudy({ space: { rate: logUniform(1e-5, 1e-1) } });
 * const { values } = await study.ask();
 * values.rate >= 1e-5 && values.rate <= 1e-1; // => true
 */
export function logUniform(low: number, high: number): Leaf<number> {
  aPositiveNumber(low, "logUniform: low");
  aPositiveNumber(high, "logUniform: high");
  inRange(low, high, "logUniform");
  return continuous(`logUniform(${low}, ${high})`, low, high, log, exp);
}

/**
 * A whole number from `low` to `high`, both included; with a `step` those of `low`, `low + step` and so on.
 * @throws ArgumentError for bounds that are no whole numbers or in the wrong order, and for a step that is no whole number above 0
 *
 * @example
 * import { integer, openStudy } from "simdgrad/tune";
 * const study = await openStudy({ space: { units: integer(16, 64, { step: 16 }) } });
 * const { values } = await study.ask();
 * [16, 32, 48, 64].includes(values.units); // => true
 */
export function integer(low: number, high: number, options: StepOptions = {}): Leaf<number> {
  aWholeNumber(-(2 ** 31))(low, "integer: low");
  aWholeNumber(-(2 ** 31))(high, "integer: high");
  inRange(low, high, "integer");
  checkOptions(options, "integer", { step: aWholeNumber(1) });
  const { step } = options;
  const form = `integer(${low}, ${high}${step === undefined ? "" : `, { step: ${step} }`})`;
  return stepped(form, low, high, step ?? 1);
}

/**
 * A whole number from `low` to `high` on a logarithmic scale: numbers of units, sizes of batches.
 * @throws ArgumentError for bounds that are no whole numbers above 0 or in the wrong order
 *
 * @example
 * import { logInteger, openStudy } from "simdgrad/tune";
 * const study = await openStudy({ space: { units: logInteger(4, 512) } });
 * const { values } = await study.ask();
 * Number.isInteger(values.units); // => true
 */
export function logInteger(low: number, high: number): Leaf<number> {
  aWholeNumber(1)(low, "logInteger: low");
  aWholeNumber(1)(high, "logInteger: high");
  inRange(low, high, "logInteger");
  const [from, to] = [log(low - 0.5), log(high + 0.5)];
  const place = (value: number) => (log(value) - from) / (to - from);
  return {
    form: `logInteger(${low}, ${high})`,
    count: high - low + 1,
    isNumeric: true,
    at: (t) => Math.min(high, Math.max(low, Math.round(exp(from + t * (to - from))))),
    nth: (i) => low + i,
    place,
    share: (value) => [place(value - 0.5), place(value + 0.5)],
    isValue: (value): value is number => Number.isInteger(value) && Number(value) >= low && Number(value) <= high,
  };
}

/**
 * One of several values without an order: numbers, strings, true, false or null.
 * @throws ArgumentError for an empty list, for other values, and for one that is there twice
 *
 * @example
 * import { choice, openStudy } from "simdgrad/tune";
 * const study = await openStudy({ space: { activation: choice(["relu", "tanh"]), batchNorm: choice([true, false]) } });
 * const { values } = await study.ask(); // activation is a "relu" | "tanh"
 * ["relu", "tanh"].includes(values.activation); // => true
 */
export function choice<const T extends Value>(options: readonly T[]): Leaf<T> {
  must(Array.isArray(options) && options.length > 0, options, "choice: options", "a list of one value at least");
  const list = [...options];
  for (const [i, option] of list.entries()) {
    const isValue = typeof option === "string" || typeof option === "boolean" || option === null;
    must(isValue || Number.isFinite(option), option, `choice: options.${i}`, "a number, a string, true, false or null");
    if (list.indexOf(option) < i) throw new ArgumentError(`choice: options.${i} ${show(option)} is there twice`);
  }
  const form = `choice(${JSON.stringify(list)})`;
  return listed(
    form,
    list.length,
    false,
    (i) => list[i],
    (value) => list.indexOf(value as T),
  );
}

/**
 * One of several branches, each with parameters of its own, which no other branch's trials have. The value is an object with `kind`, the
 * branch's name, and its parameters.
 * @throws ArgumentError for no branches, and for one that is no space or has a parameter called kind
 *
 * @example
 * import { conditional, logUniform, openStudy, uniform } from "simdgrad/tune";
 * const space = {
 *   rate: logUniform(1e-4, 1),
 *   optimizer: conditional({ sgd: { momentum: uniform(0, 0.99) }, adam: {} }),
 * };
 * const study = await openStudy({ space });
 * const { optimizer } = (await study.ask()).values;
 * const momentum = optimizer.kind === "sgd" ? optimizer.momentum : 0; // known to be a number there alone
 * momentum < 1; // => true
 */
export function conditional<const B extends Readonly<Record<string, Space>>>(branches: B): Branches<B> {
  must(isRecord(branches), branches, "conditional: branches", "an object such as { sgd: { momentum: uniform(0, 1) } }");
  const entries = Object.entries<Space>(branches);
  must(entries.length > 0, branches, "conditional: branches", "one branch at least");
  for (const [name, space] of entries) {
    checkName(name, "conditional: the branch");
    checkSpace(space, `conditional: ${name}`, 0);
    if (Object.hasOwn(space, "kind"))
      throw new ArgumentError(`conditional: ${name}: a parameter cannot be called kind, which names the branch`);
  }
  return { branches };
}

function checkName(name: string, what: string): void {
  must(name !== "" && !name.includes("."), name, what, "a name without points");
}

/** @throws ArgumentError for what is no space */
export function checkSpace(space: unknown, what: string, least = 1): asserts space is Space {
  must(isRecord(space), space, what, "an object of parameters such as { rate: logUniform(1e-4, 1) }");
  const entries = Object.entries<unknown>(space as Space);
  must(entries.length >= least, space, what, "one parameter at least");
  for (const [name, parameter] of entries) {
    checkName(name, `${what}: the parameter`);
    const isParameter = isRecord(parameter) && ("form" in parameter || "branches" in parameter);
    must(isParameter, parameter, `${what}: ${name}`, "a parameter such as uniform(0, 1) or choice([1, 2])");
  }
}
