// One tensor, or several as a record or a list: what models take and give, and the data for them. Each has a path, such as `x.image`.
import { isRecord } from "../check.ts";
import type { ArrayLikeData, NumericArray } from "../data/array.ts";
import type { Shape } from "../shape.ts";
import { aTensor, Tensor } from "../tensor.ts";

/** One, or several by their names or places. */
export type Bundle<T> = T | readonly T[] | Readonly<Record<string, T>>;

/** An array for a tensor; a record or a list of arrays for a record or a list of tensors, those of a list as { data, shape }. */
export type DataOf<X> = X extends Tensor
  ? ArrayLikeData
  : X extends readonly unknown[]
    ? { readonly [K in keyof X]: Exclude<ArrayLikeData, number | readonly unknown[]> }
    : { readonly [K in keyof X]: ArrayLikeData };

/** An array for a tensor; a record or a list of arrays for a record or a list of tensors. */
export type ArraysOf<Y> = Y extends Tensor ? NumericArray : { readonly [K in keyof Y]: NumericArray };

/** What has a shape is one. */
interface Shaped {
  readonly shape: Shape;
}

/** Whether it is one, not several. */
export function isOne<T extends Shaped>(bundle: Bundle<T>): bundle is T {
  return Array.isArray((bundle as T).shape);
}

/** All of them, by paths that begin with the name. */
export function eachOf<T extends Shaped>(bundle: Bundle<T>, name: string): [path: string, each: T][] {
  return isOne(bundle) ? [[name, bundle]] : Object.entries(bundle).map(([key, each]) => [pathOf(name, key), each]);
}

/** The same with something else in the place of each. */
export function mapped<T extends Shaped, U>(bundle: Bundle<T>, to: (each: T, key?: string) => U): Bundle<U> {
  return isOne(bundle) ? to(bundle) : several(bundle, to);
}

/** A record or a list with something else in the place of each. */
export function several<T, U>(
  bundle: readonly T[] | Readonly<Record<string, T>>,
  to: (each: T, key: string) => U,
): Bundle<U> {
  const entries = Object.entries(bundle).map(([key, each]): [string, U] => [key, to(each, key)]);
  return Array.isArray(bundle) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}

/** The one of this name, all without a name; undefined where there is none. */
export function memberOf<T>(bundle: Bundle<T> | undefined, key: string | undefined): T | undefined {
  if (key === undefined) return bundle as T | undefined;
  return Object.hasOwn(Object(bundle), key) ? (bundle as Readonly<Record<string, T>>)[key] : undefined;
}

/** What is of an output: one is of all of them. */
export function shareOf(bundle: Bundle<Tensor> | undefined, output: string | undefined): Tensor | undefined {
  if (bundle instanceof Tensor) return bundle;
  return output === undefined ? undefined : memberOf(bundle, output);
}

/** The same again, with copies of all lists and records in it. */
export function copied<T>(given: T): T {
  return Array.isArray(given) || isRecord(given) ? (several<unknown, unknown>(given, copied) as T) : given;
}

export function pathOf(name: string, key: string | undefined): string {
  return key === undefined ? name : `${name}.${key}`;
}

/** @throws ArgumentError unless it is a tensor, or a record or a list of tensors */
export function checkTensors(value: unknown, what: string): void {
  const isSeveral = !(value instanceof Tensor) && (isRecord(value) || Array.isArray(value));
  const entries = isSeveral ? Object.entries(value) : [];
  for (const [key, each] of entries) aTensor(each, pathOf(what, key));
  if (entries.length === 0) aTensor(value, what);
}

/** Arrays as callers bring several of them: a record that is no { data, shape } and no tensor, or a list that begins with { data }. */
export function isSeveral(given: unknown): given is readonly ArrayLikeData[] | Readonly<Record<string, ArrayLikeData>> {
  if (Array.isArray(given)) return isRecord(given[0]) && "data" in given[0];
  return (
    isRecord(given) &&
    !(given instanceof Tensor) &&
    !("data" in given && "shape" in given) &&
    Object.keys(given).some((key) => !/^(data|shape)$/.test(key))
  );
}
