// Mistakes that are found where data is loaded, and what must not be taken for one. What is said of them: docs/errors.md.
import { describe, expect, test, vi } from "vitest";
import { fromRows } from "../../src/data/index.ts";
import { constant, evaluate, input, JsExecutor, Predictor, type Tensor, Trainer } from "../../src/index.ts";
import {
  BatchNorm1d,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  type Context,
  crossEntropy,
  Embedding,
  Flatten,
  focalLoss,
  GRU,
  hingeLoss,
  Linear,
  type Loss,
  LSTM,
  logSoftmax,
  type Module,
  MultiheadAttention,
  mseLoss,
  multiLabelSoftMarginLoss,
  nllLoss,
  Residual,
  RNN,
  Sequential,
  sigmoid,
  softmax,
  softplus,
  TransformerEncoderLayer,
  variables,
  withOptions,
} from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";

const x = [[0], [1], [2]];

function trainer(loss: Loss = mseLoss): Trainer {
  return new Trainer(new Linear(1, 1), { loss, optimizer: sgd(0.1), executor: new JsExecutor() });
}

/** What is said while something is done. */
async function saidOf(task: () => Promise<unknown>): Promise<string[]> {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  try {
    await task();
    return warn.mock.calls.map(([said]) => said);
  } finally {
    warn.mockRestore();
  }
}

