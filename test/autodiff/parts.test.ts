// Gradients of several slices of one tensor: one node of parts, which lie where they belong, in place of a sum of padded tensors.
import { afterAll, describe, expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import { topological } from "../../src/graph.ts";
import { compile, input } from "../../src/index.ts";
import type { SpreadAttrs } from "../../src/ops/movement.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32, oracle } from "../executors.ts";
import { generator } from "../ops/inputs.ts";
import { runOn } from "../run.ts";

/** Ways to read slices of a matrix, each of its own function; none reads an element twice. */
const readers: Readonly<Record<string, (x: Tensor) => readonly Tensor[]>> = {
  "parts that cover all": (x) => [0, 1, 2].map((i) => x.narrow(1, 4 * i, 4)),
  "parts with gaps between them": (x) => [x.slice([0, 2], [1, 4]), x.slice([3, 6], [5, 12])],
  "parts that are walked through backwards": (x) => [x.slice([2, 0, -1]), x.slice([5, 3, -2], [11, 2, -3])],
};

/** A scalar that every slice goes into by another function. */
function totalOf(slices: readonly Tensor[]): Tensor {
  const fs = [(a: Tensor) => a.sin(), (a: Tensor) => a.square(), (a: Tensor) => a.exp()];
  return slices.map((slice, i) => fs[i](slice).sum()).reduce((sum, each) => sum.add(each));
}

/** The gradient as it was before: every slice's own, padded with zeros, added up. */
function padded(x: Tensor, read: (x: Tensor) => readonly Tensor[]): Tensor {
  const slices = read(x);
  return slices
    .map((_, i) => grad(totalOf(slices.map((slice, j) => (i === j ? slice : slice.mul(0)))), [x])[0])
    .reduce((sum, each) => sum.add(each));
}

const namesOf = (tensor: Tensor) => topological([tensor]).map(({ op }) => op.name);

describe.each(Object.entries(readers))("%s", (_, read) => {
  test("have one gradient, of parts: no sum, and zeros only where nothing lies", () => {
    const x = input([6, 12]);
    const slices = read(x);
    const [gradient] = grad(totalOf(slices), [x]);
    expect(gradient.op.name).toBe("spread");
    expect(gradient.inputs).toHaveLength(slices.length);
    expect((gradient.attrs as unknown as SpreadAttrs).ranges).toHaveLength(slices.length);
    expect(namesOf(gradient).filter((name) => name === "spread")).toHaveLength(1);
  });

  describe.each(Object.entries({ ...float32, oracle }))("on %s", (_name, create) => {
    const executor = create({ poison: true });
    afterAll(() => executor.dispose());

    test.each([true, false])("have the bits of the sum, optimised: %s", async (optimize) => {
      const x = input([6, 12]);
      const next = generator(5);
      const data = Array.from({ length: 72 }, () => Math.fround(2 * next() - 1));
      const outputs = { parts: grad(totalOf(read(x)), [x])[0], sum: padded(x, read) };
      const { parts, sum } = await runOn(executor, { outputs, inputs: [[x, data]] }, { optimize });
      expect(Array.from(parts, (value) => value + 0)).toEqual(Array.from(sum, (value) => value + 0));
    });
  });
});

test("slices that meet are added", () => {
  const x = input([12]);
  const [gradient] = grad(totalOf([x.slice([0, 7]), x.slice([6, 12])]), [x]);
  expect(gradient.op.name).toBe("add");
  const [part] = grad(totalOf([x.slice([0, 6]), x.slice([6, 12])]), [x]);
  expect(part.op.name).toBe("spread");
});

test("a gradient of parts that cover all is written by the makers of its parts", () => {
  const x = input([8, 12]);
  const y = input([8, 12]);
  const [gradient] = grad(totalOf([0, 1, 2].map((i) => x.narrow(1, 4 * i, 4).mul(y.narrow(1, 4 * i, 4)))), [x]);
  const { labels } = compile({ inputs: { x, y }, outputs: { gradient: gradient.mul(2) } });
  expect(labels.filter((label) => /spread|fill|copy/.test(label))).toEqual([]);
});
