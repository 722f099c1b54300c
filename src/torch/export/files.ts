// All files of an export.
import { serializeSafetensors } from "../../io/safetensors.ts";
import type { Layer } from "../../nn/module.ts";
import { type OnnxSignature, readSignature } from "../../onnx/export/signature.ts";
import { weightsOf } from "../../onnx/export/weights.ts";
import type { PytorchFiles, ToPytorchOptions } from "../to-pytorch.ts";
import { NAME } from "./code.ts";
import { writtenModel } from "./model.ts";
import { TRAIN_DDP } from "./train-ddp.ts";

export async function pytorchFiles(
  model: Layer<unknown, unknown>,
  signature: OnnxSignature,
  options: ToPytorchOptions,
): Promise<PytorchFiles> {
  const own = readSignature(signature, NAME);
  const weights = await weightsOf(model as Layer<never, never>, options, NAME);
  const { text, constants } = await writtenModel(model, own, weights);
  const state = Object.fromEntries(
    [...weights].map(([{ shape, dtype }, { name, data }]) => {
      const kinds = { f32: Float32Array, i32: Int32Array, u8: Uint8Array };
      return [name, { data: kinds[dtype].from(data), shape }];
    }),
  );
  return {
    "model.py": text,
    "weights.safetensors": serializeSafetensors(state, { format: "pt" }) as Uint8Array<ArrayBuffer>,
    "train_ddp.py": TRAIN_DDP,
    ...(constants.size > 0 && {
      "constants.safetensors": serializeSafetensors(Object.fromEntries(constants)) as Uint8Array<ArrayBuffer>,
    }),
  };
}
