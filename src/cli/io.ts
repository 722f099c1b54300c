// What commands reach the world by: words and results, files, and the interruption from the keyboard.
import { createReadStream, existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
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

/** The pieces of a file, or of stdin for `-`. @throws the system's error where it cannot be read */
export function piecesOf(path: string, { input }: Terminal): AsyncIterable<Uint8Array> {
  return path === "-" ? input : filePieces(path);
}

async function* filePieces(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path);
  try {
    yield* (/\.gz$/i.test(path) ? pipeline(file, createGunzip(), () => undefined) : file) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const isBroken = /^Z_/.test((error as { readonly code?: string }).code ?? "");
    if (isBroken) throw new DataError(`${path}: it is no gzip file, or a torn one: ${(error as Error).message}`);
    throw Object.assign(error as Error, { path }); // the system does not always say it
  }
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

/** Writes a file whole or not at all: beside it first, then in its place. */
export async function write(path: string, content: Uint8Array | string): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  try {
    await writeFile(beside, content);
    await rename(beside, path);
  } catch (error) {
    throw Object.assign(error as Error, { path });
  }
}

/** A name for what is made of a file: its own, in this folder, with another ending. */
export function besides(path: string, ending: string): string {
  const name = path === "-" ? "stdin" : basename(path).replace(/\.gz$/i, "");
  return `${name.slice(0, name.length - extname(name).length)}${ending}`;
}

/** @throws UsageError where a file would be written over one that is read, or into a folder that there is not */
export function checkApart(option: string, path: string | undefined, read: readonly string[]): void {
  if (path !== undefined && read.some((each) => each !== "-" && resolve(each) === resolve(path)))
    throw new UsageError(`--${option} ${path} would be written over the file that is read`);
  if (path !== undefined && !existsSync(dirname(path)))
    throw new UsageError(`--${option} ${path}: there is no folder ${dirname(path)}`);
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
  };
  return `${path ?? "a file"}: ${words[code] ?? code}`;
}

/** @throws DataError saying that a file is empty, which readers of models would call a short header */
export function checkNotEmpty(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new DataError(`${nameOf(path)} is empty`);
  return bytes;
}
