// PyTorch itself, Debian's package, where it is there.
import { execFileSync } from "node:child_process";

export const PYTHON = "/usr/bin/python3";

/** Why tests by PyTorch are left out, or nothing. */
export const missing = ((): string | undefined => {
  try {
    execFileSync(PYTHON, ["-c", "import torch, numpy"], { stdio: "ignore" });
    return undefined;
  } catch {
    return `${PYTHON} has no torch (apt-get install python3-torch)`;
  }
})();

/** Runs exported models in one process: of each folder what the script says of it. */
export function ranByTorch<Result>(script: string, folders: readonly string[]): Result[] {
  const path = new URL(script, import.meta.url).pathname;
  const said = execFileSync(PYTHON, [path], {
    input: folders.join("\n"),
    encoding: "utf8",
    env: { ...process.env, OMP_NUM_THREADS: "1" },
    maxBuffer: 2 ** 28,
  });
  return said
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Result);
}
