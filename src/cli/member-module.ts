// The module of a member: what it must export, and what is said where it is at fault.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ArgumentError, SimdgradError, WorkerError } from "../errors.ts";
import type { RunMember } from "../nats/index.ts";
import type { Objective } from "../tune/trial.ts";
import { systemFault } from "./io.ts";

/** What a module exports that members run: one of both, and not the other. */
export interface MemberModule {
  /** Trains with `fit({ distribute, signal })`; `member.nats(options)` makes what `distribute` takes. */
  readonly train?: (member: RunMember) => Promise<unknown>;
  /** Runs trials of a study. */
  readonly objective?: Objective;
}

/** What Node says of a module that it takes for an older kind of script. */
const AS_SCRIPT = /outside a module|Unexpected token 'export'|await is only valid in async functions/;

/** Where this package's files are, in the sources and as it is published. */
const OWN = new URL("../", import.meta.url).href;

/**
 * Loads it. One that exports nothing is not even run: it may train by itself, for hours.
 * @throws ArgumentError where it exports none, or both, of these functions, the system's error where it cannot be read, WorkerError for its own faults
 */
export async function loadMember(file: string): Promise<MemberModule> {
  const path = resolve(file);
  const text = await readFile(file, "utf8");
  const module: MemberModule = /\bexports?\b/.test(text)
    ? await import(pathToFileURL(path).href).catch(async (error) => {
        throw faultOf(error, file, error instanceof SyntaxError ? await placeOf(path) : undefined);
      })
    : {};
  if (typeof module.train !== "function" && typeof module.objective !== "function")
    throw new ArgumentError(
      `${file} must export a function: train(member), which trains with trainer.fit({ distribute: member.nats(), signal: ` +
        "member.signal }), or objective(trial), which gives the value of a trial",
    );
  if (typeof module.train === "function" && typeof module.objective === "function")
    throw new ArgumentError(
      `${file} exports train(member) and objective(trial): a member runs one of them, so that each wants a module of its own`,
    );
  return module;
}

/** An error that the module has thrown, with its place there; that of simdgrad or of the system as it is. */
export function faultOf(error: unknown, file: string, place = ""): unknown {
  if (error instanceof SimdgradError || systemFault(error) !== undefined) return error;
  if (!(error instanceof Error)) return new WorkerError(`${file}: it threw ${String(error)}`);
  const frames = error.stack?.match(/(?<=^|[\s(])(file:\/\/)?(\/|[A-Za-z]:[\\/])[^\s()]+:\d+/g) ?? [];
  const isOwn = (frame = "") => frame.startsWith(OWN) || /[\\/]node_modules[\\/]simdgrad[\\/]/.test(frame);
  const isTheirs = (frame: string) => !isOwn(frame) && !/[\\/]node_modules[\\/]/.test(frame);
  // Modules that cannot be loaded are never simdgrad's, though it asked for them.
  const isLoading = error instanceof SyntaxError || /^ERR_/.test((error as { readonly code?: string }).code ?? "");
  if (isOwn(frames[0]) && !isLoading) return error;
  const found = place || shortened(frames.find(isTheirs) ?? "");
  return new WorkerError(`${found || file}: ${error.name}: ${error.message}${adviceOf(error, found || file)}`, {
    cause: error,
  });
}

/** What helps where Node does not take a file for a module. */
function adviceOf(error: Error, place: string): string {
  const [, name, ending] = /([^/\\]+)\.([jt]s)(:\d+)*$/.exec(place) ?? [];
  if (!(error instanceof SyntaxError && AS_SCRIPT.test(error.message)) || name === undefined) return "";
  return `; Node takes it for no module: "type": "module" in its package.json, or the name ${name}.m${ending}, makes it one`;
}

/** Names of files as the user writes them. */
function shortened(frame: string): string {
  if (frame === "") return "";
  const path = frame.startsWith("file:") ? fileURLToPath(frame) : frame;
  const near = relative("", path);
  return near.startsWith("..") ? path : near;
}

/** Where the syntax of a file is wrong, which errors of imports do not tell. */
function placeOf(path: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["--check", path], (_, __, said) =>
      resolve(shortened(/^\S.*:\d+$/m.exec(said)?.[0] ?? "")),
    );
  });
}
