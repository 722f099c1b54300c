// What toPytorch writes and refuses; steps that train, gradients of a model's own, names, weights that are shared or frozen.
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { constant, customGradient, permuteIndex, randomKey, scan, type Tensor, Variable } from "../../../src/index.ts";
import { parseSafetensors } from "../../../src/io/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { toPytorch } from "../../../src/torch/index.ts";
import type { Case } from "../../onnx/export/compare.ts";
import { differences, exported, type Wanted } from "./compare.ts";
import { missing, ranByTorch } from "./python.ts";

const one = (model: unknown, ...shape: (number | string)[]): Case => ({
  model: model as Case["model"],
  signature: { input: shape },
});

/** A layer with running statistics of its own. */
class Centred implements nn.Module {
  readonly mean = new Variable([3], 0, { trainable: false });

  forward(x: Tensor, context: nn.Context): Tensor {
    const own = x.mean(0);
    context.assign(this.mean, this.mean.mul(0.9).add(own.mul(0.1)));
    return x.sub(context.training ? own : this.mean);
  }
}

/** Rounded numbers, to which gradients pass as if they were not. */
const rounded = customGradient(
  (x) => x.round(),
  (cotangent) => [cotangent],
);

/** The same at every step of a loop, whose gradient depends on the step. */
function looped(x: Tensor): Tensor {
  const half = customGradient(
    (state, row) => state.mul(0.5).add(row),
    (cotangent, [state, row]) => [cotangent.mul(state), cotangent.mul(row)],
  );
  const first = x.narrow(1, 0, 1).squeeze(1);
  return scan(([state], [row]) => ({ carries: [half(state, row)] }), [first], [x.permute([1, 0, 2])]).carries[0];
}

/** A function of numbers that are weighed. */
class Scaled implements nn.Module {
  readonly weight = new Variable([3], [1.2, 2.7, -0.4]);
  private readonly of: (x: Tensor) => Tensor;

  constructor(of: (x: Tensor) => Tensor) {
    this.of = of;
  }

  forward(x: Tensor): Tensor {
    return this.of(x.mul(this.weight));
  }
}

/** A table that reads words and writes them. */
class Tied implements nn.Module {
  readonly words = new nn.Embedding(7, 4);
  readonly out = Object.assign(new nn.Linear(4, 7), { weight: this.words.weight });

  forward(x: Tensor, context: nn.Context): Tensor {
    return this.out.forward(this.words.forward(x), context);
  }
}

/** Parts with names that mean something in Python, or to torch's modules. */
class Named implements nn.Module {
  readonly train = new nn.Linear(3, 3);
  readonly class = new nn.Linear(3, 3);
  readonly forward_ = { lambda: new Variable([3], [1, 2, 3]) };

  forward(x: Tensor): Tensor {
    return this.class.forward(this.train.forward(x)).mul(this.forward_.lambda);
  }
}

function frozen(): nn.Module {
  const model = new nn.Sequential(new nn.Linear(3, 4), nn.tanh, new nn.Linear(4, 2));
  nn.setTrainable([...nn.variables(model).values()].slice(0, 2), false);
  return model;
}

const same: Readonly<Record<string, () => readonly [of: Case, trains: boolean]>> = {
  "batch norms": () => [
    one(
      new nn.Sequential(
        new nn.Conv2d(2, 3, 3),
        new nn.BatchNorm2d(3, { momentum: 0.3 }),
        nn.relu,
        new nn.Flatten(),
        new nn.Linear(12, 4),
        new nn.BatchNorm1d(4),
      ),
      "batch",
      2,
      4,
      4,
    ),
    true,
  ],
  "layers without weights": () => [
    one(
      new nn.Sequential(
        new nn.LayerNorm(3, { elementwiseAffine: false }),
        new nn.Linear(3, 3),
        new nn.BatchNorm1d(3, { affine: false, trackRunningStats: false }),
      ),
      "batch",
      3,
    ),
    true,
  ],
  "instance norms with statistics": () => [
    one(new nn.InstanceNorm2d(3, { affine: true, trackRunningStats: true }), "batch", 3, 4, 4),
    true,
  ],
  "statistics of a layer's own": () => [one(new nn.Sequential(new nn.Linear(3, 3), new Centred()), 6, 3), true],
  "a gradient that is not the function's": () => [{ ...one(new Scaled(rounded), "batch", 3), scale: 10 }, false],
  "such a gradient in a loop": () => [one(new Scaled(looped), "batch", 4, 3), false],
  "a table that is shared": () => [
    { model: new Tied() as never, signature: { input: { shape: ["batch", 2], dtype: "i32" } }, high: { input: 7 } },
    false,
  ],
  "names that Python and torch have": () => [one(new Named(), "batch", 3), false],
  "weights that are frozen": () => [one(frozen(), "batch", 3), false],
};

/** Halves of the elements are dropped by torch's numbers. */
const dropping: Readonly<Record<string, () => nn.Layer>> = {
  Dropout: () => new nn.Sequential(new nn.Dropout(0.5)),
  Dropout2d: () => new nn.Sequential(new nn.Dropout2d(0.5)),
  DropPath: () => new nn.DropPath(0.5),
};

