// simdgrad export: weights alone, for other libraries.
import { DataError } from "../errors.ts";
import { parseCheckpoint } from "../io/checkpoint.ts";
import { readHeader } from "../io/header.ts";
import { serializeSafetensors } from "../io/safetensors.ts";
import { TabularModel } from "../tabular/index.ts";
import { CODES, type Command } from "./command.ts";
import { besides, bytesOfFile, checkApart, checkEnding, checkNotEmpty, isSafetensors, nameOf, write } from "./io.ts";
import { named } from "./models.ts";
import { UsageError } from "./usage.ts";
import { several } from "./words.ts";

/** What of a checkpoint is no weight. */
const STATE = /^(optimizer|counters|hyperparameters|history|minimizer|stream|callbacks)\./;

export const exportWeights: Command = {
  usage: {
    name: "export",
    summary: "Writes the weights of a model, or of a checkpoint, to a plain file that other libraries read.",
    takes: ["MODEL"],
    about: `The names are PyTorch's: a model of a table is torch.nn.Sequential(Linear, ReLU, Dropout, ..., Linear), whose
load_state_dict takes what safetensors.torch.load_file gives. Its inputs are the features that
"simdgrad inspect MODEL --features" tells. ONNX is not written yet.`,
    options: {
      format: { value: "FORMAT", help: "safetensors (default, and the only one so far)" },
      out: {
        value: "FILE",
        short: "o",
        help: "where it goes; default: named as MODEL, .weights.safetensors, in this folder",
      },
    },
    examples: ["export flowers.safetensors --format safetensors --out flowers.weights.safetensors"],
  },
  async run({ files: [path], values }, terminal, voice) {
    const format = values.get("format") ?? "safetensors";
    if (format !== "safetensors")
      throw new UsageError(
        `--format must be safetensors, and not ${format}${/onnx/i.test(format) ? ": ONNX is not written yet" : ""}`,
      );
    const out = values.get("out") ?? besides(path, ".weights.safetensors");
    checkApart("out", out, [path]);
    checkEnding("out", out, "safetensors");
    const bytes = checkNotEmpty(path, await bytesOfFile(path, terminal));
    const weights = await weightsOf(path, bytes);
    const file = serializeSafetensors(weights, { format: "pt" });
    await write(out, file);
    const names = Object.keys(weights);
    voice.say(`${several(names.length, "tensor")}, ${several(file.length, "byte")}: ${out}`);
    voice.result({ command: "export", file: path, format, out, tensors: names });
    return CODES.good;
  },
};

async function weightsOf(path: string, bytes: Uint8Array) {
  if (!isSafetensors(bytes)) throw new DataError(`${nameOf(path)} is no model, and no checkpoint`);
  return named(path, async () => {
    if (readHeader(bytes).metadata.format !== "simdgrad-checkpoint") return (await TabularModel.load(bytes)).weights;
    const { state } = parseCheckpoint(bytes);
    return Object.fromEntries(Object.entries(state).filter(([name]) => !STATE.test(name)));
  });
}
