// simdgrad export --to: a model as code of another library.
import { mkdirSync, statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { serializeNpz } from "../data/index.ts";
import { DataError } from "../errors.ts";
import type { OnnxSignature } from "../onnx/index.ts";
import { CODES, type Command } from "./command.ts";
import { besides, bytesOfFile, checkNotEmpty, isSafetensors, type Terminal, type Voice, write } from "./io.ts";
import { modelOf, named, readKnown } from "./models.ts";
import { tableNetwork } from "./table-network.ts";
import { type Given, UsageError } from "./usage.ts";
import { several } from "./words.ts";

/** What train_ddp.py is given. */
const ROWS = "rows.npz";

/** @throws UsageError for another library, and where a folder cannot be */
export async function exportToLibrary(
  given: Given,
  terminal: Terminal,
  voice: Voice,
): Promise<Awaited<ReturnType<Command["run"]>>> {
  const { values } = given;
  const [path] = given.files;
  const [to, data] = [values.get("to"), values.get("data")];
  if (to !== "pytorch") throw new UsageError(`--to must be pytorch, and not ${to}`);
  const out = values.get("out") ?? besides(path, ".pytorch");
  checkFolder(out);
  if (path === "-" && data === "-") throw new UsageError("MODEL and --data cannot both be stdin");
  const bytes = checkNotEmpty(path, await bytesOfFile(path, terminal));
  const isOnnx = extname(path).toLowerCase() === ".onnx" && !isSafetensors(bytes);
  if (isOnnx && data !== undefined) throw new UsageError("--data is for models of tables, and not for ONNX files");
  const model = isOnnx ? await ofOnnx(path, bytes) : await ofTable(path, bytes);
  const files = data === undefined ? model : { ...model, [ROWS]: await rowsOf(path, bytes, data, given, terminal) };
  if (isOnnx)
    voice.note(
      "note: an ONNX file does not tell what is trained: all its tensors of real numbers are parameters, also those that were constants, " +
        "and batch norms keep the statistics that they have",
    );
  mkdirSync(out, { recursive: true });
  for (const [name, content] of Object.entries(files)) await write(join(out, name), content);
  voice.say(
    `${several(Object.keys(files).length, "file")}: ${Object.keys(files)
      .map((name) => join(out, name))
      .join(", ")}`,
  );
  voice.result({ command: "export", file: path, to, out, files: Object.keys(files) });
  return CODES.good;
}

/** Rows as the network takes them, with their targets: the file that train_ddp.py reads. */
async function rowsOf(path: string, bytes: Uint8Array, data: string, given: Given, terminal: Terminal) {
  const model = await modelOf(path, bytes);
  const table = await readKnown(model, data, terminal, given);
  const { inputs, targets } = model.trainingRows(table);
  return serializeNpz({ inputs, targets });
}

function checkFolder(out: string): void {
  const there = statSync(out, { throwIfNoEntry: false });
  if (out === "-" || out === "") throw new UsageError(`--out ${out}: a folder is wanted`);
  if (there !== undefined && !there.isDirectory())
    throw new UsageError(`--out ${out}: it is a file, and a folder is wanted`);
  const above = statSync(dirname(out), { throwIfNoEntry: false });
  if (above === undefined) throw new UsageError(`--out ${out}: there is no folder ${dirname(out)}`);
}

/** A model of a table, of features [batch, features]. */
async function ofTable(path: string, bytes: Uint8Array) {
  const { model, features, weights } = await tableNetwork(path, bytes, "toPytorch of simdgrad/torch");
  const { toPytorch } = await import("../torch/index.ts");
  const signature = { input: ["batch", features], inputNames: ["features"] };
  return toPytorch(model, signature, { state: weights });
}

/** A model of ONNX's, with the sizes that its file tells. */
async function ofOnnx(path: string, bytes: Uint8Array) {
  const { fromOnnx } = await import("../onnx/index.ts");
  const { toPytorch } = await import("../torch/index.ts");
  return named(path, () => {
    const model = fromOnnx(bytes);
    const input = Object.fromEntries(
      model.inputs.map(({ name, type, shape }) => {
        const isTold = shape?.every((size) => size !== null);
        if (!isTold) throw new DataError(`it does not tell the sizes of its input ${name}`);
        const dtype = /int|bool/.test(type) ? ("i32" as const) : ("f32" as const);
        return [name, { shape: shape as (number | string)[], dtype }];
      }),
    );
    return toPytorch(model as never, { input } as OnnxSignature);
  });
}
