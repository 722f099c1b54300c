// Models as PyTorch code, run by PyTorch: how far results, gradients and running statistics are from the library's own.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { grad } from "../../../src/autodiff.ts";
import { evaluateAll } from "../../../src/evaluate.ts";
import { parseSafetensors, serializeSafetensors } from "../../../src/io/safetensors.ts";
import { evaluationContext, type Layer, parameters, trainingContext, variables } from "../../../src/nn/module.ts";
import { readSignature } from "../../../src/onnx/export/signature.ts";
import { type DType, type Shape, sizeOf } from "../../../src/shape.ts";
import { arange, scalar, type Tensor } from "../../../src/tensor.ts";
import { toPytorch } from "../../../src/torch/index.ts";
import type { Assignment } from "../../../src/variable.ts";
import { type Case, type Data, executorOf, filled, tensorsIn } from "../../onnx/export/compare.ts";
import { numbers } from "../../random.ts";

const FOLDER = "build/pytorch-export";

/** What the library computes of a case, by the name that PyTorch's result has. */
export interface Wanted {
  readonly folder: string;
  readonly cases: ReadonlyMap<string, ReadonlyMap<string, ArrayLike<number>>>;
}

interface Ways {
  readonly batches: readonly number[];
  /** Whether steps that train are compared, too: of models that draw nothing. */
  readonly trains?: boolean;
  readonly gradients?: boolean;
}

/** 1 + (i mod 7) / 7 for element i. */
function weighed(y: Tensor): Tensor {
  const places = arange(sizeOf(y.shape)).reshape(y.shape);
  return y.mul(places.remainder(7).cast("f32").div(7).add(1)).sum();
}

/** Writes a model and what goes in, and computes what is to come out. */
export async function exported(
  name: string,
  { model, signature, scale = 1, high = {} }: Case,
  ways: Ways,
): Promise<Wanted> {
  const folder = `${FOLDER}/${name.replace(/[^a-zA-Z0-9]+/g, "-")}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const executor = await executorOf(model);
  try {
    const files = await toPytorch(model as Layer, signature, { executor });
    for (const [file, content] of Object.entries(files)) writeFileSync(`${folder}/${file}`, content);
    const [, list] = /inputs = (\[.*\])/.exec(files["model.py"]) ?? [];
    const names = JSON.parse(list) as string[];
    const { leaves } = readSignature(signature);
    const cases = new Map<string, Map<string, ArrayLike<number>>>();
    for (const batch of ways.batches)
      for (const trains of ways.trains ? [false, true] : [false]) {
        const next = numbers(batch);
        const all: Data[] = [];
        const draw = (shape: Shape, dtype: DType): Data => {
          const most = high[leaves[all.length].name] ?? 3;
          const number = () => (dtype === "f32" ? Math.fround((2 * next() - 1) * scale) : Math.floor(next() * most));
          return { shape, dtype, data: Array.from({ length: sizeOf(shape) }, number) };
        };
        const x = filled(signature.input, batch, draw, all) as never;
        const assignments: Assignment[] = [];
        const context = trains ? trainingContext(0, scalar(0, "i32"), assignments) : evaluationContext();
        const outputs = tensorsIn(typeof model === "function" ? model(x) : model.forward(x, context));
        const kinds = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };
        const given = all.map(
          ({ shape, data, dtype }, i) => [names[i], { shape, data: kinds[dtype].from(data) }] as const,
        );
        const label = `${trains ? "train" : "predict"} ${batch}`;
        writeFileSync(`${folder}/${label}.given`, serializeSafetensors(Object.fromEntries(given)));
        const wanted = new Map(outputs.map((output, i) => [`output ${i}`, output]));
        const trained = [...(ways.gradients === false ? [] : parameters(model))];
        const floats = outputs.filter(({ dtype }) => dtype === "f32");
        const loss = floats.map(weighed).reduce((a, b) => a.add(b), scalar(0));
        const slopes =
          trained.length === 0
            ? []
            : grad(
                loss,
                trained.map(([, variable]) => variable),
              );
        for (const [i, [path]] of trained.entries()) wanted.set(`gradient ${path}`, slopes[i]);
        for (const [path, variable] of variables(model)) {
          const assigned = assignments.find(([each]) => each === variable);
          if (assigned !== undefined) wanted.set(`state ${path}`, assigned[1]);
        }
        const values = await evaluateAll([...wanted.values()], { executor });
        cases.set(label, new Map([...wanted.keys()].map((key, i) => [key, values[i]])));
      }
    return { folder, cases };
  } finally {
    await executor.dispose();
  }
}

/** What of a case is farther from PyTorch's than `most` of the largest number, in words. */
export function differences({ folder, cases }: Wanted, most: number): string[] {
  return [...cases].flatMap(([label, wanted]) => {
    const { tensors } = parseSafetensors(readFileSync(`${folder}/${label}.made`));
    return [...wanted].flatMap(([name, values]) => {
      const found = (tensors as Record<string, { data: ArrayLike<number> }>)[name]?.data;
      const largest = Array.from(values, Math.abs).reduce((a, b) => (b > a && b < Number.POSITIVE_INFINITY ? b : a), 0);
      if (name.startsWith("output") && largest === 0 && Array.from(values).every((value) => value === 0))
        return [`${label}: ${name} is nothing but zeros`];
      if (found === undefined) return largest === 0 ? [] : [`${label}: no ${name}`];
      if (found.length !== values.length)
        return [`${label}: ${name} has ${found.length} elements, not ${values.length}`];
      let apart = 0;
      for (const [i, value] of Array.from(values).entries()) {
        const own = Object.is(value, found[i]) || value === found[i] ? 0 : Math.abs(value - found[i]);
        if (!(own <= apart)) apart = own;
      }
      return apart <= most * Math.max(1, largest) ? [] : [`${label}: ${name} is ${apart} apart, of ${largest}`];
    });
  });
}
