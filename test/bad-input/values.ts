// Values that callers hand over by mistake. None is right everywhere; where one is right, an argument's kind says so (kinds.ts).
import { constant } from "../../src/index.ts";
import { Linear } from "../../src/nn/index.ts";

/** Makes each value anew: nothing may be changed by an earlier case. */
export const badValues = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  bigint: () => 1n,
  word: () => "fast",
  digits: () => "12",
  symbol: () => Symbol("one"),
  NaN: () => Number.NaN,
  infinity: () => Number.POSITIVE_INFINITY,
  "minus one": () => -1,
  half: () => 0.5,
  "a list": () => [1, 2],
  "a list with a hole": holed,
  "a list of digits": () => ["12", "34"],
  "a list of sizes that are none": () => [2.5, -1],
  "a list within itself": endless,
  "a BigInt64Array": () => BigInt64Array.of(1n, 2n),
  "an array that was transferred": transferred,
  "an object": () => ({ quantity: 1 }),
  "an object without a prototype": () => Object.create(null),
  "an object with a constructor of its own": () => ({ constructor: null }),
  "data and shape": () => ({ data: [1, 2], shape: [1, 2] }),
  "a function": () => () => 1,
  "a class": () => Linear,
  "a controller": () => new AbortController(),
  "a date": () => new Date(0),
  "a tensor of another shape": () => constant([1, 2, 3, 4, 5, 6, 7]),
} satisfies Readonly<Record<string, () => unknown>>;

export type BadValue = keyof typeof badValues;

function holed(): unknown[] {
  const list: unknown[] = [];
  list[1] = 1;
  return list;
}

function endless(): unknown[] {
  const list: unknown[] = [];
  list[0] = list;
  return list;
}

function transferred(): Float32Array {
  const array = Float32Array.of(1, 2);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}
