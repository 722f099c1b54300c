// Functions that level off do so exactly: what they are multiplied with may be as large as it likes.
import { expect, test } from "vitest";
import { grad } from "../../src/autodiff.ts";
import * as nn from "../../src/nn/functional.ts";
import type { Tensor } from "../../src/tensor.ts";
import { everywhere } from "./everywhere.ts";

const inf = Number.POSITIVE_INFINITY;

/** C's values where they are whole numbers, infinite or NaN, by the argument. */
const LIMITS: readonly (readonly [
  name: string,
  f: (x: Tensor) => Tensor,
  values: readonly (readonly [number, number])[],
])[] = [
  [
    "erf",
    (x) => x.erf(),
    [
      [inf, 1],
      [-inf, -1],
      [10, 1],
      [-3.4e38, -1],
      [0, 0],
      [-0, -0],
    ],
  ],
  [
    "tanh",
    (x) => x.tanh(),
    [
      [inf, 1],
      [-inf, -1],
      [1e10, 1],
      [-3.4e38, -1],
      [0, 0],
      [-0, -0],
    ],
  ],
  [
    "sigmoid",
    (x) => x.sigmoid(),
    [
      [inf, 1],
      [-inf, 0],
      [1e10, 1],
      [-1e10, 0],
    ],
  ],
  [
    "exp",
    (x) => x.exp(),
    [
      [inf, inf],
      [-inf, 0],
      [-1e10, 0],
      [0, 1],
      [-0, 1],
    ],
  ],
  [
    "expm1",
    (x) => x.expm1(),
    [
      [inf, inf],
      [-inf, -1],
      [-1e10, -1],
      [0, 0],
      [-0, -0],
    ],
  ],
  [
    "log",
    (x) => x.log(),
    [
      [inf, inf],
      [0, -inf],
      [-0, -inf],
      [1, 0],
      [-1, Number.NaN],
      [-inf, Number.NaN],
    ],
  ],
  [
    "log1p",
    (x) => x.log1p(),
    [
      [inf, inf],
      [-1, -inf],
      [0, 0],
      [-0, -0],
      [-2, Number.NaN],
    ],
  ],
  [
    "sqrt",
    (x) => x.sqrt(),
    [
      [inf, inf],
      [0, 0],
      [-0, -0],
      [-1, Number.NaN],
    ],
  ],
  [
    "rsqrt",
    (x) => x.rsqrt(),
    [
      [inf, 0],
      [0, inf],
      [-1, Number.NaN],
    ],
  ],
  [
    "sin",
    (x) => x.sin(),
    [
      [inf, Number.NaN],
      [-inf, Number.NaN],
      [0, 0],
      [-0, -0],
    ],
  ],
  [
    "cos",
    (x) => x.cos(),
    [
      [inf, Number.NaN],
      [-inf, Number.NaN],
      [0, 1],
      [-0, 1],
    ],
  ],
];

everywhere(({ run }) => {
  test.each(LIMITS)("%s is C's at its ends", async (_, f, values) => {
    const { y } = await run(
      (x) => ({ y: f(x) }),
      values.map(([x]) => x),
    );
    expect(y).toEqual(values.map(([, value]) => value));
    const { not } = await run((x) => ({ not: f(x) }), [Number.NaN]);
    expect(not).toEqual([Number.NaN]);
  });

  test.each([
    ["gelu", (x: Tensor) => nn.gelu(x)],
    ["gelu by tanh", (x: Tensor) => nn.gelu(x, "tanh")],
    ["silu", nn.silu],
    ["mish", nn.mish],
    ["hardSwish", nn.hardSwish],
  ])("%s of large numbers is 0 or the number, with slope 0 or 1", async (_, f) => {
    const x = [-1000, -1e4, -1e6, -1e10, 100, 1e4, 1e6, 1e10];
    const { y, slope } = await run((a) => {
      const value = f(a);
      return { y: value, slope: grad(value.sum(), [a])[0] };
    }, x);
    const isBelow = (value: number) => value < 0;
    expect(y.map((value) => value + 0)).toEqual(x.map((value) => (isBelow(value) ? 0 : Math.fround(value))));
    expect(slope.map((value) => value + 0)).toEqual(x.map((value) => (isBelow(value) ? 0 : 1)));
  });

  test.each([
    ["elu", (x: Tensor) => nn.elu(x), -1],
    ["celu", (x: Tensor) => nn.celu(x, 2), -2],
    ["hardtanh", (x: Tensor) => nn.hardtanh(x), -1],
    ["hardSigmoid", nn.hardSigmoid, 0],
    ["softplus", (x: Tensor) => nn.softplus(x), 0],
    ["relu6", nn.relu6, 0],
  ])("%s levels off at -infinity, with slope 0", async (_, f, least) => {
    const { y, slope } = await run(
      (a) => {
        const value = f(a);
        return { y: value, slope: grad(value.sum(), [a])[0] };
      },
      [-inf, -1e10],
    );
    expect(y).toEqual([least, least]);
    expect(slope.map((value) => value + 0)).toEqual([0, 0]);
  });
});
