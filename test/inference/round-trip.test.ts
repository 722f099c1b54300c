// Every layer, activation and loss as a bundle: what a Predictor makes of it has the bits of the compiled model on the portable build, with the
// shapes of the table, and of any number of rows where rows are apart; and so with functions made for its programs.
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { compile } from "../../src/compile/compile.ts";
import { compileInit } from "../../src/compile/init.ts";
import { input } from "../../src/create.ts";
import { topological } from "../../src/graph.ts";
import { toInference } from "../../src/inference/index.ts";
import { randomKey } from "../../src/ops/random.ts";
import { Predictor as ScriptPredictor } from "../../src/predictor/js/index.ts";
import { type Numbers, Predictor } from "../../src/predictor/portable/index.ts";
import { prepare } from "../../src/predictor/prepare/index.ts";
import type { TypedArray } from "../../src/runtime/executor.ts";
import { WasmExecutor } from "../../src/runtime/wasm/wasm-executor.ts";
import { type Shape, sizeOf } from "../../src/shape.ts";
import { Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";
import { contexts, names, type Row, table } from "../nn/every-layer.ts";
import { numbers } from "../random.ts";

// As in test/nn/every-layer.test.ts: some thirty roundings of the largest number.
const FLOAT32 = 2e-6;

const executor = new WasmExecutor({ build: "portable", threads: 1 });
const training = contexts.make;
const warn = vi.spyOn(console, "warn");
beforeAll(() => {
  // Evaluation form; what draws whether or not it trains gets a key.
  contexts.make = () => ({ ...training(), training: false, key: () => randomKey(0, "key") });
});
afterAll(async () => {
  contexts.make = training;
  await executor.dispose();
});

/** All tensors in lists and records. */
function tensorsIn(value: unknown): Tensor[] {
  return value instanceof Tensor ? [value] : Object.values(value as object).flatMap(tensorsIn);
}

/** Layers that are not predicted by any number of rows, and how many are. */
const mixing: string[] = [];
let anyRows = 0;

const nameOf = (i: number) => `x${i}`;

/** A row of the table as a model of a record, whose variables have values on the executor. */
async function modelOf({ make, shapes }: Row) {
  const run = make();
  const forward = (x: Readonly<Record<string, Tensor>>) => tensorsIn(run(...shapes.map((_, i) => x[nameOf(i)])));
  const results = forward(Object.fromEntries(shapes.map((shape, i) => [nameOf(i), input(shape)])));
  const found = topological(results).filter((node) => node instanceof Variable);
  const named = new Map(found.map((each, i) => [`${i}.${each.label}`, each]));
  await executor.run([[await executor.load(compileInit(named, 1)), 1]]).done;
  return { forward, children: () => named, results };
}

function drawn(shape: Shape, seed: number, scale: number): Float32Array {
  const next = numbers(seed);
  return Float32Array.from({ length: sizeOf(shape) }, () => scale * (2 * next() - 1));
}

/** What the compiled model gives. */
async function compiled(
  forward: (x: Readonly<Record<string, Tensor>>) => Tensor[],
  data: Readonly<Record<string, { readonly data: Float32Array; readonly shape: Shape }>>,
): Promise<TypedArray[]> {
  const inputs = Object.fromEntries(Object.entries(data).map(([name, { shape }]) => [name, input(shape)]));
  const outputs = forward(inputs);
  const program = compile({ inputs, outputs: Object.fromEntries(outputs.map((each, i) => [`y${i}`, each])) });
  const id = await executor.load(program);
  for (const [name, { data: values }] of Object.entries(data)) await executor.write({ program: id, name }, values);
  await executor.run([[id, 1]]).done;
  const values = await executor.readAll(outputs.map((_, i) => ({ program: id, name: `y${i}` })));
  await executor.unload(id);
  return values;
}

const bitsOf = ({ buffer, byteOffset, byteLength }: TypedArray) => [...new Uint8Array(buffer, byteOffset, byteLength)];

test.each(names)("%s: the bits of the compiled model", async (name) => {
  const row = table[name];
  const { shapes, scale = 1 } = row;
  const model = await modelOf(row);
  const shaped = (given: readonly Shape[], seed: number) =>
    Object.fromEntries(given.map((shape, i) => [nameOf(i), { data: drawn(shape, seed + i, scale), shape }]));

  const signature = { input: Object.fromEntries(shapes.map((shape, i) => [nameOf(i), shape])) };
  const file = await toInference(model as never, signature, { executor });
  const exact = await Predictor.load<Readonly<Record<string, Numbers>>>(file);
  const x = shaped(shapes, 1);
  const y = Object.values(exact.predict(x));
  expect(y.map(({ shape }) => shape)).toEqual(model.results.map(({ shape }) => shape));
  expect(y.map(({ data }) => bitsOf(data))).toEqual((await compiled(model.forward, x)).map(bitsOf));
  await prepare(exact);
  expect(Object.values(exact.predict(x)).map(({ data }) => bitsOf(data))).toEqual(y.map(({ data }) => bitsOf(data)));
  exact.dispose();
  const script = await ScriptPredictor.load<Readonly<Record<string, Numbers>>>(file);
  for (const [i, { data }] of Object.values(script.predict(x)).entries()) {
    const unit = FLOAT32 * Math.max(1, ...Array.from(y[i].data, Math.abs));
    for (const [k, value] of data.entries())
      if (!Object.is(value, y[i].data[k])) expect(Math.abs(value - y[i].data[k])).toBeLessThanOrEqual(unit);
  }

  const hasRows = shapes.length > 0 && shapes.every(([rows, ...rest]) => rows === shapes[0][0] && rest.length > 0);
  if (!hasRows || row.batch === 1 || model.results.some(({ shape }) => shape[0] !== shapes[0][0])) return;
  const byRows = { input: Object.fromEntries(shapes.map(([, ...rest], i) => [nameOf(i), ["batch", ...rest]])) };
  const bytes = await toInference(model as never, byRows, { executor, batch: [1, 4] });
  const any = await Predictor.load<Readonly<Record<string, Numbers>>>(bytes);
  if (!any.apart) {
    mixing.push(name);
    return;
  }
  anyRows++;
  await prepare(any);
  for (const rows of [1, 2, 7]) {
    const some = shaped(
      shapes.map(([, ...rest]) => [rows, ...rest]),
      10,
    );
    const values = Object.values(any.predict(some)).map(({ data }) => bitsOf(data));
    expect({ rows, values }).toEqual({ rows, values: (await compiled(model.forward, some)).map(bitsOf) });
  }
  any.dispose();
});

test("what has rows takes any number of them, unless it draws for each place, or takes rows by numbers", () => {
  expect(mixing).toEqual(["Upsample", "rrelu"]);
  expect(anyRows).toBeGreaterThan(60);
});

test("nothing was warned of", () => {
  expect(warn.mock.calls).toEqual([]);
});
