// simdgrad export --to: a model as code of another library.
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { serializeNpz } from "../data/index.ts";
import { DataError } from "../errors.ts";
import type { OnnxSignature } from "../onnx/index.ts";
import { CODES, type Command } from "./command.ts";
import {
  besides,
  bytesOfFile,
  checkApart,
  checkNotEmpty,
  isSafetensors,
  nameOf,
  type Terminal,
  type Voice,
  write,
} from "./io.ts";
import { modelOf, named, readKnown } from "./models.ts";
import { tableNetwork } from "./table-network.ts";
import { type Given, UsageError } from "./usage.ts";
import { count, several } from "./words.ts";

/** What train_ddp.py is given. */
const ROWS = "rows.npz";

/** All that an export may write, with words at the head of those that are programs. */
const WRITTEN: Readonly<Record<string, string>> = {
  "model.py": " of simdgrad, in PyTorch. It takes ",
  "weights.safetensors": "",
  "train_ddp.py": "Goes on training the model of model.py by several processes",
  "constants.safetensors": "",
  [ROWS]: "",
};

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
  checkFolder(out, data === undefined ? [path] : [path, data]);
  if (path === "-" && data === "-") throw new UsageError("MODEL and --data cannot both be stdin");
  const bytes = checkNotEmpty(path, await bytesOfFile(path, terminal));
  const isOnnx = extname(path).toLowerCase() === ".onnx" && !isSafetensors(bytes);
  if (isOnnx && data !== undefined) throw new UsageError("--data is for models of tables, and not for ONNX files");
  const model = isOnnx ? await ofOnnx(path, bytes) : await ofTable(path, bytes);
  const rows = data === undefined ? undefined : await rowsOf(path, bytes, data, given, terminal);
  const files = rows === undefined ? model : { ...model, [ROWS]: rows.file };
  if (isOnnx)
    voice.note(
      "note: an ONNX file does not tell what is trained: all its tensors of real numbers are parameters, also those that were constants, " +
        "and batch norms keep the statistics that they have",
    );
  if (!existsSync(out)) mkdirSync(out); // with folders above, it would never end in /proc
  const before = Object.keys(WRITTEN).filter((name) => existsSync(join(out, name)));
  const overwritten = before.filter((name) => name in files);
  const left = before.filter((name) => !(name in files));
  for (const [name, content] of Object.entries(files)) await write(join(out, name), content);
  if (overwritten.length > 0)
    voice.note(`note: what was there before is written over: ${overwritten.map((name) => join(out, name)).join(", ")}`);
  if (left.length > 0)
    voice.note(`note: of an export before, and not of this one: ${left.map((name) => join(out, name)).join(", ")}`);
  voice.say(
    `${several(Object.keys(files).length, "file")}: ${Object.keys(files)
      .map((name) => join(out, name))
      .join(", ")}`,
  );
  if (rows !== undefined) tell(rows, nameOf(data as string), voice);
  const { written, keptBack, missing } = rows ?? {};
  const counts = rows && { rows: { written, keptBack: keptBack ?? null, missing } };
  voice.result({ command: "export", file: path, to, out, files: Object.keys(files), overwritten, ...counts });
  return CODES.good;
}

/** The file that train_ddp.py reads, and which rows are in it. */
interface WrittenRows {
  readonly file: Uint8Array;
  readonly target: string;
  readonly written: number;
  /** Rows that the model was not trained on; undefined where it is not known which they are. */
  readonly keptBack: { readonly validation: number; readonly test: number } | undefined;
  /** Rows without a target. */
  readonly missing: number;
}

/** Rows as the network takes them, with their targets: of the table that the model was made of those that it was trained on, else all. */
async function rowsOf(
  path: string,
  bytes: Uint8Array,
  data: string,
  given: Given,
  terminal: Terminal,
): Promise<WrittenRows> {
  const model = await modelOf(path, bytes);
  const table = await readKnown(model, data, terminal, given);
  const parts = model.partsOf(table);
  const { inputs, targets } = model.trainingRows(parts === undefined ? table : table.take(parts.train));
  const [written] = inputs.shape;
  const keptBack = parts && { validation: parts.validation.length, test: parts.test.length };
  const missing = table.rows - written - (keptBack ? keptBack.validation + keptBack.test : 0);
  return { file: serializeNpz({ inputs, targets }), target: model.target, written, keptBack, missing };
}

/** Says which rows are in the file, and which are not. */
function tell({ target, written, keptBack, missing }: WrittenRows, data: string, voice: Voice): void {
  const kept =
    keptBack && `${count(keptBack.validation)} to validate and ${count(keptBack.test)} to test with are kept back`;
  voice.say(
    kept === undefined
      ? `${ROWS}: all ${several(written, "row")} of ${data} with ${target}`
      : `${ROWS}: the ${several(written, "row")} of ${data} that the model was trained on; ${kept}`,
  );
  if (missing > 0) voice.say(`left out: ${several(missing, "row")} without ${target}`);
  if (kept === undefined)
    voice.note(
      `note: ${data} is not known as the file that the model was made of: rows that it was validated and tested with may be among them, ` +
        "and figures on these say little once they were trained on",
    );
}

/** @throws UsageError where the folder cannot be, or where files in it are not to be written over */
function checkFolder(out: string, given: readonly string[]): void {
  const fault = (what: string) => new UsageError(`--out ${out}: ${what}`);
  if (out === "-" || out === "") throw fault("a folder is wanted");
  const there = statSync(out, { throwIfNoEntry: false });
  if (there === undefined) {
    const bare = out.replace(/(?<=.)[/\\]+$/, "");
    if (lstatSync(bare, { throwIfNoEntry: false })?.isSymbolicLink())
      throw fault(`it is a link to ${readlinkSync(bare)}, and there is no such folder`);
    const above = statSync(dirname(out), { throwIfNoEntry: false });
    if (above === undefined) throw fault(`there is no folder ${dirname(out)}`);
    return;
  }
  if (!there.isDirectory()) throw fault("it is a file, and a folder is wanted");
  for (const [name, words] of Object.entries(WRITTEN)) {
    const path = join(out, name);
    checkApart("out", path, given);
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined) continue;
    if (!file.isFile()) throw fault(`${name} in it is no file`);
    if (!readFileSync(path, "latin1").slice(0, 10_000).includes(words))
      throw fault(`${name} in it was not written by simdgrad, and would be written over: take another folder`);
  }
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
