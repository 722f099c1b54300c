// .keras files: a ZIP file of config.json, metadata.json and model.weights.h5.
import { bytesOf } from "../data/bytes.ts";
import { ZipFile } from "../data/compressed.ts";
import type { Tensor } from "../tensor.ts";
import { Builder, checkReadOptions, type ReadOptions } from "./build.ts";
import { fault } from "./fault.ts";
import { Hdf5 } from "./hdf5.ts";
import { objectIn } from "./json.ts";
import { KerasModel, type Tensors } from "./model.ts";
import { storedOptimizer } from "./optimizer.ts";
import { countedLayers } from "./weights.ts";

/** Bytes of a text of settings beyond four times those of the file: far more become of them than of numbers. */
const SPARE = 2 ** 22;

/**
 * The model in a .keras file, as Keras 3 saves it (and Keras 2.13 and later): a module of layers of simdgrad with the file's weights, to be
 * trained or asked. Data have Keras' layout, channels last. Models of code (subclasses) and layers that are not known are refused, all in one
 * error; nothing in a file is run.
 * @throws DataError for a damaged file, another format, and layers that are not known here
 *
 * @example
 * import { fromKeras } from "simdgrad/keras";
 * fromKeras(Uint8Array.of(1, 2, 3)); // => throws DataError: fromKeras: the file of 3 bytes is no ZIP file, or is cut off
 */
export function fromKeras<Input extends Tensors = Tensor, Output extends Tensors = Tensor>(
  bytes: Uint8Array | ArrayBuffer,
  options: ReadOptions = {},
): KerasModel<Input, Output> {
  const given = bytesOf(bytes, "fromKeras: bytes");
  checkReadOptions(options, "fromKeras");
  if (given[0] === 137 && given[1] === 72)
    throw fault(
      "fromKeras: this is an HDF5 file, Keras' format before .keras: load it in Keras, and save it as .keras",
    );
  const files = new ZipFile(given, "fromKeras");
  const most = 4 * given.length + SPARE;
  const config = objectIn(fileOf(files, "config.json", most), "config.json");
  const { class_name: className, config: settings, compile_config: training } = config;
  const weights = new Hdf5(fileOf(files, "model.weights.h5"), "model.weights.h5");
  const dialect = isOld(files.read("metadata.json", most)) ? "keras 2" : "keras 3";
  const reading = new Builder(dialect, options).read(className, settings, countedLayers(weights, ""), "fromKeras");
  return new KerasModel(reading, (model) => storedOptimizer(weights, training, reading.links, model));
}

function fileOf(files: ZipFile, name: string, most?: number): Uint8Array {
  const file = files.read(name, most);
  if (file === undefined)
    throw fault(`fromKeras: the ZIP file holds no ${name}, but ${files.names.slice(0, 5).join(", ") || "nothing"}`);
  return file;
}

/** Whether Keras 2 wrote a file, which means something else by some names. */
function isOld(metadata: Uint8Array | undefined): boolean {
  if (metadata === undefined) return false;
  const { keras_version: version } = objectIn(metadata, "metadata.json");
  return typeof version === "string" && version.startsWith("2.");
}
