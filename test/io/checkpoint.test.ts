// Checkpoints: everything comes back to the last bit, others read the arrays, and no changed byte goes unnoticed.
import { minMax, preprocessing, preprocessingFromJSON } from "simdgrad/data";
import { type Json, parseCheckpoint, parseSafetensors, serializeCheckpoint, serializeSafetensors } from "simdgrad/io";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../src/io/crc32.ts";
import { thrown } from "../thrown.ts";
import { bytes, sealed, state, whole } from "./saved.ts";

/** A checkpoint with other metadata, sealed. */
function withMetadata(more: Readonly<Record<string, string>>): Uint8Array {
  const metadata = { crc32: "00000000", format: "simdgrad-checkpoint", version: "1", ...more };
  return sealed(serializeSafetensors({ w: state["0.weight"] }, metadata));
}

test("everything comes back, to the last bit", () => {
  const read = parseCheckpoint(bytes);
  expect(read).toEqual(whole);
  expect(serializeCheckpoint(read)).toEqual(bytes);
  expect(Object.is((read.notes as readonly Record<string, Json>[])[3][""], -0)).toBe(true);
  for (const [path, { data }] of Object.entries(state)) expect(read.state[path].data).toBeInstanceOf(data.constructor);
});

test("a state alone is a checkpoint", () => {
  expect(parseCheckpoint(serializeCheckpoint({ state }))).toEqual({ state });
  expect(parseCheckpoint(serializeCheckpoint({ state: {} }).buffer)).toEqual({ state: {} });
});

test("a fitted preprocessing is kept as what makes the same rows", () => {
  const fitted = preprocessing([minMax()]).fit([[1], [4]]);
  const { preprocessing: json } = parseCheckpoint(serializeCheckpoint({ state, preprocessing: fitted }));
  expect(preprocessingFromJSON(json).transform([[2]])).toEqual(fitted.transform([[2]]));
});

test("it is a safetensors file for others", () => {
  const { tensors, metadata } = parseSafetensors(bytes);
  expect(metadata).toMatchObject({ format: "simdgrad-checkpoint", version: "1" });
  expect(tensors["0.weight"]).toEqual(state["0.weight"]);
  expect(tensors["callbacks.2.best"]).toEqual(state["0.weight"]);
});

test("the checksum is that of gzip", () => {
  expect(crc32(new TextEncoder().encode("123456789"))).toBe("cbf43926"); // the check value of its catalogue
  expect(crc32(new Uint8Array(), Uint8Array.of(49), new TextEncoder().encode("23456789"))).toBe("cbf43926");
});

describe("what cannot be written is told", () => {
  const write = (given: object) => thrown(() => serializeCheckpoint({ state, ...given }));
  test.each<[string, object, string]>([
    [
      "a function in notes",
      { notes: { a: [() => 1] } },
      "notes.a.0 must be plain values as JSON has them, got function",
    ],
    ["a date", { notes: { a: new Map() } }, "notes.a must be plain values as JSON has them"],
    ["a bigint", { notes: 1n }, "notes must be plain values as JSON has them, got 1n"],
    ["the mark of numbers", { notes: { $number: 1 } }, "notes must not have the name $number"],
    ["a circle", { notes: circle() }, "holds more than 100 objects within objects"],
    ["an unknown part", { optimiser: 1 }, "unknown option optimiser"],
    [
      "arrays of one name",
      { state: { "callbacks.0.a": state.none }, callbacks: [{ arrays: { a: state.none } }] },
      "two arrays are called callbacks.0.a",
    ],
    ["no state", { state: undefined }, "serializeCheckpoint: state must be"],
  ])("%s", (_, given, message) => {
    expect(write(given)).toMatch(/^ArgumentError: serializeCheckpoint: /);
    expect(write(given)).toContain(message);
  });
});

function circle(): object {
  const one: { self?: object } = {};
  one.self = one;
  return one;
}

test.each<[string, Uint8Array, string]>([
  ["another file", new TextEncoder().encode("PK\u0003\u0004 and more bytes"), "safetensors: a header of"],
  ["no bytes", new Uint8Array(), "safetensors: the file has 0 bytes"],
  ["weights alone", serializeSafetensors(state), "checkpoint: a safetensors file whose metadata has no format"],
  [
    "a newer version",
    withMetadata({ version: "2" }),
    "checkpoint: its version is 2, and this simdgrad reads up to 1: take a newer one",
  ],
  ["no version", withMetadata({ version: "new" }), 'checkpoint: its version is "new", not a whole number'],
  ["a torn file", bytes.slice(0, -1), "safetensors: "],
  [
    "a file that others wrote anew",
    serializeSafetensors(state, { ...parseSafetensors(bytes).metadata, crc32: "1" }),
    "checkpoint: its header was written anew",
  ],
  ["a changed byte", bytes.with(bytes.length - 1, 7), "checkpoint: the checksum of its bytes is"],
  ["notes that are no JSON", withMetadata({ notes: "{" }), "checkpoint: notes is not JSON"],
  ["a seed that is none", withMetadata({ seed: "0.5" }), "checkpoint: its seed is 0.5, no whole number"],
  ["states that are none", withMetadata({ callbacks: "3" }), "checkpoint: callbacks are no list of states"],
  [
    "states of other kinds",
    withMetadata({ callbacks: '[{"arrays":7}]' }),
    "checkpoint: callbacks are no list of states",
  ],
  [
    "states without their arrays",
    withMetadata({ callbacks: '[{"arrays":[["a","b"]]}]' }),
    "checkpoint: callbacks: there is no array b",
  ],
])("%s is refused, by place and cause", (_, file, message) => {
  expect(thrown(() => parseCheckpoint(file)).slice(0, "DataError: ".length + message.length)).toBe(
    `DataError: ${message}`,
  );
});
