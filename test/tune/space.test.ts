// Spaces: what values they have, as types and as numbers, and what is no space.
import { describe, expect, expectTypeOf, test } from "vitest";
import { dimensionsOf, faultOf, isActive, nested } from "../../src/tune/dimensions.ts";
import { Draws } from "../../src/tune/draws.ts";
import {
  choice,
  conditional,
  integer,
  type Leaf,
  logInteger,
  logUniform,
  openStudy,
  type Trial,
  uniform,
  type Values,
} from "../../src/tune/index.ts";
import { drawn } from "../../src/tune/sampler.ts";
import { thrown } from "../thrown.ts";

const space = {
  rate: logUniform(1e-5, 1e-1),
  layers: integer(1, 3),
  activation: choice(["relu", "tanh"]),
  optimizer: conditional({
    sgd: { momentum: uniform(0, 0.99), schedule: conditional({ constant: {}, step: { every: logInteger(1, 100) } }) },
    adam: { beta: choice([0.9, 0.99, null]) },
  }),
};

test("values have the types of their parameters", async () => {
  type Found = Values<typeof space>;
  expectTypeOf<Found["rate"]>().toEqualTypeOf<number>();
  expectTypeOf<Found["activation"]>().toEqualTypeOf<"relu" | "tanh">();
  expectTypeOf<Found["optimizer"]["kind"]>().toEqualTypeOf<"sgd" | "adam">();
  const study = await openStudy({ space });
  expectTypeOf(study.ask).returns.resolves.toExtend<Trial<Found>>();
  const { optimizer } = (await study.ask()).values;
  if (optimizer.kind === "adam") expectTypeOf(optimizer.beta).toEqualTypeOf<0.9 | 0.99 | null>();
  else if (optimizer.schedule.kind === "step") expectTypeOf(optimizer.schedule.every).toEqualTypeOf<number>();
  // @ts-expect-error: only sgd has a momentum
  optimizer.momentum;
});

test("branches are flat inside, each parameter with what it depends on", () => {
  expect(
    dimensionsOf(space).map(({ path, when }) => `${path}${when ? ` if ${when.path} is ${when.kind}` : ""}`),
  ).toEqual([
    "rate",
    "layers",
    "activation",
    "optimizer",
    "optimizer.sgd.momentum if optimizer is sgd",
    "optimizer.sgd.schedule if optimizer is sgd",
    "optimizer.sgd.schedule.step.every if optimizer.sgd.schedule is step",
    "optimizer.adam.beta if optimizer is adam",
  ]);
});

test("what is drawn is of the space, and nested as it is", () => {
  const dimensions = dimensionsOf(space);
  const kinds = new Set<string>();
  for (let trial = 0; trial < 300; trial++) {
    const values = drawn(dimensions, new Draws(5, trial));
    expect(faultOf(dimensions, values)).toBeUndefined();
    for (const dimension of dimensions) expect(Object.hasOwn(values, dimension.path)).toBe(isActive(dimension, values));
    const { optimizer } = nested(space, values) as Values<typeof space>;
    kinds.add(optimizer.kind === "sgd" ? `sgd ${optimizer.schedule.kind}` : `adam ${optimizer.beta}`);
  }
  expect([...kinds].sort()).toEqual(["adam 0.9", "adam 0.99", "adam null", "sgd constant", "sgd step"]);
});

const leaves: readonly (readonly [Leaf, first: unknown, last: unknown])[] = [
  [uniform(-2, 3), -2, 3],
  [uniform(0, 0.3, { step: 0.1 }), 0, 0.3],
  [uniform(0, 1, { step: 0.3 }), 0, 0.3 * 3],
  [logUniform(1e-5, 1e-1), 1e-5, 1e-1],
  [integer(-3, 9), -3, 9],
  [integer(8, 65, { step: 8 }), 8, 64],
  [logInteger(1, 512), 1, 512],
  [choice(["a", "b", "c"]), "a", "c"],
  [choice([true, null, 2]), true, 2],
  [uniform(1, 1), 1, 1],
  [integer(4, 4), 4, 4],
];

