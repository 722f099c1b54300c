// Files that went wrong on their way: they are read or refused, and nobody looks beside them.
import { DataError } from "simdgrad";
import { readTorch } from "simdgrad/torch";
import { describe, expect, test } from "vitest";
import { MUTATIONS, mutated, outcomeOf, PATIENCE } from "../data/mutations.ts";
import { bytesOf, golden, told } from "./files.ts";

/** Each kind of file, with all that is in any. */
const kinds = [
  "zip tensors",
  "zip views",
  "zip plain",
  "zip module",
  "zip deflated",
  "legacy tensors",
  "legacy views",
  "legacy plain",
  "legacy module",
];

describe.each(kinds)("%s", (name) => {
  const bytes = bytesOf(golden.files[name].bytes);

  test("is refused wherever it is cut off", () => {
    for (let length = 0; length < bytes.length; length += length < 200 ? 1 : 7)
      expect(() => readTorch(bytes.subarray(0, length))).toThrow(DataError);
  });

  test(`is read or refused after ${MUTATIONS} mutations`, PATIENCE, async () => {
    let refused = 0;
    for (let seed = 0; seed < MUTATIONS; seed++) {
      const outcome = await outcomeOf(
        (given) => JSON.stringify(told(readTorch(given), new Set())),
        mutated(bytes, seed),
      );
      if (/^DataError: torch: /.test(outcome)) refused++;
      else expect(outcome).not.toMatch(/^\w+Error/);
    }
    expect(refused).toBeGreaterThan(MUTATIONS / 10);
  });
});
