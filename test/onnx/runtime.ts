// Another runtime, ONNX Runtime for the web, as what models are compared with.
import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** Numbers with a shape; f32, or whole numbers as int64. */
export interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[] | Float32Array;
  readonly type?: "float32" | "int64" | "int32" | "uint8" | "int8" | "bool";
}

function tensorOf({ shape, data, type = "float32" }: Given): ort.Tensor {
  const values = Array.from(data);
  if (type === "float32") return new ort.Tensor(type, Float32Array.from(values), shape);
  if (type === "int64") return new ort.Tensor(type, BigInt64Array.from(values, BigInt), shape);
  if (type === "int32") return new ort.Tensor(type, Int32Array.from(values), shape);
  if (type === "int8") return new ort.Tensor(type, Int8Array.from(values), shape);
  // Each name is of an overload of its own.
  const bytes = Uint8Array.from(values);
  return type === "bool" ? new ort.Tensor(type, bytes, shape) : new ort.Tensor(type, bytes, shape);
}

/** What the runtime makes of a model: all outputs by name. */
export async function ranElsewhere(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, Given>>,
): Promise<Record<string, { readonly shape: readonly number[]; readonly data: number[] }>> {
  const session = await ort.InferenceSession.create(bytes);
  try {
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, given]) => [name, tensorOf(given)]));
    const found = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(found).map(([name, { dims, data }]) => [
        name,
        { shape: dims, data: Array.from(data as Iterable<number | bigint>, Number) },
      ]),
    );
  } finally {
    await session.release();
  }
}
