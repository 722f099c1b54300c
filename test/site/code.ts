// Code as a page gives it, checked and run as a visitor would: by strict TypeScript and by Node, with the package.
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
// Inside of the package, whose own name leads to what was built.
const folder = fileURLToPath(new URL("../../build/site-code/", import.meta.url));
const compiler = fileURLToPath(new URL("../../node_modules/typescript/bin/tsc", import.meta.url));
const strict = "--ignoreConfig --noEmit --strict --module nodenext --target esnext --types node --skipLibCheck";
let made = 0;

/** The number at the end of what the program prints, behind the words that say what it is. @throws if it fails */
export async function printedLast(code: string): Promise<string> {
  return (await printed(code)).at(-1)?.split(" ").at(-1) ?? "";
}

/** What the program prints, line by line. @throws if its types do not fit or it fails, with what was said */
export function printed(code: string): Promise<string[]> {
  return written([code], async (files) => {
    await checked(files);
    const options = ["--disable-warning=ExperimentalWarning", ...files];
    const { stdout } = await run(process.execPath, options, { timeout: 120_000 });
    return stdout.trim().split("\n");
  });
}

/** What strict TypeScript has to say of these programs; "" for nothing. */
export function typeErrors(programs: readonly string[]): Promise<string> {
  return written(programs, (files) =>
    checked(files).then(
      () => "",
      ({ stdout, message }: { readonly stdout?: string; readonly message: string }) => stdout || message,
    ),
  );
}

async function checked(files: readonly string[]): Promise<void> {
  await run(process.execPath, [compiler, ...strict.split(" "), ...files], { cwd: folder, timeout: 120_000 });
}

/** Does something with programs as files, which are gone afterwards. */
async function written<T>(programs: readonly string[], action: (files: readonly string[]) => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  const files = programs.map(() => `${folder}${process.pid}-${made++}.mts`);
  try {
    await Promise.all(programs.map((code, i) => writeFile(files[i], code)));
    return await action(files);
  } finally {
    await Promise.all(files.map((file) => rm(file, { force: true })));
  }
}
