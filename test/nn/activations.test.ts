// Activations far from 0, where naive formulas overflow: values and slopes stay numbers on every executor. Bad input: typed errors.
import { describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { constant, input } from "../../src/create.ts";
import { ArgumentError, ShapeError } from "../../src/errors.ts";
import { evaluateAll } from "../../src/evaluate.ts";
import * as functional from "../../src/nn/functional.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32 } from "../executors.ts";

const { prelu, threshold, ...ofOne } = functional;

const activations: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  ...(ofOne as Readonly<Record<string, (x: Tensor) => Tensor>>),
  prelu: (x) => prelu(x, constant([0.25])),
  threshold: (x) => threshold(x, -1, 20),
  "gelu tanh": (x) => functional.gelu(x, "tanh"),
  "softplus 3": (x) => functional.softplus(x, 3),
  "celu 0.5": (x) => functional.celu(x, 0.5),
};

describe.each(Object.entries(float32))("on %s", (_, create) => {
  test.each(Object.entries(activations))(
    "%s is finite far from 0, twice differentiated, too",
    async (_, activation) => {
      const x = constant([100, -100, 90, -90, 1e4, -1e4, 1e12, -1e12]);
      const y = activation(x);
      const [slope] = grad(y.sum(), [x]);
      const [curvature] = grad(slope.sum(), [x]);
      const executor = create({ poison: true });
      for (const values of await evaluateAll([y, slope, curvature], { executor }))
        expect([...values].filter((value) => !Number.isFinite(value))).toEqual([]);
      await executor.dispose();
    },
  );
});

test.each<[string, () => Tensor, new (...args: never[]) => Error]>([
  ["an odd axis has no halves", () => functional.glu(input([4, 3])), ShapeError],
  ["an odd axis has no halves", () => functional.swiglu(input([3, 4]), 0), ShapeError],
  ["an axis outside the shape", () => functional.glu(input([4, 4]), 2), ShapeError],
  ["slopes of another number of channels", () => functional.prelu(input([4, 3]), input([2])), ShapeError],
  ["slopes of two axes", () => functional.prelu(input([4, 3]), input([1, 3])), ShapeError],
  ["min above max", () => functional.hardtanh(input([3]), 1, -1), ArgumentError],
  ["lower above upper", () => functional.rrelu(input([3]), 0.5, 0.25), ArgumentError],
  ["a lambd below 0", () => functional.softshrink(input([3]), -1), ArgumentError],
  ["alpha 0", () => functional.celu(input([3]), 0), ArgumentError],
  ["beta 0", () => functional.softplus(input([3]), 0), ArgumentError],
  ["another approximation", () => functional.gelu(input([3]), "sigmoid" as "tanh"), ArgumentError],
])("%s: a typed error", (_, make, type) => {
  expect(make).toThrow(type);
});
