// Code as a page gives it, run as a visitor would: by Node, with the package.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
// Inside of the package, whose own name leads to what was built.
const folder = fileURLToPath(new URL("../../build/site-code/", import.meta.url));
let made = 0;

/** The number at the end of what the program prints, behind the words that say what it is. @throws if it fails */
export async function printedLast(code: string): Promise<string> {
  return (await printed(code)).at(-1)?.split(" ").at(-1) ?? "";
}

/** What the program prints, line by line. @throws if it fails, with what it said */
export async function printed(code: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const file = `${folder}${process.pid}-${made++}.ts`;
  await writeFile(file, code);
  try {
    const { stdout } = await run(process.execPath, ["--disable-warning=ExperimentalWarning", file], {
      timeout: 120_000,
    });
    return stdout.trim().split("\n");
  } finally {
    await rm(file, { force: true });
  }
}
