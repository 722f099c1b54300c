// simdgrad export: weights alone, for other libraries, or a model as they write it.
import { DataError } from "../errors.ts";
import { parseCheckpoint } from "../io/checkpoint.ts";
import { readHeader } from "../io/header.ts";
import { serializeSafetensors } from "../io/safetensors.ts";
import type { Context } from "../nn/module.ts";
import { TabularModel } from "../tabular/index.ts";
import type { Tensor } from "../tensor.ts";
import { CODES, type Command } from "./command.ts";
import { exportToLibrary } from "./export-library.ts";
import { besides, bytesOfFile, checkApart, checkEnding, checkNotEmpty, isSafetensors, nameOf, write } from "./io.ts";
import { named } from "./models.ts";
import { tableNetwork } from "./table-network.ts";
import { CSV_OPTIONS } from "./tables.ts";
import { UsageError } from "./usage.ts";
import { several } from "./words.ts";

/** What of a checkpoint is no weight. */
const STATE = /^(optimizer|counters|hyperparameters|history|minimizer|stream|callbacks)\./;

const FORMATS = ["safetensors", "onnx"] as const;

/** How files are named that are not named otherwise. */
const ENDINGS = { safetensors: ".weights.safetensors", onnx: ".onnx" };

export const exportWeights: Command = {
  usage: {
    name: "export",
    summary:
      "Writes the weights of a model, or of a checkpoint, to a plain file that other libraries read; or a model for ONNX or PyTorch.",
    takes: ["MODEL"],
    about: `The names are PyTorch's: a model of a table is torch.nn.Sequential(Linear, ReLU, Dropout, ..., Linear), whose
load_state_dict takes what safetensors.torch.load_file gives. Its inputs are the features that
"simdgrad inspect MODEL --features" tells. With --format onnx a model of a table becomes one that any runtime of ONNX
runs: from features [batch, features] to probabilities [batch, classes], or to a value [batch, 1]. With --to pytorch it
is a folder of PyTorch code: model.py, its weights, and train_ddp.py, which goes on training it on many machines; it
gives logits, which torch.nn.CrossEntropyLoss takes, or a value. With --data it has rows.npz, too: the rows of a table as
the network takes them, which train_ddp.py --data rows.npz trains on; "simdgrad import" takes the weights back. Of the file
that the model was made of these are the rows that it was trained on: those to validate and to test with are kept back, and
"simdgrad evaluate" measures with them what comes back. There MODEL may be an ONNX file, too, but has no --data.`,
    options: {
      format: { value: "FORMAT", help: "safetensors (default), or onnx" },
      to: { value: "LIBRARY", help: "pytorch: the model as code of that library, in a folder" },
      data: { value: "FILE", help: "with --to pytorch: a table with the target, whose rows go into rows.npz" },
      out: {
        value: "PATH",
        short: "o",
        help: "the file, or the folder; default: named as MODEL, .weights.safetensors, .onnx or .pytorch, in this folder",
      },
      ...CSV_OPTIONS,
    },
    examples: [
      "export flowers.safetensors --format safetensors --out flowers.weights.safetensors",
      "export flowers.safetensors --format onnx",
      "export flowers.safetensors --to pytorch --data flowers.csv --out flowers",
    ],
  },
  async run(given, terminal, voice) {
    const { values, switches } = given;
    const [path] = given.files;
    const ofData = Object.keys(CSV_OPTIONS).find((each) => values.has(each) || switches.has(each));
    if (ofData !== undefined && !values.has("data")) throw new UsageError(`--${ofData} goes with --data`);
    if (values.has("to")) {
      if (values.has("format")) throw new UsageError("--to and --format do not go together");
      return exportToLibrary(given, terminal, voice);
    }
    if (values.has("data")) throw new UsageError("--data goes with --to pytorch");
    const format = FORMATS.find((each) => each === (values.get("format") ?? "safetensors"));
    if (format === undefined)
      throw new UsageError(`--format must be ${FORMATS.join(" or ")}, and not ${values.get("format")}`);
    const out = values.get("out") ?? besides(path, ENDINGS[format]);
    checkApart("out", out, [path]);
    checkEnding("out", out, format);
    const bytes = checkNotEmpty(path, await bytesOfFile(path, terminal));
    const { file, tensors } = format === "onnx" ? await onnxOf(path, bytes) : await safetensorsOf(path, bytes);
    await write(out, file);
    voice.say(`${several(tensors.length, "tensor")}, ${several(file.length, "byte")}: ${out}`);
    voice.result({ command: "export", file: path, format, out, tensors });
    return CODES.good;
  },
};

async function safetensorsOf(path: string, bytes: Uint8Array) {
  const weights = await weightsOf(path, bytes);
  return { file: serializeSafetensors(weights, { format: "pt" }), tensors: Object.keys(weights) };
}

/** A model of a table with what makes probabilities, or a value, of what its network gives. */
async function onnxOf(path: string, bytes: Uint8Array) {
  const { model, features, weights, isClassifier } = await tableNetwork(path, bytes, "toOnnx of simdgrad/onnx");
  const { toOnnx } = await import("../onnx/index.ts");
  const outputNames = [isClassifier ? "probabilities" : "value"];
  const signature = { input: ["batch", features], inputNames: ["features"], outputNames };
  const whole = isClassifier
    ? { ...model, forward: (x: Tensor, context: Context) => model.forward(x, context).softmax(1) }
    : model;
  return { file: await toOnnx(whole, signature, { state: weights }), tensors: Object.keys(weights) };
}

async function weightsOf(path: string, bytes: Uint8Array) {
  if (!isSafetensors(bytes)) throw new DataError(`${nameOf(path)} is no model, and no checkpoint`);
  return named(path, async () => {
    if (readHeader(bytes).metadata.format !== "simdgrad-checkpoint") return (await TabularModel.load(bytes)).weights;
    const { state } = parseCheckpoint(bytes);
    return Object.fromEntries(Object.entries(state).filter(([name]) => !STATE.test(name)));
  });
}
