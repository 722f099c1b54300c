// The same small graph on every executor, optimised and not: for numbers that have to be right on each of them.
import { afterAll, describe } from "vitest";
import { input } from "../../src/create.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { runOn } from "../run.ts";

/** Vectors of f32, or of i32. */
type Data = readonly number[] | Int32Array;

/** Builds a graph over inputs with these numbers, runs it, and gives the outputs' numbers. */
export type Run = <Name extends string>(
  build: (...inputs: Tensor[]) => Readonly<Record<Name, Tensor>>,
  ...data: Data[]
) => Promise<Record<Name, number[]>>;

/** Where a test runs. */
export interface Where {
  readonly run: Run;
  /** Half a unit in the last place of 1: what rounding once may be off, relatively. */
  readonly unit: number;
}

/** Defines the tests of `body` once for each executor, with and without optimising. */
export function everywhere(body: (where: Where) => void): void {
  describe.each(Object.entries({ oracle, ...float32 }))("%s", (name, create) => {
    const executor = create({ poison: true });
    afterAll(() => executor.dispose());
    describe.each([
      ["optimised", true],
      ["as written", false],
    ] as const)("%s", (_, optimize) => {
      const run: Run = async (build, ...data) => {
        const inputs = data.map((values) => input([values.length], values instanceof Int32Array ? "i32" : "f32"));
        const outputs = build(...inputs);
        const results = await runOn(
          executor,
          { outputs, inputs: inputs.map((tensor, i) => [tensor, data[i]] as const) },
          { optimize },
        );
        return Object.fromEntries(
          Object.keys(outputs).map((key) => [key, Array.from(results[key as keyof typeof outputs])]),
        ) as never;
      };
      body({ run, unit: name === "oracle" ? 2 ** -53 : 2 ** -24 });
    });
  });
}
