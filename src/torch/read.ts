// Files of torch.save as plain values.
import { bytesOf } from "../data/bytes.ts";
import { contentOf } from "./files.ts";
import type { TorchValue } from "./values.ts";

/**
 * What is in a file of `torch.save`, of any version since 0.2 (.pt, .pth, .bin, .ckpt): tensors as arrays of their own, dictionaries as
 * Maps, lists and tuples as arrays. Tensors of float16 and bfloat16 become f32, int8, int16 and int64 i32, bool u8; float32, float64, int32
 * and uint8 stay what they are. Nothing in the file is executed: classes and functions that it names are told by a `TorchObject` with their
 * name and what they would get, so that files of whole modules are read, too.
 * Source: PyTorch 1.13, torch/serialization.py; CPython, Lib/pickletools.py.
 * @throws DataError saying what is wrong and where: a file that is cut off or damaged, sparse, quantised and complex tensors, whole numbers
 * beyond i32, files of torch.jit.save, and those of machines whose numbers begin with their highest byte
 *
 * @example
 * import { readTorch, type TorchMap } from "simdgrad/torch";
 * const file = "gAKKCmz8nEb5IGqoUBkugAJN6QMugAJ9cQBYDQAAAGxpdHRsZV9lbmRpYW5xAYhzLoACfXEAWAUAAABlcG9jaHEBSwdzLoACXXEALg==";
 * const saved = readTorch(Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0)));
 * (saved as TorchMap).get("epoch"); // => 7
 */
export function readTorch(bytes: Uint8Array | ArrayBuffer): TorchValue {
  return contentOf(bytesOf(bytes, "readTorch: bytes"));
}
