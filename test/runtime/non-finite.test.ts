// firstNonFinite names the instruction that made the first NaN or infinity, whatever else looks like one.
import { compile, concat, input, type Program, scan, type TypedArray, Variable } from "simdgrad";
import { firstNonFinite, printProgram } from "simdgrad/debug";
import { describe, expect, test } from "vitest";

/** The search with values for variables, by their names. */
function search(searched: Program, values: Readonly<Record<string, TypedArray>>): Promise<string | undefined> {
  const names = new Map(searched.variables.map(({ key, name }) => [key, name]));
  return firstNonFinite(searched, (key) => values[names.get(key) ?? ""]);
}

/** The line of a printed program that a sentence speaks of. */
function lineOf(searched: Program, sentence: string | undefined): string {
  const number = sentence?.match(/^instruction (\d+) /)?.[1];
  return (
    printProgram(searched)
      .split("\n")
      .find((line) => line.trim().startsWith(`${number} `)) ?? ""
  );
}

describe("firstNonFinite", () => {
  const x = new Variable([3], 0, { label: "x" });

  test("finds nothing where all is finite", async () => {
    const fine = compile({ outputs: { y: x.exp() } });
    expect(await search(fine, { x: Float32Array.of(1, 2, 3) })).toBe(undefined);
  });

  test("names the first, not what comes of it", async () => {
    const chain = compile({ outputs: { y: concat([x.sum().log().reshape([1]), x]).sum() } });
    const sentence = await search(chain, { x: Float32Array.of(1, -2, 0) });
    expect(sentence).toMatch(/^instruction \d+ \(log \[\]\) wrote NaN$/);
    expect(lineOf(chain, sentence)).toContain("map");
  });

  test("tells infinities and their signs", async () => {
    const logarithm = compile({ outputs: { y: x.log() } });
    expect(await search(logarithm, { x: Float32Array.of(1, 0, 2) })).toMatch(/wrote -Infinity$/);
  });

  test("finds what only float32 overflows", async () => {
    const ratio = compile({ outputs: { y: x.exp().div(x.exp().add(1)) } });
    expect(await search(ratio, { x: Float32Array.of(1, 100, 2) })).toMatch(/wrote NaN$/);
    const square = compile({ outputs: { y: x.square() } });
    expect(await search(square, { x: Float32Array.of(1, 1e30, 2) })).toMatch(/wrote Infinity$/);
  });

  test("does not take integers and bytes for numbers", async () => {
    const i = new Variable([4], 0, { dtype: "i32", label: "i" });
    const b = new Variable([4, 2], 0, { dtype: "u8", label: "b" });
    const rows = new Variable([2], 0, { dtype: "i32", label: "rows" });
    const whole = compile({
      outputs: { less: i.sub(1), negative: i.permute([0]).neg(), picked: b.gather(rows), all: b },
    });
    const values = {
      i: Int32Array.of(0, 1, -8_000_000, 2_139_095_041),
      b: new Uint8Array(8).fill(255),
      rows: Int32Array.of(3, 1),
    };
    expect(await search(whole, values)).toBe(undefined);
  });

  test("looks into loops, at every iteration", async () => {
    const rows = new Variable([4, 2], 0, { label: "rows" });
    const { carries } = scan(([sum], [row]) => ({ carries: [sum.add(row.log())] }), [rows.sum(0)], [rows]);
    const loop = compile({ outputs: { last: carries[0] } });
    const sentence = await search(loop, { rows: Float32Array.of(1, 2, 3, 4, 5, -6, 7, 8) });
    expect(sentence).toMatch(/wrote NaN$/);
    expect(lineOf(loop, sentence)).toMatch(/^ *\d+ {3}map/);
    expect(await search(loop, { rows: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8) })).toBe(undefined);
  });

  test("takes inputs as zeros", async () => {
    const z = input([2]);
    const inverse = compile({ inputs: { z }, outputs: { y: z.rsqrt() } });
    expect(await search(inverse, {})).toBe("instruction 0 (rsqrt [2]) wrote Infinity");
  });
});
