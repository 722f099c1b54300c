// What typed arrays bring is what a training gets: bytes stay bytes, whole numbers whole, also in a list of rows.
import { constant, type Samples, Trainer, type TrainerOptions } from "simdgrad";
import { array } from "simdgrad/data";
import { Linear, mseLoss } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { expect, expectTypeOf, test } from "vitest";
import { oracle } from "../executors.ts";

test.each([
  ["Float32Array", Float32Array.of(1, 2), "f32"],
  ["Float64Array", Float64Array.of(1, 2), "f32"],
  ["Int32Array", Int32Array.of(1, 2), "i32"],
  ["Uint8Array", Uint8Array.of(1, 2), "u8"],
  ["Uint8ClampedArray", Uint8ClampedArray.of(1, 2), "u8"],
] as const)("%s keeps its dtype: alone, with a shape, and as rows", (_, row, dtype) => {
  expect(array(row)).toMatchObject({ shape: [2], dtype });
  expect(array({ data: row, shape: [1, 2] })).toMatchObject({ shape: [1, 2], dtype });
  const rows = array([row, row, row]);
  expect(rows).toMatchObject({ shape: [3, 2], dtype });
  expect([...rows.data]).toEqual([1, 2, 1, 2, 1, 2]);
  expect(rows.data).not.toBeInstanceOf(Uint8ClampedArray);
});

test("a dtype beside data and shape is what they become", () => {
  const given = { data: [1, 2], shape: [2, 1], dtype: "i32" } as const;
  expect(array(given)).toEqual({ data: Int32Array.of(1, 2), shape: [2, 1], dtype: "i32" });
  expect(array(given, "f32").dtype).toBe("f32"); // who asks for one, as a loss of class indices does, gets it
  expect(() => array({ ...given, data: [1, 0.5] })).toThrow("array: element 1 is 0.5, not of dtype i32");
  expect(() => array({ ...given, dtype: "int32" as "i32" })).toThrow('array: there is no dtype "int32"');
  expect(constant(given)).toMatchObject({ shape: [2, 1], dtype: "i32" });
  expect(constant({ data: Int32Array.of(1, 2), shape: [2, 1] })).toMatchObject({ shape: [2, 1], dtype: "i32" });
  expect(constant(given, { shape: [1, 2], dtype: "u8" })).toMatchObject({ shape: [1, 2], dtype: "u8" });
  expect(() => constant({ ...given, shape: [3] })).toThrow("constant: 2 numbers do not fill [3]");
  expect(() => constant(constant([1]) as never)).toThrow("constant must be an array of numbers");
});

test("a Float64Array stays what it is until f32 is asked for, which must have room for it", async () => {
  const data = Float64Array.of(0.1, 1e300);
  expect(array({ data, shape: [2] })).toEqual({ data, shape: [2], dtype: "f32" });
  expect(array(data.subarray(0, 1), "f32").data).toEqual(Float32Array.of(0.1));
  expect(() => array(data, "f32", "w")).toThrow("w: element 1 is 1e+300, not of dtype f32");
  const executor = oracle();
  const made = trainer(executor);
  const state = (weight: Float64Array) => ({ weight: { data: weight, shape: [1, 2] }, bias: [0] });
  await expect(made.loadStateDict(state(data))).rejects.toThrow("weight: element 1 is 1e+300, not of dtype f32");
  await made.loadStateDict(state(Float64Array.of(0.1, 3e38)));
  expect([...(await made.stateDict()).weight.data]).toEqual([...Float32Array.of(0.1, 3e38)]);
  await executor.dispose();
});

test("rows of several kinds are numbers, and what is wrong with rows is told", () => {
  expect(array([Float32Array.of(1), Int32Array.of(2)])).toMatchObject({ shape: [2, 1], dtype: "f32" });
  expect(() => array([Int32Array.of(1), Int32Array.of(1, 2)])).toThrow("array: rows of shapes [1] and [2]");
  const sparse = [Int32Array.of(1)];
  sparse.length = 2;
  expect(() => array(sparse)).toThrow("array must be an array of numbers, got undefined");
  const gone = Int32Array.of(1);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  expect(() => array([gone, gone])).toThrow("array that was not transferred away");
});

const trainer = (executor: TrainerOptions["executor"]) =>
  new Trainer(new Linear(2, 1), { loss: mseLoss, optimizer: sgd(0.1), executor });

test("rows of Float32Array are samples, in types and at run time; a canvas's bytes become floats", async () => {
  expectTypeOf<{ x: Float32Array[]; y: Float32Array[] }>().toExtend<Samples>();
  const y = [Float32Array.of(1), Float32Array.of(2)];
  const values: number[] = [];
  for (const x of [
    [Float32Array.of(1, 2), Float32Array.of(3, 4)],
    [Uint8ClampedArray.of(1, 2), Uint8ClampedArray.of(3, 4)],
  ]) {
    const executor = oracle();
    const made = trainer(executor);
    await made.load({ x, y });
    const [{ loss }] = await made.fit({ batch: 2 });
    values.push(loss);
    await executor.dispose();
  }
  expect(values[0]).toBeGreaterThan(0);
  expect(values[1]).toBe(values[0]);
});

test("what a clamped array holds counts as at the call", async () => {
  const executor = oracle();
  const [made, x] = [trainer(executor), Uint8ClampedArray.of(1, 2)];
  const loading = made.load({ x: { data: x, shape: [1, 2] }, y: [[1]] });
  x.fill(255);
  await loading;
  const [{ loss }] = await made.fit();
  const other = trainer(oracle());
  await other.load({ x: [[1, 2]], y: [[1]] });
  expect((await other.fit())[0].loss).toBe(loss);
  await executor.dispose();
});

test("what is not finite is found wherever it is", async () => {
  const executor = oracle();
  const made = trainer(executor);
  for (const rows of [1, 2, 3, 4])
    for (let at = 0; at < 2 * rows; at++)
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const x = { data: new Float32Array(2 * rows).fill(3e38), shape: [rows, 2] };
        const y = { data: new Float32Array(rows), shape: [rows, 1] };
        await made.load({ x, y });
        x.data[at] = value;
        await expect(made.load({ x, y })).rejects.toThrow(`x: row ${Math.floor(at / 2)} holds ${value}`);
      }
  await executor.dispose();
});
