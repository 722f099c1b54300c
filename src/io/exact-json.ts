// Plain values as JSON that brings back each bit: NaN, infinities and -0, which JSON has not, are objects of one key.
import { ArgumentError } from "../errors.ts";
import { show } from "../show.ts";

/** What JSON holds, and any number. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

const MARK = "$number";
const rare = new Map<string, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** Values within values that are taken. */
const DEPTH = 100;

/** @throws ArgumentError naming what is no plain value */
export function exactJson(value: unknown, what: string): string {
  return JSON.stringify(encoded(value, what, 0));
}

/** @throws SyntaxError for what is no JSON */
export function readJson(text: string): Json {
  return JSON.parse(text, (_, value) => {
    const name: unknown = isMark(value) ? value[MARK] : undefined;
    return typeof name === "string" ? (rare.get(name) ?? value) : value;
  });
}

function isMark(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, MARK);
}

function encoded(given: unknown, what: string, depth: number): unknown {
  const { toJSON } = Object(given) as { readonly toJSON?: unknown };
  const value: unknown = typeof toJSON === "function" ? toJSON.call(given, "") : given;
  if (depth > DEPTH) throw new ArgumentError(`${what} holds more than ${DEPTH} objects within objects`);
  if (typeof value === "number") {
    const name = Object.is(value, -0) ? "-0" : String(value);
    return rare.has(name) ? { [MARK]: name } : value;
  }
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (Array.isArray(value)) return Array.from(value, (each, i) => encoded(each, `${what}.${i}`, depth + 1));
  const kind: unknown = typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (kind !== Object.prototype && kind !== null)
    throw new ArgumentError(`${what} must be plain values as JSON has them, got ${show(value)}`);
  if (isMark(value)) throw new ArgumentError(`${what} must not have the name ${MARK}, which stands for numbers`);
  const entries = Object.entries(value as object).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([name, each]) => [name, encoded(each, `${what}.${name}`, depth + 1)]));
}
