// What arguments may be: each check throws an ArgumentError that says where, what is expected and what was given. No other module
// judges what a caller hands over. Shapes and dtypes have their own (shape.ts), tensors theirs (tensor.ts).
import { ArgumentError } from "./errors.ts";
import { show } from "./show.ts";

/** Throws unless a value is what is expected; `what` says where it was given, as `sgd: momentum`. */
export type Check = (value: unknown, what: string) => void;

/** One check an option. */
export type Checks<T> = { readonly [K in keyof T]-?: Check };

/** @throws ArgumentError unless it holds: `what` must be what is expected, got this */
export function must(holds: boolean, value: unknown, what: string, expected: string): void {
  if (holds) return;
  throw new ArgumentError(`${what} must be ${expected}, got ${show(value)}${isFunction(value) ? ", not called" : ""}`);
}

export function aNumber(value: unknown, what: string): void {
  must(typeof value === "number" && !Number.isNaN(value), value, what, "a number");
}

export function aFiniteNumber(value: unknown, what: string): void {
  must(Number.isFinite(value), value, what, "a finite number");
}

export function aFraction(value: unknown, what: string): void {
  must(Number.isFinite(value) && Number(value) >= 0 && Number(value) < 1, value, what, "at least 0 and below 1");
}

export function aPositiveNumber(value: unknown, what: string): void {
  must(Number.isFinite(value) && Number(value) > 0, value, what, "a number > 0");
}

/** A number above 0, the infinite one included. */
export function aboveZero(value: unknown, what: string): void {
  must(typeof value === "number" && value > 0, value, what, "positive");
}

/** A finite number between the two, or just above the first. */
export function aNumberWithin(low: number, high = Number.POSITIVE_INFINITY): Check {
  return within(Number.isFinite, "a number", low, high);
}

/** A whole number between the two, bounds included; an i32 unless told otherwise. */
export function aWholeNumber(low: number, high = 2 ** 31 - 1): Check {
  return within(Number.isInteger, "a whole number", low, high);
}

function within(holds: (value: unknown) => boolean, kind: string, low: number, high: number): Check {
  return (value, what) => {
    const isOver = holds(value) && Number(value) > high;
    const range = isOver || high < 2 ** 31 - 1 ? `from ${low} to ${high}` : `>= ${low}`;
    must(holds(value) && Number(value) >= low && !isOver, value, what, `${kind} ${range}`);
  };
}

/** Finite numbers by their names, none below the one before. */
export function inOrder(values: Readonly<Record<string, number>>, name: string): void {
  const entries = Object.entries(values);
  for (const [i, [key, value]] of entries.entries()) {
    aFiniteNumber(value, `${name}: ${key}`);
    if (i > 0) must(value >= entries[i - 1][1], value, `${name}: ${key}`, `at least ${entries[i - 1].join(" ")}`);
  }
}

export function anInteger(value: unknown, what: string): void {
  must(Number.isSafeInteger(value), value, what, "a whole number");
}

export function aBoolean(value: unknown, what: string): void {
  must(typeof value === "boolean", value, what, "true or false");
}

export function aText(value: unknown, what: string): void {
  must(typeof value === "string", value, what, "a string");
}

export function aFunction(value: unknown, what: string): void {
  must(isFunction(value), value, what, "a function");
}

export function oneOf(...words: readonly unknown[]): Check {
  return (value, what) => must(words.includes(value), value, what, words.map(show).join(" or "));
}

/** null, or what the check takes. */
export function nullOr(check: Check): Check {
  return (value, what) => value === null || check(value, what);
}

/** An array, without holes, of what the check takes. */
export function aListOf(check: Check): Check {
  return several(Array.isArray, "an array", check);
}

/** An object that gives names to what the check takes. */
export function aRecordOf(check: Check): Check {
  return several(isRecord, "an object such as { name: value }", check);
}

/** A list of what the check takes, or an object that gives names to it. */
export function aBundleOf(check: Check): Check {
  const isBundle = (value: unknown) => Array.isArray(value) || isRecord(value);
  return several(isBundle, "a list, or an object such as { name: value }", check);
}

