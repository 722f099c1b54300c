// What comes of a test model: read, run, compared.
import { compile } from "../../src/compile/compile.ts";
import { input } from "../../src/create.ts";
import { UnsupportedError } from "../../src/errors.ts";
import { initialise } from "../../src/evaluate.ts";
import { topological } from "../../src/graph.ts";
import { fromOnnx, type OnnxModel } from "../../src/onnx/index.ts";
import type { Executor, TypedArray } from "../../src/runtime/executor.ts";
import { sameShape, showShape } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Example, Values } from "./testdata.ts";

/** The tolerance of ONNX's own tests: |found - expected| <= ABSOLUTE + RELATIVE |expected|. */
const RELATIVE = 1e-3;
const ABSOLUTE = 1e-7;

/** A model that was read, and what its `forward` gave. */
interface Built {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Why a model is not right; undefined where it is. */
export async function reasonOf(example: Example, executor: Executor): Promise<string | undefined> {
  try {
    const { inputs, outputs } = built(example);
    const found = await run(executor, inputs, outputs, example);
    for (const [name, expected] of example.outputs) {
      const reason = difference(outputs[name], found[name], expected);
      if (reason !== undefined) return `output ${name}: ${reason}`;
    }
    return undefined;
  } catch (error) {
    const { name, message } = error as Error;
    return `${name}: ${message}`;
  }
}

/**
 * All inputs are data. Where the model says that shapes depend on them, those of whole numbers and booleans are constants, and where that
 * is not enough all of them.
 */
function built(example: Example): Built {
  const { bytes, inputs, outputs } = example;
  const all = [...inputs.keys()];
  const choices = [[], all.filter((name) => inputs.get(name)?.isWhole), all];
  for (const [i, known] of choices.entries()) {
    const constants = Object.fromEntries(known.map((name) => [name, shaped(inputs.get(name) as Values)]));
    try {
      const model: OnnxModel<Readonly<Record<string, Tensor>>> = fromOnnx(bytes, {
        output: [...outputs.keys()],
        constants,
      });
      const tensors = new Map(model.inputs.map(({ name }) => [name, placeholder(name, inputs.get(name) as Values)]));
      return { inputs: tensors, outputs: model.forward(Object.fromEntries(tensors)) };
    } catch (error) {
      const isOfData = error instanceof UnsupportedError && error.message.includes("depends on data");
      if (!isOfData || i === choices.length - 1) throw error;
    }
  }
  throw new Error("there is always a last choice");
}

function shaped({ data, shape, isWhole }: Values) {
  return { data, shape, dtype: isWhole ? ("i32" as const) : ("f32" as const) };
}

function placeholder(name: string, { shape, isWhole }: Values): Tensor {
  return input(shape, isWhole ? "i32" : "f32", name);
}

/** Runs a graph; it is given what it reads. */
async function run(
  executor: Executor,
  tensors: ReadonlyMap<string, Tensor>,
  outputs: Readonly<Record<string, Tensor>>,
  { inputs }: Example,
): Promise<Record<string, TypedArray>> {
  const roots = Object.values(outputs);
  const read = new Set(topological(roots));
  const fed = [...tensors].filter(([, tensor]) => read.has(tensor));
  const named = (prefix: string, list: readonly string[]) => new Map(list.map((name, i) => [name, `${prefix}${i}`]));
  const [slots, results] = [named("x", [...tensors.keys()]), named("y", Object.keys(outputs))];
  const program = compile({
    inputs: Object.fromEntries(fed.map(([name, tensor]) => [slots.get(name), tensor])),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [results.get(name), tensor])),
  });
  await initialise(executor, roots, 0);
  const id = await executor.load(program);
  try {
    for (const [name] of fed)
      await executor.write({ program: id, name: slots.get(name) as string }, (inputs.get(name) as Values).data);
    await executor.run([[id, 1]]).done;
    const list = await executor.readAll([...results.values()].map((name) => ({ program: id, name })));
    return Object.fromEntries([...results.keys()].map((name, i) => [name, list[i]]));
  } finally {
    await executor.unload(id);
  }
}

function difference({ shape, dtype }: Tensor, found: ArrayLike<number>, expected: Values): string | undefined {
  if (!sameShape(shape, expected.shape)) return `the shape is ${showShape(shape)}, not ${showShape(expected.shape)}`;
  const wanted = expected.isWhole ? "i32" : "f32";
  if (dtype !== wanted) return `the dtype is ${dtype}, not ${wanted}`;
  const wrong = Array.from(found, (_, i) => i).filter((i) => !isNear(found[i], expected.data[i]));
  if (wrong.length === 0) return undefined;
  const [first] = wrong;
  return `${wrong.length} of ${found.length} numbers differ: at ${first} stands ${found[first]}, not ${expected.data[first]}`;
}

function isNear(found: number, expected: number): boolean {
  if (Object.is(found, expected) || found === expected) return true;
  return Math.abs(found - expected) <= ABSOLUTE + RELATIVE * Math.abs(expected);
}
