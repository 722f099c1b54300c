// The command line within this process, in a folder of its own.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { main } from "../../src/cli/main.ts";

/** What a command came to. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** The last line of stdout, if it is an object. */
  readonly json: Record<string, never>;
}

/** Beside the arguments. */
export interface Setting {
  readonly input?: string;
  readonly signal?: AbortSignal;
  readonly isTerminal?: boolean;
  /** Called with all that stderr has got so far. */
  readonly onErr?: (text: string) => void;
}

const folder = mkdtempSync(join(tmpdir(), "simdgrad-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file in the folder. */
export function file(name: string, content?: string | Uint8Array): string {
  const path = join(folder, name);
  if (content !== undefined) writeFileSync(path, content);
  return path;
}

export function contentOf(name: string): string {
  return readFileSync(file(name), "utf8");
}

export async function run(args: readonly string[], setting: Setting = {}): Promise<Outcome> {
  let [out, err] = ["", ""];
  const { input = "", signal = new AbortController().signal, isTerminal = false, onErr } = setting;
  const code = await main(args, {
    out(text) {
      out += text;
    },
    err(text) {
      err += text;
      onErr?.(err);
    },
    isTerminal,
    signal,
    input: (async function* () {
      yield new TextEncoder().encode(input);
    })(),
  });
  const last = out.trimEnd().split("\n").at(-1) ?? "";
  return { code, out, err, json: args.includes("--json") && last.startsWith("{") ? JSON.parse(last) : {} };
}
