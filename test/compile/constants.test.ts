// Constants in programs: tables lie there in float32 where that loses nothing, and every executor has the numbers that it had before.
import { serialize } from "node:v8";
import { constant, type Program } from "simdgrad";
import { verifyProgram } from "simdgrad/debug";
import { afterAll, describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { float32, oracle } from "../executors.ts";

const SIZE = 1000;

const programOf = (data: Float64Array): Program => compile({ outputs: { y: constant(data).mul(1.5).neg() } });

const halves = Float64Array.from({ length: SIZE }, (_, i) => i / 2 - 7);
const tenths = Float64Array.from({ length: SIZE }, (_, i) => i / 10 - 7);

test("a table of float32 numbers is half as long, in a program and where it travels", () => {
  const [exact, inexact] = [programOf(halves), programOf(tenths)];
  expect(exact.constants[0].data).toEqual(Float32Array.from(halves));
  expect(inexact.constants[0].data).toEqual(tenths);
  expect(serialize(inexact).length - serialize(exact).length).toBeGreaterThan(4 * SIZE - 16);
  expect(structuredClone(exact).constants[0].data).toEqual(Float32Array.from(halves));
});

test("one number that float32 does not have keeps all of its table in Float64", () => {
  const special = Float64Array.of(Number.NaN, Infinity, -Infinity, -0, 2 ** -149, 1 + 2 ** -23);
  expect(programOf(special).constants[0].data).toBeInstanceOf(Float32Array);
  for (const value of [0.1, 1e300, 2 ** -150, 1 + 2 ** -24])
    expect(programOf(Float64Array.of(...special, value)).constants[0].data, `${value}`).toBeInstanceOf(Float64Array);
});

test("the verifier takes both, and no other", () => {
  const program = programOf(halves);
  verifyProgram(program);
  const [table, ...others] = program.constants;
  const with_ = (data: Float32Array | Float64Array | Int32Array) => ({
    ...program,
    constants: [{ ...table, data }, ...others],
  });
  verifyProgram(with_(halves));
  expect(() => verifyProgram(with_(new Int32Array(SIZE)))).toThrow("constant 0: f32 in a Int32Array");
});

describe.each(Object.entries({ ...float32, oracle }))("%s", (name, create) => {
  const executor = create({ poison: true });
  afterAll(() => executor.dispose());

  test.each(Object.entries({ halves, tenths }))("computes with %s as with an input", async (_, data) => {
    const id = await executor.load(structuredClone(programOf(data)));
    await executor.run([[id, 1]]).done;
    const round = name === "oracle" ? (value: number) => value : Math.fround;
    expect(Array.from(await executor.read({ program: id, name: "y" }))).toEqual(
      Array.from(data, (value) => -round(round(value) * 1.5)),
    );
  });
});