describe("a model that ends in a softmax or a sigmoid", () => {
  const threeClasses = { x, y: Int32Array.of(0, 1, 2) };
  const labels = {
    x,
    y: [
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ],
  };
  const ends: Readonly<Record<string, (z: Tensor) => Tensor>> = {
    softmax,
    sigmoid,
    "softmax, moved": (z) =>
      z
        .reshape([...z.shape, 1])
        .softmax(1)
        .permute([2, 0, 1])
        .reshape(z.shape),
  };
  const classes: Readonly<Record<string, Loss>> = {
    crossEntropy,
    smoothed: withOptions(crossEntropy, { labelSmoothing: 0.1 }),
    weighed: withOptions(crossEntropy, { weight: [1, 2, 3] }),
    "nllLoss of logSoftmax": Object.assign((z: Tensor, y: Tensor) => nllLoss(z.logSoftmax(), y), {
      targets: "classes" as const,
    }),
  };
  const yesOrNo: Readonly<Record<string, Loss>> = {
    binaryCrossEntropyWithLogits,
    weighed: withOptions(binaryCrossEntropyWithLogits, { posWeight: 2 }),
    focalLoss,
    multiLabelSoftMarginLoss,
  };

  function trained(end: (z: Tensor) => Tensor, loss: Loss): Trainer {
    const model = new Sequential(new Linear(1, 3), end);
    return new Trainer(model, { loss, optimizer: sgd(0.1), executor: new JsExecutor() });
  }

  test.each(Object.keys(ends))("%s, and a loss that takes logits: that is said once, with what to do", async (end) => {
    const name = end.replace(/,.*/, "");
    for (const [losses, samples, advice] of [
      [
        classes,
        threeClasses,
        name === "softmax" ? /new Sequential\(model, \(p\) => p.clamp\(1e-7, 1\)/ : /end before it$/,
      ],
      [yesOrNo, labels, /binaryCrossEntropy is the loss of probabilities/],
    ] as const)
      for (const loss of Object.values(losses)) {
        const trainer = trained(ends[end], loss);
        const said = await saidOf(async () => {
          await trainer.evaluate(samples);
          await trainer.load(samples);
          await trainer.fit();
        });
        expect(said).toEqual([
          expect.stringMatching(`^simdgrad: the model ends in a ${name}, and the loss takes logits`),
        ]);
        expect(said[0]).toMatch(advice);
      }
  });

  test("is told of where it is one of several outputs, and where rows stream", async () => {
    const body = new Linear(1, 3);
    const model = { body, forward: (z: Tensor) => ({ a: body.forward(z), b: body.forward(z).softmax() }) };
    const options = { loss: { a: crossEntropy, b: crossEntropy }, optimizer: sgd(0.1), executor: new JsExecutor() };
    const several = new Trainer(model, options as never);
    const y = { a: threeClasses.y, b: threeClasses.y };
    const told = expect.stringMatching(/^simdgrad: the output b ends in a softmax/);
    expect(await saidOf(() => several.load({ x, y } as never))).toEqual([told]);
    const rows = [
      { x: [0], y: 0 },
      { x: [1], y: 1 },
    ];
    const streamed = async () => trained(softmax, crossEntropy).fit({ data: fromRows(rows, { chunk: 2 }) });
    expect(await saidOf(streamed)).toEqual([expect.stringMatching(/^simdgrad: the model ends in a softmax/)]);
  });

  test("is as it should be for losses that take probabilities, or their logarithms", async () => {
    const logs = (z: Tensor) => z.softmax().clamp(1e-7, 1).log();
    const right: readonly (readonly [(z: Tensor) => Tensor, Loss, object])[] = [
      [softmax, binaryCrossEntropy, labels],
      [sigmoid, binaryCrossEntropy, labels],
      [softmax, mseLoss, labels],
      [sigmoid, mseLoss, labels],
      [logs, crossEntropy, threeClasses],
      [logs, nllLoss, threeClasses],
      [logSoftmax, nllLoss, threeClasses],
      [logSoftmax, crossEntropy, threeClasses],
      [(z) => z, crossEntropy, threeClasses],
      [(z) => z.sigmoid().mul(10), crossEntropy, threeClasses],
      [(z) => z, binaryCrossEntropyWithLogits, labels],
    ];
    for (const [end, loss, samples] of right)
      expect(await saidOf(() => trained(end, loss).load(samples as typeof labels))).toEqual([]);
    // What is advised has the numbers of the model without a softmax.
    const [plain, mended] = [trained((z) => z, crossEntropy), trained(logs, crossEntropy)];
    const { loss } = await plain.evaluate(threeClasses);
    expect((await mended.evaluate(threeClasses)).loss).toBeCloseTo(loss, 6);
  });

  test("gives probabilities as they are: who asks for them is told, once", async () => {
    const none = new Predictor((z: Tensor) => z.exp(), { executor: new JsExecutor() });
    const logits = async () => [await none.predict([[1, 2]]), await none.predict([[1, 2]], { as: "softmax" })];
    expect(await saidOf(logits)).toEqual([]);
    for (const as of ["softmax", "sigmoid"] as const) {
      const predictor = new Predictor(ends[as], { executor: new JsExecutor() });
      const other = as === "softmax" ? "sigmoid" : "softmax";
      const plain = async () => [await predictor.predict([[1, 2]]), await predictor.predict([[1, 2]], { as: other })];
      expect(await saidOf(plain)).toEqual([]);
      const asked = async () => {
        for (const rows of [1, 20]) await predictor.predict(Array(rows).fill([1, 2]), { as });
      };
      expect(await saidOf(asked)).toEqual([
        expect.stringMatching(`^simdgrad: predict: the model ends in a ${as}, and as:`),
      ]);
    }
  });
});

test("labels between 0 and 1 are taken by binary losses, -1 and 1 by hinges, and others by neither", async () => {
  const posWeight = withOptions(binaryCrossEntropyWithLogits, { posWeight: 2 });
  for (const loss of [binaryCrossEntropyWithLogits, posWeight]) {
    await trainer(loss).load({ x, y: [[0], [0.3], [1]] });
    for (const label of [-1, 1.5, -100])
      await expect(trainer(loss).load({ x, y: [[0], [label], [1]] })).rejects.toThrow(`y: row 1 holds ${label};`);
  }
  await trainer(hingeLoss).load({ x, y: [[-1], [1], [1]] });
  await expect(trainer(hingeLoss).load({ x, y: [[1], [1], [0]] })).rejects.toThrow("y: row 2 holds 0;");
});

test("labels are looked at in evaluations and validations, too, but not in rows of weight 0", async () => {
  const made = trainer(binaryCrossEntropyWithLogits);
  const [good, bad] = [
    { x, y: [[0], [1], [1]] },
    { x, y: [[0], [2], [1]] },
  ];
  await made.load({ ...bad, sampleWeight: [1, 0, 1] });
  await made.load(good);
  await made.evaluate(good);
  await expect(made.evaluate(bad)).rejects.toThrow("y: row 1 holds 2;");
  const fit = made.fit({ validation: bad });
  await expect(fit.done).rejects.toThrow("y: row 1 holds 2;");
  await made.evaluate({ ...bad, sampleWeight: [1, 0, 1] });
  await made.dispose();
});

test("a mistake leaves the data that was loaded before", async () => {
  const made = trainer();
  await made.load({ x, y: [[1], [3], [5]] });
  await expect(made.load({ x, y: [1, 3, 5] })).rejects.toThrow("mseLoss: prediction [3, 1] and target [3] differ");
  await expect(made.load({ x: [["0"]] as never, y: [[1]] })).rejects.toThrow("x: row 0, column 0 is");
  expect(await made.fit({ epochs: 2 }).done).toHaveLength(2);
  await made.dispose();
});

test("numbers without rows are rows of an embedding, and rows of nothing else", async () => {
  const model = new Sequential(new Embedding(3, 2), new Linear(2, 1));
  const made = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
  await made.load({ x: { data: Int32Array.of(0, 1, 2), shape: [3] }, y: [[1], [2], [3]] });
  await made.fit();
  await expect(trainer().load({ x: [0, 1, 2], y: [[1], [2], [3]] })).rejects.toThrow("the last axis of [3]");
  await expect(trainer().predict([0, 1])).rejects.toThrow("x is 2 numbers that are in no rows");
});

test.each([
  ["labels", "inputs are x, targets y"],
  ["target", "inputs are x, targets y"],
  ["ys", "inputs are x, targets y"],
  ["X", "inputs are x, targets y"],
  ["inputs", "inputs are x, targets y"],
  ["weights", "weights of rows are sampleWeight"],
])("%s beside x and y are refused: they would be missed", async (name, advice) => {
  const made = trainer();
  const good = { x, y: [[1], [3], [5]] };
  const bad = { ...good, [name]: [[1], [1], [1]] };
  const message = `samples: ${name} is not known; ${advice}`;
  await expect(made.load(bad)).rejects.toThrow(message);
  await made.load({ ...good, names: ["a", "b", "c"] } as never); // what else there is, is its own
  await expect(made.evaluate(bad)).rejects.toThrow(message);
  expect(() => made.fit({ validation: bad })).toThrow(`fit: validation: ${message}`);
  await expect(made.fit({ data: [bad] }).done).rejects.toThrow(`data: chunk 1: ${message}`);
  await made.dispose();
});

test("no rows without columns are no rows, and predicted they are an error", async () => {
  await expect(trainer().predict([])).rejects.toThrow("x has no rows; of none it is { data: [], shape: [0, columns] }");
  expect(await trainer().predict({ data: [], shape: [0, 1] })).toEqual({ data: new Float32Array(0), shape: [0, 1] });
  const doubled = new Predictor((given) => given.mul(2), { executor: new JsExecutor() });
  expect(await doubled.predict([])).toEqual({ data: new Float32Array(0), shape: [0] });
});

test("a gather that writes NaN is told with what it may be", async () => {
  const table = new Embedding(3, 2);
  const head = new Linear(2, 1);
  const model = {
    table,
    head,
    forward: (tokens: ReturnType<typeof input>) => head.forward(table.forward(tokens.add(1)).mean(1)),
  };
  const made = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
  await made.load({ x: { data: Int32Array.of(0, 2), shape: [1, 2] }, y: [[1]] });
  await expect(made.fit().done).rejects.toThrow("the loss of step 0 is NaN; trainer.debugNonFinite() tells");
  expect(await made.debugNonFinite()).toMatch(/gather .* wrote NaN: so does an index that is outside of the table$/);
});

test("variables are found however deep they lie", () => {
  const inner = new Linear(1, 1);
  let deep: unknown = inner;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  expect([...variables([deep, new Flatten()]).values()]).toEqual([inner.weight, inner.bias]);
});

test("softplus of large numbers is what it is, for any beta", async () => {
  const values = constant([3e38, -3e38, 30, -1]);
  expect([...(await evaluate(softplus(values, 3)))]).toEqual([
    ...Float32Array.of(3e38, 0, 30, Math.log1p(Math.exp(-3)) / 3),
  ]);
  expect([...(await evaluate(softplus(values, -3)))].slice(0, 2)).toEqual([-0, Math.fround(-3e38)]);
});

test("a tensor has a name in texts, and is no number", () => {
  const x = input([2, 3]);
  expect(`${x}`).toBe("Tensor [2, 3]");
  for (const use of [() => (x as never) > 0, () => (x as never) + 1, () => -x, () => (x as never) * 2])
    expect(use).toThrow("a tensor is no number");
});

/** A block as users write it, that forgets the context of its norm. */
class Block implements Module {
  readonly linear = new Linear(2, 2);
  readonly norm = new BatchNorm1d(2);

  forward(x: Tensor): Tensor {
    return this.norm.forward(this.linear.forward(x), undefined as never);
  }
}

test.each<[string, Module, string]>([
  ["in a list", new Sequential(new Linear(2, 2), new Block()), "1.norm"],
  ["in a field of a field", new Residual(new Residual(new Block())), "body.body.norm"],
  ["of the model itself", new Block(), "norm"],
])("a context that a block forgets is named by the path of its layer: %s", async (_, model, path) => {
  const words = "BatchNorm1d: context must be that of your forward(x, context), handed on, ";
  const made = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
  const samples = { x: [[1, 2], [3, 4]], y: [[1, 2], [3, 4]] }; // biome-ignore format: pairs
  const predictor = new Predictor(model, { executor: new JsExecutor() });
  for (const call of [
    () => made.load(samples),
    () => made.evaluate(samples),
    () => made.predict(samples.x),
    () => predictor.predict(samples.x),
  ]) {
    const error = await call().catch((thrown) => thrown);
    expect(error).toMatchObject({
      name: "ArgumentError",
      path,
      message: expect.stringContaining(`got undefined (${path})`),
    });
    expect(error.message).toContain(words);
  }
  await made.dispose();
});

test("any error of a layer that a model calls by itself has the whole path, of records of tensors, too", async () => {
  class Body {
    readonly layers = new Sequential(new Linear(2, 3), softplus, new Linear(4, 2));
    forward({ a }: { readonly a: Tensor }, context: Context): Tensor {
      return this.layers.forward(a, context);
    }
  }
  class Reshaped {
    readonly layers = new Sequential(new Linear(2, 3), (x) => x.reshape([5]));
    forward(x: Tensor, context: Context): Tensor {
      return this.layers.forward(x, context);
    }
  }
  const options = { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() };
  const y = [[1, 2], [3, 4]]; // biome-ignore format: pairs
  const body = new Body();
  const several = new Trainer(body as Module<{ readonly a: Tensor }>, options);
  await expect(several.load({ x: { a: y }, y })).rejects.toMatchObject({
    path: "layers.2",
    message: "Linear: the last axis of [2, 3] is not inFeatures 4 (layers.2); x.a f32[2, 2]",
  });
  const one = new Trainer(new Reshaped(), options);
  await expect(one.load({ x: y, y })).rejects.toMatchObject({ path: "layers.1" });
  // Nothing stays of who looked on.
  expect([body, ...body.layers.layers].filter((part) => Object.hasOwn(part, "forward"))).toEqual([]);
});

const last = (x: Tensor) => x.narrow(1, x.shape[1] - 1, 1).squeeze(1);
const swapped = (x: Tensor) => x.transpose(0, 1);

/** One that takes a record. */
class Attending implements Module<{ readonly words: Tensor }> {
  readonly attention: MultiheadAttention;
  constructor(options: object) {
    this.attention = new MultiheadAttention(2, 1, options);
  }
  forward({ words }: { readonly words: Tensor }, context: Context): Tensor {
    return last(this.attention.forward({ query: words }, context).output);
  }
}

test.each<[string, () => Module<never, unknown>, string | undefined]>([
  ["an LSTM without batchFirst", () => new Sequential(new LSTM(2, 2), last), "0 LSTM"],
  [
    "a transformer's layer without it",
    () => new Sequential(new TransformerEncoderLayer(2, 1), last),
    "0.self_attn MultiheadAttention",
  ],
  ["attention to a record without it", () => new Attending({}), "attention MultiheadAttention"],
  ["a GRU with it", () => new Sequential(new GRU(2, 2, { batchFirst: true }), last), undefined],
  ["attention with it", () => new Attending({ batchFirst: true }), undefined],
  ["an RNN that gets time first", () => new Sequential(swapped, new RNN(2, 2), swapped, last), undefined],
])("rows that are taken for times are warned of, and nothing else: %s", async (_, model, named) => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const options = { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() };
  const made = new Trainer(model() as Module, options);
  const words = { data: new Float32Array(24), shape: [4, 3, 2] };
  const isRecord = model() instanceof Attending;
  for (let again = 0; again < 2; again++)
    await made.load({ x: isRecord ? { words } : words, y: { data: new Float32Array(8), shape: [4, 2] } } as never);
  const told = warn.mock.calls.map(([text]) => text as string).filter((text) => text.includes("rows first"));
  expect(told).toEqual(
    named === undefined ? [] : [expect.stringContaining(`simdgrad: ${named} takes time first, [T, N, features]`)],
  );
  warn.mockRestore();
  await made.dispose();
});
