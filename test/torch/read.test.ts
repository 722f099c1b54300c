// Files that PyTorch wrote are read to the bit, and each tensor is an array of its own.

import { ArgumentError, DataError, JsExecutor, ShapeError, Trainer } from "simdgrad";
import { BatchNorm1d, Linear, mseLoss, Sequential, tanh } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { readTorch, type TorchMap, type TorchTensor, torchStateDict } from "simdgrad/torch";
import { describe, expect, test } from "vitest";
import { TorchObject } from "../../src/torch/values.ts";
import { bytesOf, golden, told } from "./files.ts";

describe("a file of torch.save holds what was saved", () => {
  test.each(Object.entries(golden.files))("%s", (_, { bytes, value }) => {
    expect(told(readTorch(bytesOf(bytes)))).toEqual(value);
  });
});

const file = (name: string) => bytesOf(golden.files[name].bytes);
const tensors = (name: string) => readTorch(file(name)) as ReadonlyMap<string, TorchTensor>;

test.each(["zip tensors", "legacy tensors"])("%s have arrays of the kinds that are promised", (name) => {
  const kinds = Array.from(tensors(name), ([dtype, { data }]) => [dtype, data.constructor.name]);
  expect(Object.fromEntries(kinds)).toEqual({
    ...{ float32: "Float32Array", float64: "Float64Array", float16: "Float32Array", bfloat16: "Float32Array" },
    ...{ int64: "Int32Array", int32: "Int32Array", int16: "Int32Array", int8: "Int32Array" },
    ...{ uint8: "Uint8Array", bool: "Uint8Array", scalar: "Float32Array", empty: "Float32Array", one: "Float32Array" },
  });
});

test.each(["zip views", "legacy views"])("%s share nothing, but one tensor that stands twice is one", (name) => {
  const views = tensors(name);
  const all = new Set(Array.from(views.values(), ({ data }) => data.buffer));
  expect(all.size).toBe(views.size - 1);
  expect(views.get("twice")).toBe(views.get("again"));
  for (const { data } of views.values()) expect(data.byteLength).toBe(data.buffer.byteLength);
});

test("bytes that lie anywhere in a buffer, and a buffer itself, are read", () => {
  const bytes = file("zip tensor");
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  expect(readTorch(larger.subarray(3))).toEqual(readTorch(bytes));
  expect(readTorch(bytes.buffer)).toEqual(readTorch(bytes));
});

describe("torchStateDict", () => {
  test.each(["zip state", "legacy state"])("%s is loaded by a trainer", async (name) => {
    const model = new Sequential(new Linear(3, 4), new BatchNorm1d(4), tanh, new Linear(4, 2));
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
    expect(await trainer.loadStateDict(torchStateDict(file(name)))).toEqual({ missing: [], unknown: [] });
    const read = await trainer.stateDict();
    for (const [path, { data, shape }] of tensors(name)) expect(read[path]).toEqual({ data, shape });
  });

  test.each(["zip module", "legacy module"])("%s gives what its state_dict() would", (name) => {
    const state = torchStateDict(file(name));
    expect(Object.keys(state)).toEqual([
      ...["scale", "mean", "inner.0.weight", "inner.0.bias", "inner.1.weight", "inner.1.bias"],
      ...["inner.1.running_mean", "inner.1.running_var", "inner.1.num_batches_tracked"],
    ]);
    expect(state["inner.0.weight"].shape).toEqual([2, 3]);
  });

  test("is found in a checkpoint, or where it is said to be", () => {
    const [{ bytes }] = Object.values(golden.trainings);
    const paths = ["0.weight", "0.bias", "2.weight", "2.bias"];
    expect(Object.keys(torchStateDict(bytesOf(bytes)))).toEqual(paths);
    expect(Object.keys(torchStateDict(bytesOf(golden["legacy checkpoint"])))).toEqual(paths);
    const checkpoint = readTorch(bytesOf(bytes)) as TorchMap;
    expect(Object.keys(torchStateDict(checkpoint, { key: "model_state_dict" }))).toEqual(paths);
    expect(() => torchStateDict(checkpoint, { key: "ema" })).toThrow(
      "torchStateDict: ema is not in a dictionary of [epoch, model_state_dict, optimizer_state_dict]",
    );
    expect(() => torchStateDict(checkpoint, { key: "epoch" })).toThrow(
      "torchStateDict: epoch is a number without what is looked for",
    );
    expect(() => torchStateDict(new Map([["epoch", 7]]))).toThrow(
      "torchStateDict: no weights in a dictionary of [epoch]: say where they are, by key",
    );
    expect(() => torchStateDict(file("zip tensor"))).toThrow("torchStateDict: no weights in a tensor");
    expect(() => torchStateDict(new TorchObject("a.B", []))).toThrow(DataError);
    expect(() => torchStateDict(7 as never)).toThrow(ArgumentError);
  });

  test("tied weights come by both names, as trainers take them", () => {
    const { "table.weight": table, "head.weight": head } = torchStateDict(file("zip tied"));
    expect(table).toEqual(head);
  });

  test("a shape that does not fit is told by its path", async () => {
    const trainer = new Trainer(new Sequential(new Linear(3, 5), new BatchNorm1d(5), tanh, new Linear(5, 2)), {
      loss: mseLoss,
      optimizer: sgd(0.1),
      executor: new JsExecutor(),
    });
    await expect(trainer.loadStateDict(torchStateDict(file("zip state")))).rejects.toThrow(ShapeError);
  });
});
