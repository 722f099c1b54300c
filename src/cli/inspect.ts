// simdgrad inspect: what a file of weights holds: a model of a table, a checkpoint, or any safetensors.

import { DataError } from "../errors.ts";
import { parseCheckpoint } from "../io/checkpoint.ts";
import { fileDTypes } from "../io/dtypes.ts";
import { readHeader } from "../io/header.ts";
import { summary } from "../nn/summary.ts";
import { TABULAR_FORMAT } from "../tabular/file.ts";
import { networkOf } from "../tabular/network.ts";
import { CODES, type Command } from "./command.ts";
import { bytesOfFile, checkNotEmpty, isSafetensors, nameOf, type Voice } from "./io.ts";
import { description, metricsTable, modelObject, modelOf, named } from "./models.ts";
import { columns, count, several } from "./words.ts";

export const inspect: Command = {
  usage: {
    name: "inspect",
    summary: "Tells what a file holds: a model of a table, a checkpoint of a training, or any safetensors file.",
    takes: ["FILE"],
    about:
      "Of a model: target, columns and what becomes of them, features, layers, figures. Of others: metadata and tensors.",
    options: { features: { help: "all features that a model's network takes, in their order" } },
    examples: ["inspect flowers.safetensors", "inspect runs/first.00000001.safetensors --json"],
  },
  async run({ files: [path], switches }, terminal, voice) {
    const bytes = checkNotEmpty(path, await bytesOfFile(path, terminal));
    if (!isSafetensors(bytes))
      throw new DataError(`${nameOf(path)} is no safetensors file, as models and checkpoints are`);
    const { metadata, tensors } = await named(path, () => readHeader(bytes));
    if (metadata.format === TABULAR_FORMAT) return model(path, bytes, voice, switches.has("features"));
    const list = tensors.map(({ name, type, shape, begin, end }) => {
      const dtype = [...fileDTypes].find(([, each]) => each === type)?.[0] ?? "";
      return { name, dtype, shape: [...shape], bytes: end - begin };
    });
    const isCheckpoint = metadata.format === "simdgrad-checkpoint";
    voice.say(
      `${nameOf(path)}: ${isCheckpoint ? "a checkpoint of a training" : "a safetensors file"}, ${several(bytes.length, "byte")}`,
    );
    const known = isCheckpoint ? await checkpoint(path, bytes, voice) : others(metadata, voice);
    const numbers = list.reduce((sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1), 0);
    voice.say(`${several(list.length, "tensor")} of ${several(numbers, "number")}:`);
    voice.say(
      columns(
        list.map(({ name, dtype, shape }) => [`  ${name}`, dtype, `[${shape.join(", ")}]`]),
        { left: 3 },
      ),
    );
    voice.result({
      command: "inspect",
      file: path,
      kind: isCheckpoint ? "checkpoint" : "safetensors",
      ...known,
      tensors: list,
    });
    return CODES.good;
  },
};

async function model(path: string, bytes: Uint8Array, voice: Voice, withFeatures: boolean): Promise<number> {
  const own = await modelOf(path, bytes);
  const layers = summary(networkOf(own.network), [1, own.network.features]);
  voice.say(`${nameOf(path)}: a model of a table, ${several(bytes.length, "byte")}\n\n${description(own)}\n`);
  if (withFeatures) voice.say(`features:\n${own.features.map((name, i) => `  ${count(i)}  ${name}`).join("\n")}\n`);
  voice.say(`${layers.table}\n\n${metricsTable(own)}`);
  voice.result({ command: "inspect", file: path, kind: "model", ...modelObject(own), layers: layers.layers });
  return CODES.good;
}

async function checkpoint(path: string, bytes: Uint8Array, voice: Voice): Promise<object> {
  const { state, seed, callbacks, preprocessing, notes } = await named(path, () => parseCheckpoint(bytes));
  const epochs = state["history.epoch"]?.data.length ?? 0;
  const known = {
    epochs,
    seed: seed ?? null,
    callbacks: callbacks?.length ?? 0,
    preprocessing: preprocessing !== undefined,
    notes: notes ?? null,
  };
  voice.say(
    columns(
      Object.entries(known).map(([name, value]) => [name, JSON.stringify(value)]),
      { left: 2 },
    ),
  );
  return known;
}

function others(metadata: Readonly<Record<string, string>>, voice: Voice): object {
  const lines = Object.entries(metadata).map(([name, text]) => [
    name,
    text.length > 100 ? `${text.slice(0, 100)}...` : text,
  ]);
  if (lines.length > 0) voice.say(columns(lines, { left: 2 }));
  return { metadata };
}
