// toPytorch: a model as PyTorch code with its weights, and a script that trains it on many machines.
import { aRecordOf, checkOptions, isRecord, must } from "../check.ts";
import type { ArrayLikeData } from "../data/array.ts";
import { aLayer, type Layer } from "../nn/module.ts";
import type { OnnxSignature } from "../onnx/export/signature.ts";
import { anExecutor } from "../runtime/arguments.ts";
import type { Executor } from "../runtime/executor.ts";
import type { Tensor } from "../tensor.ts";

/** Of which weights files are made. */
export interface ToPytorchOptions {
  /** The model's variables by path, such as `trainer.stateDict()` gives them. Default: those on the executor, else first values. */
  readonly state?: Readonly<Record<string, ArrayLikeData>>;
  /** Where the model was trained. */
  readonly executor?: Executor;
}

/** Files by their names. */
export interface PytorchFiles {
  /** The model as an `nn.Module`, with functions that read and write weights. */
  readonly "model.py": string;
  /** Its state dictionary. */
  readonly "weights.safetensors": Uint8Array<ArrayBuffer>;
  /** Trains it by processes of DistributedDataParallel. */
  readonly "train_ddp.py": string;
  /** What is too long for the code, where there is any. */
  readonly "constants.safetensors"?: Uint8Array<ArrayBuffer>;
}

/**
 * A model as files for PyTorch 1.13 and later, which need no other package: code that computes what the model computes, its weights under the
 * names of its state dictionary, and a script that goes on training it on many machines. The signature says what goes in, as for `toOnnx`. It
 * trains there, too: dropouts draw PyTorch's numbers, running statistics are kept. What has no words in PyTorch is refused.
 * @throws ArgumentError for a signature that does not fit the model, what PyTorch has not, and what depends on the batch in other ways than
 * sizes do; ShapeError, DTypeError where the model does not take such inputs
 *
 * @example
 * import { Linear, relu, Sequential } from "simdgrad/nn";
 * import { toPytorch } from "simdgrad/torch";
 * const files = await toPytorch(new Sequential(new Linear(4, 16), relu, new Linear(16, 3)), { input: ["batch", 4] });
 * Object.keys(files); // => ["model.py", "weights.safetensors", "train_ddp.py"]
 * files["model.py"].includes("nn.Linear(4, 16)"); // => true
 */
export async function toPytorch<Input = Tensor, Output = Tensor>(
  model: Layer<Input, Output>,
  signature: OnnxSignature,
  options: ToPytorchOptions = {},
): Promise<PytorchFiles> {
  const name = "toPytorch";
  aLayer(model, `${name}: model`);
  const anArray = (value: unknown, what: string) =>
    must(value !== null && value !== undefined, value, what, "an array");
  const aState = (value: unknown, what: string) => {
    must(isRecord(value), value, what, "an object of arrays by paths");
    aRecordOf(anArray)(value, what);
  };
  checkOptions(options, name, { state: aState, executor: anExecutor });
  const { pytorchFiles } = await import("./export/files.ts");
  return pytorchFiles(model as Layer<unknown, unknown>, signature, options);
}
