// What callbacks know, to and from plain values of a checkpoint.
import { isRecord, must } from "../check.ts";
import type { CallbackState } from "../io/checkpoint.ts";

/** @throws ArgumentError unless the values of a state are numbers of just these names */
export function numbersOf<K extends string>(
  callback: string,
  { values }: CallbackState,
  ...names: readonly K[]
): Readonly<Record<K, number>> {
  const isIt =
    isRecord(values) &&
    Object.keys(values).length === names.length &&
    names.every((name) => typeof values[name] === "number");
  must(
    isIt,
    values,
    `${callback}: the state`,
    `an object with the numbers ${names.join(", ")}: is it of this callback?`,
  );
  return values as Readonly<Record<K, number>>;
}
