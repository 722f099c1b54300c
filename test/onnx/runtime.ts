// Another runtime, ONNX Runtime for the web, as what models are compared with.
import * as ort from "onnxruntime-web";

ort.env.wasm.numThreads = 1;
ort.env.logLevel = "error";

/** Numbers with a shape; f32, or whole numbers as int64. */
export interface Given {
  readonly shape: readonly number[];
  readonly data: readonly number[] | Float32Array;
  readonly type?: "float32" | "int64" | "int32" | "uint8" | "int8";
}

function tensorOf({ shape, data, type = "float32" }: Given): ort.Tensor {
  const values = Array.from(data);
  if (type === "float32") return new ort.Tensor(type, Float32Array.from(values), shape);
  if (type === "int64") return new ort.Tensor(type, BigInt64Array.from(values, BigInt), shape);
  if (type === "int32") return new ort.Tensor(type, Int32Array.from(values), shape);
  return type === "uint8"
    ? new ort.Tensor(type, Uint8Array.from(values), shape)
    : new ort.Tensor(type, Int8Array.from(values), shape);
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