describe.skipIf(missing)(`models in PyTorch${missing ? `: ${missing}` : ""}`, () => {
  const wanted = new Map<string, Wanted>();
  const errors = new Map<string, string | undefined>();
  const run = async (name: string, of: Case, ways: Parameters<typeof exported>[2]) =>
    wanted.set(name, await exported(`to-pytorch ${name}`, of, ways));

  beforeAll(async () => {
    for (const [name, make] of Object.entries(same)) {
      const [of, trains] = make();
      await run(name, of, { batches: name === "statistics of a layer's own" ? [6] : [2, 7], trains });
    }
    for (const [name, make] of Object.entries(dropping))
      await run(name, one(make(), "batch", 4, 5, 5), { batches: [40], trains: true });
    await run("shuffled", one(shuffled, "batch", 4), { batches: [3], trains: true });
    const folders = [...wanted.values()].map(({ folder }) => folder);
    for (const { folder, error } of ranByTorch<{ folder: string; error?: string }>("run.py", folders))
      errors.set(folder, error);
  }, 120_000);

  /** Shuffles its rows when it trains, by a permutation that torch has not. */
  const shuffled = {
    forward: (x: Tensor, context: nn.Context) =>
      context.training ? x.gather(permuteIndex(constant([0, 1, 2], { dtype: "i32" }), context.key(), 3)) : x.mul(2),
  };

  test.each(Object.keys(same))("%s do the same", (name) => {
    const own = wanted.get(name) as Wanted;
    expect(errors.get(own.folder)).toBeUndefined();
    expect(differences(own, 1e-5)).toEqual([]);
  });

  test.each(Object.keys(dropping))("%s draws when it trains alone", (name) => {
    const { folder, cases } = wanted.get(name) as Wanted;
    expect(errors.get(folder)).toBeUndefined();
    const made = (way: string) => parseSafetensors(readFileSync(`${folder}/${way} 40.made`)).tensors["output 0"].data;
    const x = cases.get("predict 40")?.get("output 0") as ArrayLike<number>;
    expect(Array.from(made("predict"))).toEqual(Array.from(x));
    const trained = Array.from(made("train"));
    const dropped = trained.filter((value) => value === 0).length / trained.length;
    expect(dropped).toBeGreaterThan(0.2);
    expect(dropped).toBeLessThan(0.8);
    expect(trained.every((value, i) => value === 0 || Math.abs(value - 2 * x[i]) < 1e-5)).toBe(true);
  });

  test("what cannot train there predicts, and says so", () => {
    expect(errors.get((wanted.get("shuffled") as Wanted).folder)).toMatch(
      /NotImplementedError: this model trains in simdgrad alone: toPytorch: permuteIndex: torch has no such permutation; model.eval\(\) predicts/,
    );
  });
});

describe("what is written", () => {
  test("has layers of torch's by their names, and one way to run where both are the same", async () => {
    const model = new nn.Sequential(
      new nn.Linear(4, 8),
      nn.relu,
      new nn.Dropout(0.1),
      new nn.LSTM(8, 3, { batchFirst: true }) as never,
    );
    const files = await toPytorch(model, { input: ["batch", 5, 4] });
    expect(files["model.py"]).toContain('place(self, "0", nn.Linear(4, 8))');
    expect(files["model.py"]).toContain('place(self, "3", nn.LSTM(8, 3, batch_first=True))');
    expect(files["model.py"]).toContain("F.dropout(");
    expect(files["model.py"]).not.toContain("def predict");
    const { tensors } = parseSafetensors(files["weights.safetensors"]);
    expect(Object.keys(tensors).sort()).toEqual([...nn.variables(model).keys()].sort());
  });

  test("has a long constant in a file of its own", async () => {
    const table = constant(
      Float32Array.from({ length: 300 }, (_, i) => Math.sin(i)),
      { shape: [300] },
    );
    const files = await toPytorch((x: Tensor) => x.mul(table), { input: ["batch", 300] });
    expect(files["model.py"]).toContain(
      'self.register_buffer("constant_1", constants["constant_1"], persistent=False)',
    );
    expect(parseSafetensors(files["constants.safetensors"] as Uint8Array).tensors.constant_1.shape).toEqual([300]);
  });

  const squares = (rows: number) =>
    constant(
      Float32Array.from({ length: rows }, (_, i) => (i + rows) ** 2),
      { shape: [rows, 1] },
    );
  const hidden = new Variable([2], [1, 2]);
  test.each([
    [
      "a weight in a closure",
      (x: Tensor) => x.mul(hidden),
      ["batch", 2],
      /variable \[2\] is no input and in no field of the model/,
    ],
    [
      "numbers for every batch",
      (x: Tensor) => x.add(squares(x.shape[0])),
      ["batch", 2],
      /has other numbers for every batch/,
    ],
    [
      "a permutation",
      (x: Tensor) => permuteIndex(x.argmax(1), randomKey(0, "a"), 3),
      ["batch", 2],
      /toPytorch: permuteIndex: torch has no such permutation/,
    ],
    ["two sizes with names", (x: Tensor) => x, ["batch", "length"], /toPytorch: signature: one size may have a name/],
    ["no tensor", () => 3, ["batch", 2], /toPytorch: what the model gives must be a tensor/],
  ] as const)("is refused in words: %s", async (_, model, input, words) => {
    await expect(toPytorch(model as never, { input })).rejects.toThrow(words);
  });
});
