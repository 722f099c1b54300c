// simdgrad import: weights that were trained elsewhere, into the model of a table that they came from.
import { DataError } from "../errors.ts";
import { parseSafetensors } from "../io/safetensors.ts";
import { CODES, type Command } from "./command.ts";
import { besides, bytesOfFile, checkApart, checkEnding, checkNotEmpty, isSafetensors, nameOf, write } from "./io.ts";
import { named, readModel } from "./models.ts";
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
    const tensors = await named(weights, () => parseSafetensors(bytes).tensors);
    const imported = await named(weights, () => model.withWeights(tensors));
    await write(out, await imported.save());
    const names = Object.keys(tensors);
    voice.say(`${several(names.length, "tensor")}: ${out}`);
    voice.result({ command: "import", model: path, weights, out, tensors: names });
    return CODES.good;
  },
};
