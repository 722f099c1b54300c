// What toTensorFlowJs writes is what it was made of: models that were read, and layers of simdgrad. That TensorFlow.js reads them, too, is
// tested by npm run test:interop.
import { describe, expect, test } from "vitest";
import { ArgumentError, constant, evaluateAll, JsExecutor, ShapeError, type Tensor, Trainer } from "../../src/index.ts";
import { fromTensorFlowJs, toTensorFlowJs } from "../../src/keras/index.ts";
import {
  BatchNorm2d,
  Conv1d,
  evaluationContext,
  GRU,
  type Layer,
  Linear,
  mseLoss,
  relu,
  Sequential,
} from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { apart, cases, floats, read, resultsOf } from "./cases.ts";
import { drawn, ownModels } from "./own-models.ts";

describe("models that were read", () => {
  test.each(cases.filter(({ name }) => name !== "activation gelu_new"))("$name", async (each) => {
    const files = await toTensorFlowJs(read(each) as unknown as Layer);
    const results = await resultsOf(fromTensorFlowJs(files) as never, each.inputs);
    for (const [i, output] of each.outputs.entries())
      expect(apart(floats(results[i]), floats(output))).toBeLessThan(1e-5);
  });
});

describe("layers of simdgrad", () => {
  test.each(Object.entries(ownModels))("%s", async (name, own) => {
    const { input, state, output } = await drawn(name, own);
    const { shape, dtype } = own;
    const files = await toTensorFlowJs(own.model, { input: { shape: ["batch", ...shape], dtype } }, { state });
    const back = fromTensorFlowJs(files).forward(constant(input), evaluationContext());
    expect(back.shape).toEqual(output.shape);
    const [values] = await evaluateAll([back]);
    expect(apart(values, output.data)).toBeLessThan(1e-5);
  });

  test("with their channels last", async () => {
    const model = new Sequential(new Linear(2, 3), relu);
    const { model: text } = await toTensorFlowJs(model, { input: ["n", 5, 2] }, { channelsLast: true });
    expect(fromTensorFlowJs({ model: text, weights: new Uint8Array(36) }).inputs[0].shape).toEqual([null, 2, 5]);
  });

  test("with what was trained", async () => {
    const model = new Linear(2, 1);
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
    await trainer.load({
      x: [
        [1, 2],
        [3, 4],
      ],
      y: [[1], [2]],
    });
    await trainer.fit({ epochs: 2 });
    const state = await trainer.stateDict();
    const signature = { input: ["batch", 2] };
    const files = [
      await toTensorFlowJs(model, signature, { state }),
      await toTensorFlowJs(model, signature, { executor: trainer.executor }),
    ];
    for (const each of files)
      expect(fromTensorFlowJs(each).stateDict()["layer.weight"].data).toEqual(state.weight.data);
    await trainer.dispose();
  });

  test("what a state, or a signature, has and the model has not is refused", async () => {
    const model = new Sequential(new Linear(2, 1));
    const state = { "0.weight": [[1, 2]], "0.bias": [3] };
    const written = (given: object, by: object = state) =>
      toTensorFlowJs(model, given as { input: string[] }, { state: by as typeof state });
    const input = ["batch", 2];
    await expect(written({ input }, { ...state, zork: [1] })).rejects.toThrow(
      new ArgumentError("toTensorFlowJs: the model has no zork, which the state has"),
    );
    await expect(written({ input }, { "0.bias": [3] })).rejects.toThrow(
      new ArgumentError("toTensorFlowJs: the state has no 0.weight"),
    );
    await expect(written({ input }, { ...state, "0.bias": [3, 4] })).rejects.toThrow(
      new ShapeError("toTensorFlowJs: 0.bias is [1], got [2]"),
    );
    await expect(written({ input, inputNames: ["x"] })).rejects.toThrow(
      new ArgumentError("toTensorFlowJs: signature: unknown option inputNames; did you mean input?"),
    );
    await expect(written({ input, zork: 1 })).rejects.toThrow(ArgumentError);
    await expect(written({ input: { shape: input, zork: 1 } })).rejects.toThrow(
      "toTensorFlowJs: signature: input: unknown option zork",
    );
    const back = fromTensorFlowJs(await written({ input: { shape: input, dtype: undefined } }));
    expect([...back.stateDict()["layer_0.weight"].data]).toEqual([1, 2]);
    await expect(toTensorFlowJs(back as unknown as Layer, { input: ["batch", 2] })).rejects.toThrow(
      new ArgumentError("toTensorFlowJs: signature says nothing of a model that was read, which has its inputs"),
    );
    const more = { ...back.stateDict(), zork: [1] };
    await expect(toTensorFlowJs(back as unknown as Layer, undefined, { state: more })).rejects.toThrow("has no zork");
  });

  test("all that TensorFlow.js does not have is told at once", async () => {
    const own = { forward: (x: Tensor) => x };
    const model = new Sequential(
      new Conv1d(2, 2, 3, { padding: "causal" }),
      own,
      (x) => x.exp(),
      new BatchNorm2d(2, { trackRunningStats: false }),
    );
    await expect(toTensorFlowJs(model, { input: ["batch", 2, 4, 4] })).rejects.toThrow();
    const few = new Sequential(new Linear(2, 2), own, (x: Tensor) => x.exp());
    await expect(toTensorFlowJs(few, { input: ["batch", 2] })).rejects.toThrow(
      new ArgumentError(
        "toTensorFlowJs: TensorFlow.js does not have: Object at layer_1, function without a name at layer_2",
      ),
    );
    await expect(toTensorFlowJs(new GRU(2, 2) as Layer, { input: ["batch", 3, 2] })).rejects.toThrow("GRU at layer");
  });
});
