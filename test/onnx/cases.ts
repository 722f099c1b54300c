// A node with inputs, as a file, and what comes of it here and in ONNX Runtime.
import { input } from "../../src/create.ts";
import { fromOnnx, type OnnxModel } from "../../src/onnx/index.ts";
import { DataType } from "../../src/onnx/proto.ts";
import type { DType } from "../../src/shape.ts";
import type { Tensor } from "../../src/tensor.ts";
import { float32 } from "../executors.ts";
import { numbers } from "../random.ts";
import { runOn } from "../run.ts";
import { type Given, ranElsewhere } from "./runtime.ts";
import { type Attribute, file, graph, node, port } from "./written.ts";

/** Inputs of a node in order, undefined for one that is left out; those that are constants are in `known`. */
export interface Case {
  readonly op: string;
  readonly inputs: readonly (Given | undefined)[];
  readonly known?: readonly number[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly outputs?: number;
  readonly version?: number;
  /** How far numbers may be apart, of the larger of them and 1: by the order of sums of float32. Default 1e-5. */
  readonly tolerance?: number;
}

const CODES = {
  float32: DataType.FLOAT,
  int64: DataType.INT64,
  int32: DataType.INT32,
  uint8: DataType.UINT8,
  int8: DataType.INT8,
  bool: DataType.BOOL,
};

/** Drawn in [-scale, scale). */
export function drawn(seed: number, shape: readonly number[], scale = 1): Given {
  const random = numbers(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Array.from({ length: size }, () => Math.fround(scale * (2 * random() - 1))) };
}

export function whole(shape: readonly number[], data: readonly number[], type: Given["type"] = "int64"): Given {
  return { shape, data, type };
}

export function floats(...data: readonly number[]): Given {
  return { shape: [data.length], data: data.map(Math.fround) };
}

/** One number. */
export function single(value: number): Given {
  return { shape: [], data: [Math.fround(value)] };
}

export function dtypeOf({ type = "float32" }: Given): DType {
  return type === "float32" || type === "bool" ? "f32" : "i32";
}

/** As constants take it. */
export function shapedOf(given: Given) {
  return { data: given.data, shape: given.shape, dtype: dtypeOf(given) };
}

/** Inputs that are there by their names, x0, x1 and so on. */
export function namedInputs({ inputs }: Case): Map<string, Given> {
  return new Map(inputs.flatMap((each, i) => (each === undefined ? [] : [[`x${i}`, each] as const])));
}

function namesOf({ outputs = 1 }: Case): string[] {
  return Array.from({ length: outputs }, (_, i) => `y${i}`);
}

/** The file of a model of this node alone. */
function fileOf(each: Case): Uint8Array<ArrayBuffer> {
  const { op, inputs, attributes, version = 17 } = each;
  const names = inputs.map((given, i) => (given === undefined ? "" : `x${i}`));
  return file(
    graph(
      [node(op, names, namesOf(each), attributes)],
      [...namedInputs(each)].map(([name, { shape, type = "float32" }]) => port(name, shape, CODES[type])),
      namesOf(each).map((name) => ({ name })),
    ),
    version,
  );
}

/** The model of a case, its known inputs as constants, and those of these types. */
export function modelOf(each: Case, isConstant: (given: Given) => boolean = () => false) {
  const constants = [...namedInputs(each)].filter(
    ([name, given]) => each.known?.includes(Number(name.slice(1))) || isConstant(given),
  );
  const model: OnnxModel<Readonly<Record<string, Tensor>>> = fromOnnx(fileOf(each), {
    output: namesOf(each),
    constants: Object.fromEntries(constants.map(([name, given]) => [name, shapedOf(given)])),
  });
  return model;
}

/** Where the two disagree: nothing, where they are the same. */
export async function disagreements(each: Case): Promise<string[]> {
  const { tolerance = 1e-5 } = each;
  const given = namedInputs(each);
  const expected = await ranElsewhere(fileOf(each), Object.fromEntries(given));
  const model = modelOf(each);
  const fed = model.inputs.map(({ name }) => {
    const own = given.get(name) as Given;
    return [input(own.shape, dtypeOf(own)), own.data] as const;
  });
  const outputs = model.forward(fed.map(([tensor]) => tensor));
  const found = await runOn(float32.js(), { outputs, inputs: fed });
  return Object.keys(outputs).flatMap((name) => {
    const { shape, data } = expected[name];
    if (`${outputs[name].shape}` !== `${shape}`) return [`${name} is [${outputs[name].shape}], not [${shape}]`];
    return data.flatMap((value, i) => {
      const own = found[name][i];
      const isNear = Object.is(own, value) || Math.abs(own - value) <= tolerance * Math.max(1, Math.abs(value));
      return isNear || own === value ? [] : [`${name}[${i}] is ${own}, not ${value}`];
    });
  });
}
