// Folders as users of the packed package have them: the package in node_modules, beside it the sources in app/ as JavaScript.
import { execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Sources, by their places below test/, which they keep. */
const sources = ["portable/train.ts", ...globSync("interop/app/*.ts", { cwd: `${root}test` })];

/** Packs the package and installs it in a first folder. */
export function installPacked(folder: string): void {
  mkdirSync(folder);
  const run = (program: string, args: readonly string[], cwd: string) =>
    execFileSync(program, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  const report = JSON.parse(run("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", folder], root));
  const { filename } = Array.isArray(report) ? report[0] : Object.values<{ filename: string }>(report)[0];
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "user", private: true, type: "module" }));
  run("npm", ["install", "--offline", "--no-audit", "--no-fund", join(folder, filename)], folder);
  for (const source of sources) writeSource(folder, source, (text) => text);
}

/** A further folder with the same, and a page that runs a script. */
export function addUser(installed: string, folder: string, script: string): string {
  cpSync(installed, folder, { recursive: true });
  writePage(folder, script);
  return folder;
}

export function writePage(folder: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  const page = `<!doctype html><html lang="en"><head><title>User</title><script type="module" src="${script}"></script></head></html>`;
  writeFileSync(join(folder, "index.html"), page);
}

/** Has the sources import the package by paths, as they must where nothing resolves names: of one file, if it is named, and of another origin. */
export function importByPath(folder: string, file?: string, origin = ""): void {
  const { exports } = JSON.parse(readFileSync(join(folder, "node_modules/simdgrad/package.json"), "utf8"));
  const path = (name: string) =>
    `${origin}/node_modules/simdgrad/${file ?? exports[name.replace("simdgrad", ".")].default.slice(2)}`;
  for (const source of sources)
    writeSource(folder, source, (text) => text.replace(/(?<= from ")simdgrad[^"]*(?=")/g, path));
}

function writeSource(folder: string, source: string, change: (text: string) => string): void {
  const text = stripTypeScriptTypes(readFileSync(`${root}test/${source}`, "utf8"));
  const file = join(folder, source.replace(/\.ts$/, ".js"));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, change(text.replace(/(?<= from "\.[^"]*)\.ts(?=")/g, ".js")));
}
