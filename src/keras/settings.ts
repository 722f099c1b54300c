// The settings of one layer, as its configuration says them: nothing is believed before its kind is checked.
import { isRecord } from "../check.ts";
import { show } from "../show.ts";
import { fault, Unsupported } from "./fault.ts";

/** Whose files they are: the same names mean different things. */
export type Dialect = "keras 3" | "keras 2" | "tensorflow.js";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Lists within lists that are looked into. */
export const DEEPEST = 64;

/** One layer's settings, by Keras' names. */
export class Settings {
  /** Class and name, as errors tell them. */
  readonly where: string;
  readonly dialect: Dialect;
  readonly #config: Readonly<Record<string, unknown>>;

  constructor(where: string, config: unknown, dialect: Dialect) {
    if (!isRecord(config)) throw fault(`${where}: its config is ${show(config)}, not an object`);
    this.where = where;
    this.dialect = dialect;
    this.#config = config;
  }

  /** What is there under a name; null counts as nothing. */
  get(key: string): unknown {
    return (Object.hasOwn(this.#config, key) ? this.#config[key] : undefined) ?? undefined;
  }

  number(key: string, otherwise: number): number {
    const value = this.get(key) ?? otherwise;
    if (!Number.isFinite(value)) throw this.wrong(key, "a finite number");
    return value as number;
  }

  whole(key: string, otherwise: number, low = 1): number {
    const value = this.get(key) ?? otherwise;
    if (!Number.isSafeInteger(value) || (value as number) < low) throw this.wrong(key, `a whole number >= ${low}`);
    return value as number;
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.get(key) ?? otherwise;
    if (typeof value !== "boolean") throw this.wrong(key, "true or false");
    return value;
  }

  text(key: string, otherwise: string): string {
    const value = this.get(key) ?? otherwise;
    if (typeof value !== "string") throw this.wrong(key, "a text");
    return value;
  }

  /** One of some texts. @throws Unsupported for another one */
  word<Word extends string>(key: string, otherwise: Word, ...others: readonly Word[]): Word {
    const value = this.text(key, otherwise);
    const word = [otherwise, ...others].find((each) => each === value);
    if (word === undefined) throw new Unsupported(`${key} ${show(value)}`);
    return word;
  }

  /** A whole number for each of so many axes; one for all of them may be given. */
  perAxis(key: string, axes: number, otherwise?: number | readonly number[], low = 1): readonly number[] {
    const given = this.get(key) ?? otherwise;
    const list = typeof given === "number" ? Array<number>(axes).fill(given) : given;
    if (
      !Array.isArray(list) ||
      list.length !== axes ||
      !list.every((each) => Number.isSafeInteger(each) && each >= low)
    )
      throw this.wrong(key, `${axes === 1 ? "a whole number" : `one or ${axes} whole numbers`} >= ${low}`);
    return list;
  }

  /** Before and after each of so many axes: a number for all, one an axis, or a pair an axis. */
  pairs(key: string, axes: number, otherwise: number): readonly (readonly [number, number])[] {
    const given = this.get(key) ?? otherwise;
    const isCount = (each: unknown): each is number => Number.isSafeInteger(each) && Number(each) >= 0;
    if (isCount(given)) return Array.from({ length: axes }, () => [given, given]);
    const list: readonly unknown[] = Array.isArray(given) ? given : [];
    if (axes === 1 && list.length === 2 && list.every(isCount)) return [[list[0] as number, list[1] as number]];
    const pairs = list.map((each) => (Array.isArray(each) ? each : [each, each]));
    if (pairs.length !== axes || !pairs.every((pair) => pair.length === 2 && pair.every(isCount)))
      throw this.wrong(key, "whole numbers >= 0 before and after each axis");
    return pairs as [number, number][];
  }

  /** One number or several. */
  numbers(key: string, otherwise?: number): number | readonly number[] | undefined {
    const value = flat(this.get(key) ?? otherwise);
    if (value === undefined || (typeof value === "number" && Number.isFinite(value)))
      return value as number | undefined;
    if (!Array.isArray(value) || !value.every(Number.isFinite)) throw this.wrong(key, "numbers");
    return value;
  }

  /** Whole numbers, one or a list, such as axes. */
  wholes(key: string, otherwise?: readonly number[]): readonly number[] {
    const given = this.get(key) ?? otherwise;
    const list = typeof given === "number" ? [given] : given;
    if (!Array.isArray(list) || !list.every(Number.isSafeInteger)) throw this.wrong(key, "whole numbers");
    return list;
  }

  /** Whether images lie with their channels before their places. */
  get isChannelsFirst(): boolean {
    return this.word("data_format", "channels_last", "channels_first") === "channels_first";
  }

  /** @throws Unsupported where something is set that means more than nothing */
  refuse(key: string, ...nothing: readonly unknown[]): void {
    const value = this.get(key);
    if (value !== undefined && value !== false && !nothing.includes(value))
      throw new Unsupported(`${key} ${show(value)}`);
  }

  wrong(key: string, expected: string): Error {
    return fault(`${this.where}: ${key} must be ${expected}, got ${show(this.get(key))}`);
  }
}

/** A list of numbers in lists of one each, as arrays are written, as one list. */
function flat(value: unknown): unknown {
  let list = value;
  // Arrays of NumPy are objects with their values.
  if (isRecord(list) && isRecord(list.config)) list = list.config.value;
  for (let depth = 0; depth < DEEPEST && Array.isArray(list) && list.length === 1 && Array.isArray(list[0]); depth++)
    list = list[0];
  return Array.isArray(list) && list.length === 1 && typeof list[0] === "number" ? list[0] : list;
}
