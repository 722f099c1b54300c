// Tensors of another dtype: whoever does not take one says so in its own name, not in that of an op that it is made of.
import { describe, expect, test } from "vitest";
import { constant, type DType, DTypeError, Tensor } from "../../src/index.ts";
import { sizeOf } from "../../src/shape.ts";
import { functionCalls } from "./functions.ts";
import type { Call } from "./harness.ts";
import { nnCalls } from "./nn.ts";

/** What runs other layers, which speak for themselves: by their paths, or as layers whose weights are made. */
const around = /^(Branches|Residual|Sequential|SpectralNorm|WeightNorm)\.forward$|^forward$/;

function hasTensor(value: unknown): boolean {
  return value instanceof Tensor || (Array.isArray(value) && value.some(hasTensor));
}

/** Ones in the place of all tensors. */
function ones(value: unknown, dtype: DType): unknown {
  if (Array.isArray(value)) return value.map((each) => ones(each, dtype));
  if (!(value instanceof Tensor)) return value;
  return constant(Array(sizeOf(value.shape)).fill(1), { shape: value.shape, dtype });
}

/** Arguments of which one, or an option of one, is of another dtype. */
function variantsOf({ args }: Call): readonly (readonly [what: string, args: readonly unknown[]])[] {
  const right = args.map(({ value }) => value);
  return (["f32", "i32", "u8"] as const).flatMap((dtype) =>
    args.flatMap(({ value, options = {} }, i) => {
      const own = hasTensor(value) ? [[`argument ${i}: ${dtype}`, right.with(i, ones(value, dtype))] as const] : [];
      const others = Object.entries(options)
        .filter(([, each]) => hasTensor(each.value))
        .map(([name, each]) => {
          const given = { ...(value as object), ...each.beside, [name]: ones(each.value, dtype) };
          return [`${name}: ${dtype}`, right.with(i, given)] as const;
        });
      return [...own, ...others];
    }),
  );
}

/** What is said of those that are refused. */
async function saidOf(call: Call): Promise<[what: string, message: string][]> {
  const said: [string, string][] = [];
  for (const [what, args] of variantsOf(call))
    try {
      await (call.run as (...args: readonly unknown[]) => unknown)(...args);
    } catch (error) {
      if (error instanceof DTypeError) said.push([what, error.message]);
    }
  return said;
}

describe.each(Object.entries({ "simdgrad/nn": nnCalls, "simdgrad/functions": functionCalls }))("%s", (_, calls) => {
  // A random key is of whoever draws with it.
  const refusing = Object.entries(calls).filter(([name]) => !/^rrelu$/.test(name));

  test("refuses other dtypes in many places", async () => {
    const all = await Promise.all(refusing.map(([, call]) => saidOf(call)));
    expect(all.flat().length).toBeGreaterThan(60);
  });

  test.each(refusing.filter(([, call]) => variantsOf(call).length > 0))("%s speaks for itself", async (name, call) => {
    const own = name.replace(/\.\w+$/, "");
    const starts = around.test(name) ? /^(relu|Linear): / : new RegExp(`^${own}: `);
    expect((await saidOf(call)).filter(([, message]) => !starts.test(message))).toEqual([]);
  });
});
