// Small maps that do not depend on one another become one; others stay in their order.
import { compile, constant, evaluate, input, JsExecutor, Variable, WasmExecutor } from "simdgrad";
import { expect, test } from "vitest";
import { MAP } from "../../assembly/isa/opcode.ts";
import { lengthAt, opcodeAt } from "../../src/program/addresses.ts";
import type { Program } from "../../src/program/program.ts";

function maps({ code }: Program): number {
  let count = 0;
  for (let at = 0; at < code.length; at += lengthAt(code, at)) if (opcodeAt(code, at) === MAP) count++;
  return count;
}

/** Two counters, and a scalar that is computed behind a sum. */
function counters(size: number) {
  const a = new Variable([size], 1);
  const b = new Variable([size], 2);
  const x = input([100], "f32", "x");
  const loss = x.square().sum().sqrt().add(1);
  return {
    computation: {
      inputs: { x },
      outputs: { loss },
      assignments: [
        [a, a.add(1)],
        [b, b.mul(3)],
      ] as const,
    },
    a,
    b,
  };
}

test("counters and a loss behind a sum are one map", () => {
  const { computation } = counters(1);
  expect(maps(compile(computation))).toBe(2); // with the squares
  expect(maps(compile(computation, { optimize: false }))).toBeGreaterThan(4);
});

test("other numbers of elements stay apart, and so do large maps", () => {
  expect(maps(compile(counters(3).computation))).toBe(3);
  expect(maps(compile(counters(50).computation))).toBe(4);
});

test.each([
  ["oracle", () => new JsExecutor({ precision: "float64" })],
  ["wasm", () => new WasmExecutor({ poison: true })],
])("merged maps compute what single ones do on %s, step after step", async (_name, create) => {
  const executor = create();
  const results = [];
  for (const optimize of [true, false]) {
    const { computation, a, b } = counters(4);
    const id = await executor.load(compile(computation, { optimize }));
    await executor.write({ variable: a.key }, [1, 2, 3, 4]);
    await executor.write({ variable: b.key }, [5, 6, 7, 8]);
    await executor.write(
      { program: id, name: "x" },
      Array.from({ length: 100 }, (_, i) => i / 7),
    );
    const run = executor.run([[id, 3]]);
    await run.done;
    const variables = [await executor.read({ variable: a.key }), await executor.read({ variable: b.key })];
    results.push([...variables, run.takeLog()[0].values]);
  }
  expect(results[0]).toEqual(results[1]);
  expect(Array.from(results[0][0])).toEqual([4, 5, 6, 7]);
  await executor.dispose();
});

test("what reads another's result is not merged with it", async () => {
  const x = constant([1, 2]);
  const sum = x.sum();
  const value = sum.mul(2).add(x.mul(sum).sum());
  expect(await evaluate(value)).toEqual(Float32Array.of(15));
});
