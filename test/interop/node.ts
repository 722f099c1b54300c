// Scripts in Node, Deno and Bun: each must print what is expected, nothing else, and end by itself.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PORTABLE_HASH } from "../portable/expected.ts";

/** Milliseconds for a script to end. */
const PATIENCE = 60_000;

/** Binaries by version. */
export const nodes: Readonly<Record<string, string>> = {
  20: binary("../../node_modules/node20"),
  22: binary("node_modules/node22"),
  24: binary("../../node_modules/node"),
  26: binary("node_modules/node26"),
};

const outcome = { hash: PORTABLE_HASH, threads: 2, relaxed: "wasm-relaxed" };

/** Trainings in a worker and on the script's own thread. */
const both = { spawned: outcome, local: outcome };

function binary(folder: string): string {
  return fileURLToPath(new URL(`${folder}/bin/node`, import.meta.url));
}

/** Trainings in a worker and on the script's own thread. */
export function trainInNode(node: string, version: string, folder: string, way: "disposed" | "idle"): string[] {
  const outcomes = version === "20" ? { ...outcome, relaxed: "UnsupportedError" } : outcome;
  // Those that the script's own thread starts: two to spawn two executors, one as further thread of the local one; and again.
  const workers = way === "disposed" ? 3 : 5;
  const expected = { node: version, spawned: outcomes, local: outcomes, workers };
  return differences(node, folder, ["interop/app/node.js", way], expected);
}

/** Imports where there is no page, and none is needed. */
export function importInNode(node: string, folder: string): string[] {
  const expected = { touched: [], left: [] };
  return differences(node, folder, ["interop/app/server-side.js"], expected);
}

/** What a script of CommonJS gets by `require`, which must be what others import. */
export function requireInNode(node: string, folder: string): string[] {
  const script = `
const { WasmExecutor } = require("simdgrad");
const { spawn } = require("simdgrad/worker");
const { train } = require("./interop/app/training.js");

train(spawn, 2)
  .then(async (spawned) => ({ spawned, local: await train(({ threads, build }) => new WasmExecutor({ threads, build }), 2) }))
  .then((outcomes) => console.log(JSON.stringify(outcomes)));
`;
  writeFileSync(join(folder, "required.cjs"), script);
  return differences(node, folder, ["required.cjs"], both);
}

/** Trainings in runtimes that are not Node, but have its workers. */
export const runtimes: Readonly<Record<string, (folder: string) => string[]>> = {
  Deno: (folder) => differences(program("deno"), folder, ["run", "--allow-all", "interop/app/runtime.js"], both),
  Bun: (folder) => differences(program("bun"), folder, ["interop/app/runtime.js"], both),
};

/** Commands that run a script, by what runs it. */
const scripts: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.entries(nodes).map(([version, node]) => [`Node ${version}`, [node]])),
  Deno: [program("deno"), "run", "--allow-all"],
  Bun: [program("bun")],
};

/** Predictions from a bundle by each entry, by where they are made. */
export const predictions: Readonly<Record<string, (folder: string) => string[]>> = Object.fromEntries(
  Object.entries(scripts).map(([name, [binary, ...args]]) => {
    const builds = name === "Node 20" ? ["portable", "UnsupportedError"] : ["relaxed", "relaxed"];
    const expected = { right: true, picked: builds[0], near: true, relaxed: builds[1] };
    return [name, (folder) => differences(binary, folder, [...args, "interop/app/predictor.js"], expected)];
  }),
);

export function program(name: string): string {
  return fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url));
}

function differences(node: string, cwd: string, args: readonly string[], expected: unknown): string[] {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { status, signal, stdout, stderr } = spawnSync(node, args, { cwd, env, encoding: "utf8", timeout: PATIENCE });
  const problems: string[] = [];
  if (signal !== null) problems.push(`did not end by itself within ${PATIENCE / 1000} s`);
  else if (status !== 0) problems.push(`ended with code ${status}`);
  if (stderr !== "") problems.push(stderr);
  const must = JSON.stringify(expected);
  if (stdout.trim() !== must) problems.push(`printed ${stdout.trim()} instead of ${must}`);
  return problems;
}
