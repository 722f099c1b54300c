// Members in processes of their own, which may be killed, and what they write down.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const member = fileURLToPath(new URL("member.ts", import.meta.url));

/** @param words what member.ts takes */
export function start(...words: readonly string[]): ChildProcess {
  return fork(member, words, { execArgv: ["--disable-warning=ExperimentalWarning"], stdio: "inherit" });
}

export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
}

export async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await ended(child);
}

/** Lines that processes wrote, as words. */
export async function lines(file: string): Promise<string[][]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" "));
}
