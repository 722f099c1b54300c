// simdgrad import: weights that were trained elsewhere, into the model of a table that they came from.
import { DataError } from "../errors.ts";
import { readHeader } from "../io/header.ts";
import { parseSafetensors } from "../io/safetensors.ts";
import type { StateDict } from "../train/state.ts";
import { CODES, type Command } from "./command.ts";
import { besides, bytesOfFile, checkApart, checkEnding, checkNotEmpty, isSafetensors, nameOf, write } from "./io.ts";
import { modelOf, named, readModel } from "./models.ts";
import { UsageError } from "./usage.ts";
import { several } from "./words.ts";

export const importWeights: Command = {
  usage: {
    name: "import",
    summary: "Takes weights that were trained elsewhere into a model of a table.",
    takes: ["MODEL", "WEIGHTS"],
    about: `WEIGHTS is a safetensors file with the names and shapes that "simdgrad export MODEL" gave, such as the one that train_ddp.py
ends with. Columns and preprocessing stay those of MODEL, and so do the figures kept with it, which a note says:
"simdgrad evaluate" tells those of the new weights.`,
    options: {
      out: {
        value: "FILE",
        short: "o",
        help: "the model; default: named as MODEL, .imported.safetensors, in this folder",
      },
    },
    examples: ["import flowers.safetensors flowers/trained/weights.safetensors --out better.safetensors"],
  },
  async run({ files, values }, terminal, voice) {
    const [path, weights] = files;
    if (path === "-" && weights === "-") throw new UsageError("MODEL and WEIGHTS cannot both be stdin");
    const out = values.get("out") ?? besides(path, ".imported.safetensors");
    checkApart("out", out, files);
    checkEnding("out", out, "safetensors");
    const model = await readModel(path, terminal);
    const bytes = checkNotEmpty(weights, await bytesOfFile(weights, terminal));
    if (!isSafetensors(bytes)) throw new DataError(`${nameOf(weights)} is no safetensors file`);
    const tensors = await named(weights, () => weightsIn(bytes, model.weights));
    const imported = await named(weights, () => model.withWeights(tensors));
    const made = await imported.save();
    await modelOf(out, made); // a file that could not be read takes no model's place
    await write(out, made);
    const names = Object.keys(tensors);
    voice.say(`${several(names.length, "tensor")}: ${out}`);
    voice.result({ command: "import", model: path, weights, out, tensors: names });
    return CODES.good;
  },
};

/** Element types of weights: a model's are f32, and the others become that. */
const FLOATS = ["F32", "F64", "F16", "BF16"];

/** The tensors of a file. @throws DataError where what a model knows by its name as weights is something else in the file */
function weightsIn(bytes: Uint8Array, known: StateDict): StateDict {
  for (const { name, dtype } of readHeader(bytes).tensors)
    if (Object.hasOwn(known, name) && !FLOATS.includes(dtype))
      throw new DataError(`${name} is ${dtype}, and weights are F32, F64, F16 or BF16`);
  return parseSafetensors(bytes).tensors as StateDict;
}