describe.each(leaves.map(([leaf, first, last]) => [leaf.form, leaf, first, last] as const))(
  "%s",
  (_, leaf, first, last) => {
    test("has its ends, and nothing else", () => {
      expect(leaf.at(0)).toBe(first);
      expect(leaf.at(1)).toBe(last);
      for (let i = 0; i <= 1000; i++) expect(leaf.isValue(leaf.at(i / 1000))).toBe(true);
      for (const value of [undefined, "z", Number.NaN, -4, 1000, {}]) expect(leaf.isValue(value)).toBe(false);
    });

    test("finds the place of a value, in its share of the scale", () => {
      for (let i = 0; i <= 100; i++) {
        const value = leaf.at(i / 100);
        const [from, to] = leaf.share(value);
        expect(leaf.at(leaf.place(value))).toSatisfy((found: number) =>
          typeof value === "number" ? Math.abs(found - value) <= 1e-12 * Math.abs(value) : found === (value as unknown),
        );
        if (leaf.count < Number.POSITIVE_INFINITY && leaf.count > 1) {
          expect(from).toBeLessThan(to);
          expect(leaf.place(value)).toBeGreaterThan(from);
          expect(leaf.place(value)).toBeLessThan(to);
        } else expect(from).toBe(to > from ? 0 : from);
      }
    });

    test("shares all of the scale out", () => {
      if (leaf.count === Number.POSITIVE_INFINITY) return;
      const shares = Array.from({ length: leaf.count }, (__, i) => leaf.share(leaf.nth(i)));
      if (leaf.count > 1) expect(shares.reduce((sum, [from, to]) => sum + to - from, 0)).toBeCloseTo(1, 12);
    });
  },
);

test("no value of a range with steps is above it, and each is known again", () => {
  for (const [high, step] of [
    [0.3, 0.1],
    [0.7, 0.1],
    [2.1, 0.3],
    [1.1, 0.11],
  ]) {
    const leaf = uniform(0, high, { step });
    expect(leaf.nth(leaf.count - 1)).toBe(high);
    for (let i = 0; i < leaf.count; i++) expect(leaf.isValue(leaf.nth(i))).toBe(true);
  }
});

describe("what is no space is refused in words", () => {
  const as = <T>(value: unknown) => value as T;
  test.each<[string, () => unknown]>([
    ["uniform: high must be at least low 1, got 0", () => uniform(1, 0)],
    ['uniform: low must be a finite number, got "0"', () => uniform(as("0"), 1)],
    ["uniform: step must be a number > 0, got 0", () => uniform(0, 1, { step: 0 })],
    ["uniform: high must be at a finite distance from low -1.7e+308", () => uniform(-1.7e308, 1.7e308)],
    ["uniform(0, 1, { step: 1e-300 }): step must be so large that there are", () => uniform(0, 1, { step: 1e-300 })],
    ["uniform: unknown option q; it takes step", () => uniform(0, 1, as({ q: 1 }))],
    ["logUniform: low must be a number > 0, got 0", () => logUniform(0, 1)],
    ["integer: low must be a whole number", () => integer(0.5, 2)],
    ["logInteger: low must be a whole number >= 1, got 0", () => logInteger(0, 2)],
    ["choice: options must be a list of one value at least, got []", () => choice([])],
    ['choice: options.1 "a" is there twice', () => choice(["a", "a"])],
    [
      "choice: options.0 must be a number, a string, true, false or null, got { x }",
      () => choice([as<string>({ x: 1 })]),
    ],
    ["conditional: branches must be one branch at least", () => conditional({})],
    ["conditional: a: a parameter cannot be called kind", () => conditional({ a: { kind: uniform(0, 1) } })],
    [
      "conditional: sgd: momentum must be a parameter such as uniform(0, 1)",
      () => conditional({ sgd: { momentum: as(0.9) } }),
    ],
  ])("%s", (message, make) => {
    expect(thrown(make)).toMatch(/^ArgumentError: /);
    expect(thrown(make)).toContain(message);
  });

  test.each<[string, unknown]>([
    ["openStudy: space must be an object of parameters", undefined],
    ["openStudy: space must be one parameter at least", {}],
    [
      "openStudy: space: rate must be a parameter such as uniform(0, 1) or choice([1, 2]), got [0.1, 1]",
      { rate: [0.1, 1] },
    ],
    ['openStudy: space: the parameter must be a name without points, got "a.b"', { "a.b": uniform(0, 1) }],
  ])("%s", async (message, given) => {
    await expect(openStudy({ space: given as never })).rejects.toThrow(message);
  });
});