/** A Map to what the check takes. */
export function aMapOf(check: Check): Check {
  return several((value) => value instanceof Map, "a Map", check);
}

function several(holds: (value: unknown) => boolean, expected: string, check: Check): Check {
  return (value, what) => {
    must(holds(value), value, what, expected);
    const entries =
      value instanceof Map ? value : Object.entries(Array.isArray(value) ? Array.from(value) : Object(value));
    for (const [name, each] of entries) check(each, `${what}.${name}`);
  };
}

/** An object with these methods, called so. */
export function anObjectWith(expected: string, ...methods: readonly string[]): Check {
  return (value, what) => {
    const has = (method: string) => isFunction((value as Readonly<Record<string, unknown>>)[method]);
    must(typeof value === "object" && value !== null && methods.every(has), value, what, expected);
  };
}

/** Array-like, and every element a number. */
export function numbers(value: unknown, what: string): void {
  const isBig = value instanceof BigInt64Array || value instanceof BigUint64Array;
  const list = value as ArrayLike<unknown>;
  const isList = typeof value === "object" && value !== null && Number.isInteger(list.length);
  must(isList && !isBig, value, what, "an array of numbers");
  if (ArrayBuffer.isView(value)) {
    must(!isDetached(value.buffer), value, what, "an array that was not transferred away");
    return; // nothing but numbers can be in it
  }
  for (let i = 0; i < list.length; i++)
    if (typeof list[i] !== "number")
      throw new ArgumentError(
        `${what}: element ${i} is ${show(list[i])}, not a number${typeof list[i] === "boolean" ? " (1 or 0)" : Array.isArray(list[i]) ? "; a flat array is wanted" : ""}`,
      );
}

/** Whether a buffer has gone to another thread. */
export function isDetached(buffer: ArrayBufferLike): boolean {
  return (buffer as { readonly detached?: boolean }).detached === true;
}

/** Whether a value can be called: a class cannot. */
export function isFunction(value: unknown): boolean {
  return typeof value === "function" && !/^class\b/.test(`${value}`);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** The options of `name`: an object with no others than those that have a check. Undefined ones have their defaults, but `required` ones. */
export function checkOptions<T extends object>(
  options: T,
  name: string,
  checks: Checks<T>,
  ...required: readonly (keyof T)[]
): void {
  const isTensor = isRecord(options) && "op" in options;
  must(
    isRecord(options) && !isTensor,
    options,
    `${name}: the options`,
    `an object { ${Object.keys(checks).join(", ")} }`,
  );
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, key))
      throw new ArgumentError(`${name}: unknown option ${key}; ${advice(key, Object.keys(checks))}`);
    if (value !== undefined) checks[key as keyof T](value, `${name}: ${key}`);
  }
  for (const key of required) if (options[key] === undefined) checks[key](undefined, `${name}: ${String(key)}`);
}

/** Throws where an option is given that says something about another one, which is not. `needs` has the other one's name. */
export function checkNeeds<T extends object>(
  options: T,
  name: string,
  needs: { readonly [K in keyof T]?: keyof T },
): void {
  for (const [key, other] of Object.entries(needs) as [keyof T, keyof T][])
    if (options[key] !== undefined && options[other] === undefined)
      throw new ArgumentError(`${name}: ${String(key)} says nothing without ${String(other)}`);
}

/** What was meant: the known name with the longest beginning in common, three letters at least; of several one that ends as it does. */
function advice(name: string, known: readonly string[]): string {
  const letters = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, "");
  for (let length = name.length; length > 2; length--) {
    const near = known.filter((each) => letters(each).startsWith(letters(name).slice(0, length)));
    const nearest = near.find((each) => letters(each).endsWith(letters(name).slice(-3))) ?? near[0];
    if (nearest !== undefined) return `did you mean ${nearest}?`;
  }
  return `it takes ${known.join(", ") || "none"}`;
}
