// Constants that are computed beforehand have the bits that the executor would have given them: float32 rounds each operation, Float64
// none that shows.
import { afterAll, describe, expect, test } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { input } from "../../src/create.ts";
import { verifyProgram } from "../../src/program/verify-program.ts";
import type { Tensor } from "../../src/tensor.ts";
import { scalar } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { generator } from "../ops/inputs.ts";
import { runOn } from "../run.ts";
import { everywhere } from "./everywhere.ts";

everywhere(({ run, unit }) => {
  const isOracle = unit < 1e-12;

  test("a difference of numbers that float32 does not tell apart", async () => {
    const { y } = await run(() => ({ y: scalar(16777217).sub(16777216) }));
    expect(y).toEqual([isOracle ? 1 : 0]);
  });

  test("nothing is taken for 0 or 1 that is so in one precision alone", async () => {
    const { product, difference } = await run(
      (x) => ({
        product: x.mul(scalar(16777217).sub(16777216)),
        difference: x.sub(scalar(16777217).sub(16777216).sub(1)),
      }),
      [3, 5],
    );
    expect(product).toEqual(isOracle ? [3, 5] : [0, 0]);
    expect(difference).toEqual(isOracle ? [3, 5] : [4, 6]);
  });
});

/** A scalar out of four constants, by ops that are rounded exactly. */
function made(next: () => number): Tensor {
  const draw = () => (next() - 0.5) * 10 ** Math.floor(8 * next() - 4);
  let value = scalar(draw());
  for (let i = 0; i < 3; i++) {
    const other = draw();
    const op = Math.floor(5 * next());
    if (op === 0) value = value.add(other);
    else if (op === 1) value = value.sub(other);
    else if (op === 2) value = value.mul(other);
    else if (op === 3) value = value.div(other);
    else value = value.neg();
  }
  return value;
}

describe.each(Object.entries({ "wasm-portable": float32["wasm-portable"], js: float32.js, oracle }))(
  "%s",
  (name, create) => {
    const executor = create();
    afterAll(() => executor.dispose());

    test("a thousand products with constants have equal bits, optimised and not", async () => {
      const next = generator(11);
      const x = input([7]);
      const data = Array.from({ length: 7 }, () => Math.fround(next() * 3 + 0.1));
      const outputs = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`y${i}`, x.mul(made(next))]));
      const graph = { outputs, inputs: [[x, data] as const] };
      const optimised = await runOn(executor, graph);
      const written = await runOn(executor, graph, { optimize: false });
      for (const key of Object.keys(outputs)) expect(optimised[key], key).toEqual(written[key]);
      if (name === "oracle") return;
      const exact = await runOn(executor, { outputs: { y: x.mul(scalar(0.1).mul(0.3)) }, inputs: graph.inputs });
      expect(Array.from(exact.y)).toEqual(
        data.map((value) => Math.fround(value * Math.fround(Math.fround(0.1) * Math.fround(0.3)))),
      );
    });
  },
);

test("a rounded value stands in the program, and the verifier looks at it", () => {
  const x = input([2]);
  const program = compile({ inputs: { x }, outputs: { y: x.mul(scalar(16777217).sub(16777216)) } });
  expect(program.constants).toEqual([expect.objectContaining({ data: Float64Array.of(1), rounded: 0 })]);
  verifyProgram(program);
  const [constant] = program.constants;
  const broken = (changes: object) => ({ ...program, constants: [{ ...constant, ...changes }] });
  expect(() => verifyProgram(broken({ rounded: "0" }))).toThrow('constants.0.rounded is "0"');
  expect(() => verifyProgram(broken({ data: Float64Array.of(1, 2) }))).toThrow(
    "constant 0: only an f32 scalar has a rounded value",
  );
});
