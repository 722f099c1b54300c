// SORT of rows against a stable sort in JavaScript: values to the bit, and where they stood; rows in scratch and in memory.
import { describe, expect, test } from "vitest";
import { SORT } from "../../assembly/isa/opcode.ts";
import { SORT_SHORT } from "../../assembly/isa/sizes.ts";
import { builds, instruction, Machine, random, randoms } from "./machine.ts";

const COLUMNS = [0, 1, 2, 3, 11, 12, 13, 14, 24, 25, 26, 27, 100, 1000, 4099];
const LONG = [SORT_SHORT - 1, SORT_SHORT, SORT_SHORT + 1, 3 * SORT_SHORT + 7, 100_003];
const INFINITY = Number.POSITIVE_INFINITY;

type Row = Float32Array | Int32Array;

/** Where the elements of a row stand in order: equal ones as they come, NaN last; or first, if descending. */
function order(row: Row, descending: boolean): Int32Array {
  const rank = (x: number) => (Number.isNaN(x) ? 1 : 0);
  const compare = (x: number, y: number) => rank(x) - rank(y) || (x < y ? -1 : x > y ? 1 : 0);
  const sign = descending ? -1 : 1;
  return Int32Array.from(row.keys()).sort((a, b) => sign * compare(row[a], row[b]) || a - b);
}

function bitsOf(row: Row): Int32Array {
  return new Int32Array(row.buffer, row.byteOffset, row.length);
}

describe.each(builds)("sorting, %s build", (build) => {
  const machine = new Machine(build);

  function check(data: Row, columns: number, descending: boolean): void {
    machine.clear();
    const rows = columns === 0 ? 2 : data.length / columns;
    const isInteger = data instanceof Int32Array;
    const from = isInteger ? machine.i32(data) : machine.f32(data);
    const values = machine.f32(data.length);
    const indices = machine.i32(data.length);
    const work = machine.i32(columns > SORT_SHORT ? 2 * data.length : 0);
    const flags = [isInteger, descending].map(Number);
    machine.run([instruction(SORT, values.at, indices.at, work.at, from.at, rows, columns, ...flags)]);
    const [found, places] = [bitsOf(values.data), indices.data];
    for (let r = 0; r < rows && columns > 0; r++) {
      const row = data.subarray(r * columns, (r + 1) * columns);
      const expected = order(row, descending);
      expect(places.subarray(r * columns, (r + 1) * columns)).toEqual(expected);
      expect(found.subarray(r * columns, (r + 1) * columns)).toEqual(expected.map((place) => bitsOf(row)[place]));
    }
  }

  test.each([false, true])("rows of all lengths, descending %s", (descending) => {
    for (const columns of COLUMNS) {
      check(randoms(9 * columns, columns), columns, descending);
      const next = random(columns);
      check(
        Int32Array.from({ length: 5 * columns }, () => 7 * next()),
        columns,
        descending,
      ); // many are equal
      check(
        Float32Array.from({ length: 5 * columns }, () => Math.round(7 * next())),
        columns,
        descending,
      ); // zeros of either sign
      check(
        Int32Array.from({ length: columns }, () => 2 ** 31 * next()),
        columns,
        descending,
      );
    }
  });

  test.each(LONG)("two rows of %i, which lie in scratch or in memory", (columns) => {
    for (const descending of [false, true]) {
      check(randoms(2 * columns, columns), columns, descending);
      const next = random(columns);
      check(
        Int32Array.from({ length: 2 * columns }, () => 100 * next()),
        columns,
        descending,
      );
    }
  });

  test.each([false, true])("rows that are in order already, or the wrong way round; descending %s", (descending) => {
    for (const columns of [13, 1000, SORT_SHORT + 1]) {
      check(
        Float32Array.from({ length: columns }, (_, i) => i),
        columns,
        descending,
      );
      check(
        Float32Array.from({ length: columns }, (_, i) => -i),
        columns,
        descending,
      );
      check(new Float32Array(columns).fill(3), columns, descending);
    }
  });

  test.each([false, true])(
    "NaN, infinities, zeros of either sign and the smallest numbers; descending %s",
    (descending) => {
      const wild = [
        Number.NaN,
        0,
        -0,
        INFINITY,
        -INFINITY,
        1e-45,
        -1e-45,
        3.4028234663852886e38,
        -3.4028234663852886e38,
        1,
      ];
      const next = random(5);
      for (const columns of [3, 10, 40, 333, SORT_SHORT + 1]) {
        const data = Float32Array.from({ length: columns }, () => wild[Math.floor((wild.length * (1 + next())) / 2)]);
        // A NaN of the other sign is one, too.
        if (columns > 3) new Int32Array(data.buffer)[1] = -1;
        check(data, columns, descending);
      }
    },
  );
});
