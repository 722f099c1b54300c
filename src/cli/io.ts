// What commands reach the world by: words and results, files, and the interruption from the keyboard.
import { accessSync, constants, createReadStream, lstatSync, type Stats, statSync } from "node:fs";
import { readlink, realpath, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError } from "../errors.ts";
import { UsageError } from "./usage.ts";

/** The terminal, or what takes its place. */
export interface Terminal {
  /** stdout: results. */
  out(text: string): void;
  /** stderr: words that are no result. */
  err(text: string): void;
  /** Whether stderr is a terminal, on which a line can be written anew. */
  readonly isTerminal: boolean;
  /** stdin, for `-` in the place of a file. */
  readonly input: AsyncIterable<Uint8Array>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** What a command says, and where: with --json words go to stderr, and the last line of stdout is the object. */
export class Voice {
  readonly terminal: Terminal;
  readonly isJson: boolean;
  readonly #isQuiet: boolean;

  constructor(terminal: Terminal, switches: ReadonlySet<string>) {
    this.terminal = terminal;
    this.isJson = switches.has("json");
    this.#isQuiet = switches.has("quiet");
  }

  /** Words for people. */
  say(text: string): void {
    if (!this.#isQuiet) this.terminal[this.isJson ? "err" : "out"](`${text}\n`);
  }

  /** Words for people that are beside a result, which has stdout for itself. */
  note(text: string): void {
    if (!this.#isQuiet) this.terminal.err(`${text}\n`);
  }

  /** How far it is; nothing where nobody looks. */
  get progress(): Terminal | undefined {
    return this.#isQuiet ? undefined : this.terminal;
  }

  /** What it comes to, for programs. */
  result(value: object): void {
    if (this.isJson) this.terminal.out(`${JSON.stringify(value)}\n`);
  }
}

/**
 * The pieces of a file, or of stdin for `-`; those of a gzip file as they were before, whatever its name is.
 * @throws the system's error where it cannot be read, DataError for a torn gzip file
 */
export async function* piecesOf(path: string, { input }: Terminal): AsyncGenerator<Uint8Array> {
  const source = path === "-" ? input : (createReadStream(path) as AsyncIterable<Uint8Array>);
  const pieces = source[Symbol.asyncIterator]();
  try {
    const first = await pieces.next();
    const all = (async function* () {
      if (!first.done) yield first.value;
      yield* { [Symbol.asyncIterator]: () => pieces };
    })();
    const isZipped = isGzip(first.value) || /\.gz$/i.test(path);
    yield* isZipped ? (pipeline(all, createGunzip(), () => undefined) as AsyncIterable<Uint8Array>) : all;
  } catch (error) {
    const isBroken = /^Z_/.test((error as { readonly code?: string }).code ?? "");
    if (isBroken)
      throw new DataError(`${nameOf(path)}: it is no gzip file, or a torn one: ${(error as Error).message}`);
    throw Object.assign(error as Error, { path: nameOf(path) }); // the system does not always say it
  }
}

/** By its first bytes. A safetensors file may have them, too, and a brace behind them. */
function isGzip(bytes: Uint8Array | undefined): boolean {
  return bytes?.[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8 && bytes[8] !== BRACE;
}

const BRACE = 0x7b;

/** Whether bytes begin as a safetensors file does: the length of its header, and a brace. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes[8] === BRACE && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0;
}

/** What errors call a file. */
export function nameOf(path: string): string {
  return path === "-" ? "stdin" : path;
}

/** @throws the system's error where it cannot be read */
export async function bytesOfFile(path: string, terminal: Terminal): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(path, terminal)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Bytes in the place of the pieces of a file. */
export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/**
 * Writes a file whole or not at all: beside it first, then in its place, with the rights that it had. A link stays, and the file that it leads
 * to is written; pipes, devices and what is open already, as /dev/stdout, are written to as they are.
 */
export async function write(path: string, content: Uint8Array | string): Promise<void> {
  try {
    const file = await leadsTo(path);
    const there = statSync(file, { throwIfNoEntry: false });
    if ((await isOpenFile(file)) || (there !== undefined && !there.isFile()))
      await writeFile(file, content, { flag: "a" });
    else await replace(file, content, there?.mode);
  } catch (error) {
    throw Object.assign(error as Error, { path });
  }
}

/** Where links lead to, also where nothing is there; those of open files are not followed. */
async function leadsTo(path: string): Promise<string> {
  let file = path;
  for (let links = 0; links < 40; links++) {
    const isLink = lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink();
    if (!isLink || (await isOpenFile(file))) break;
    file = resolve(dirname(file), await readlink(file));
  }
  return file;
}

/** Whether it is one of the files that a process has open. */
async function isOpenFile(path: string): Promise<boolean> {
  return /^\/proc\/.*\/fd$/.test(await realpath(dirname(path)));
}

async function replace(path: string, content: Uint8Array | string, mode: number | undefined): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await writeFile(beside, content, { mode: mode && mode & 0o777 });
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

/** A name for what is made of a file: its own, in this folder, with another ending. */
export function besides(path: string, ending: string): string {
  const name = path === "-" ? "stdin" : basename(path).replace(/\.gz$/i, "");
  return `${name.slice(0, name.length - extname(name).length)}${ending}`;
}

/** @throws UsageError where a file would be written over another one of the command, or where none can be written */
export function checkApart(option: string, path: string | undefined, others: readonly string[]): void {
  if (path === undefined) return;
  const fault = (what: string) => new UsageError(`--${option} ${path}${what}`);
  if (path === "-" || path === "") throw fault(": a file is wanted");
  if (others.some((each) => each !== "-" && isSame(each, path)))
    throw fault(" is another file of this command already, and would be written over it");
  const there = statOf(path);
  if (there?.isDirectory() || /[/\\]$/.test(path)) throw fault(": it is a folder, and a file is wanted");
  if (there?.isSocket()) throw fault(": it is a socket, and a file is wanted");
  const folder = dirname(path);
  const above = statOf(folder);
  if (above === undefined) throw fault(`: there is no folder ${folder}`);
  if (!above.isDirectory()) throw fault(`: ${folder} is no folder`);
  const written = there !== undefined && !there.isFile() ? path : folder;
  if (!isOpen(written)) throw fault(`: nothing may be written to ${written}`);
}

/** Endings of names that say what is in a file. */
const FORMATS = new Set(
  "safetensors onnx pt pth ckpt h5 hdf5 keras pb tflite gguf npy npz pkl bin json jsonl ndjson csv tsv txt html xlsx parquet zip gz".split(
    " ",
  ),
);

/** @throws UsageError where the name of a file says another format than the one that is written */
export function checkEnding(option: string, path: string, ...written: readonly string[]): void {
  const ending = extname(path).slice(1).toLowerCase();
  if (FORMATS.has(ending) && !written.includes(ending))
    throw new UsageError(`--${option} ${path}: what is written is ${written[0]}, and no ${ending}`);
}

/** Whether two paths, also by links, are one file. Several may name one device. */
function isSame(a: string, b: string): boolean {
  const [one, other] = [statOf(a), statOf(b)];
  if (one === undefined || other === undefined) return resolve(a) === resolve(b);
  return one.isFile() && one.dev === other.dev && one.ino === other.ino;
}

/** What there is; undefined also where the path leads through what is no folder. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isOpen(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** What the system says, in words; undefined for another error. */
export function systemFault(error: unknown): string | undefined {
  const { code, path, syscall } = Object(error) as { code?: string; path?: string; syscall?: string };
  if (typeof code !== "string" || syscall === undefined) return undefined;
  const words: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file or folder",
    EACCES: "it may not be opened",
    EISDIR: "it is a folder",
    ENOTDIR: "a part of its path is no folder",
    ENOSPC: "there is no space left",
    ENXIO: "nobody can read what is written to it",
    EROFS: "nothing can be written there",
  };
  return `${path ?? "a file"}: ${words[code] ?? code}`;
}

/** @throws DataError saying that a file is empty, which readers of models would call a short header */
export function checkNotEmpty(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new DataError(`${nameOf(path)} is empty`);
  return bytes;
}
