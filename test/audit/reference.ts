// The Python process that answers for PyTorch: all questions at once, answers in their order.
import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";

const PYTHON = "/usr/bin/python3"; // Debian's, which python3-torch installs for
const SCRIPT = new URL("reference.py", import.meta.url).pathname;

/** What PyTorch says of one output; see reference.py. */
export interface Expected {
  readonly expected: readonly (number | string)[];
  readonly moved?: readonly number[];
  readonly single?: readonly number[];
  readonly double?: readonly number[];
  readonly overflows?: readonly number[];
  readonly undefined?: readonly number[];
}

export type Answer = { readonly outputs: readonly Expected[] } | { readonly throws: string };

/** Whether Debian's PyTorch is there. */
export function hasTorch(): boolean {
  return spawnSync(PYTHON, ["-c", "import numpy, torch"]).status === 0;
}

/** The answers, one a request. */
export async function* answers(requests: readonly string[]): AsyncGenerator<Answer> {
  const child = spawn(PYTHON, ["-W", "ignore", SCRIPT], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdin.on("error", () => undefined); // it ended: the count of its answers tells
  child.stdin.end(`${requests.join("\n")}\n`);
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    count++;
    yield JSON.parse(line);
  }
  const code = await ended;
  if (count !== requests.length) throw new Error(`${SCRIPT} ended with ${code} after ${count} of ${requests.length}`);
}
