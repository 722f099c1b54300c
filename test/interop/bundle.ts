// Building a user's page with each bundler, without any configuration but what the command line says; Vite 7 needs some.
import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writePage } from "./users.ts";
import { configure } from "./vite.ts";

const programs = fileURLToPath(new URL("node_modules/.bin/", import.meta.url));
const ownPrograms = fileURLToPath(new URL("../../node_modules/.bin/", import.meta.url));

/** Where built pages lie, in the folder of their sources. */
export const OUT = "dist";

/** Each builds the page of a folder. @throws Error if it fails or warns */
export const bundlers: Readonly<Record<string, (folder: string) => void>> = {
  "Vite 8 build": (folder) => run(`${ownPrograms}vite`, "build", folder),
  "Vite 7 build": (folder) => {
    configure(folder);
    run(`${programs}vite`, "build", folder);
  },
  "webpack 5": (folder) => {
    run(`${programs}webpack`, `--mode production --entry ./interop/app/spawned.js -o ${OUT}`, folder);
    writePage(join(folder, OUT), "main.js");
  },
  esbuild: (folder) => {
    run(`${programs}esbuild`, `interop/app/connected.js --bundle --format=esm --outdir=${OUT}`, folder);
    copyWorker(folder);
    writePage(join(folder, OUT), "connected.js");
  },
  Rollup: (folder) => {
    run(`${programs}rollup`, `interop/app/connected.js -p node-resolve -d ${OUT}`, folder);
    copyWorker(folder);
    writePage(join(folder, OUT), "connected.js");
  },
};

function copyWorker(folder: string): void {
  copyFileSync(join(folder, "node_modules/simdgrad/dist/worker.js"), join(folder, OUT, "simdgrad-worker.js"));
}

function run(program: string, args: string, cwd: string): void {
  const env = { ...process.env, NO_COLOR: "1", NODE_OPTIONS: "" };
  const { status, stdout, stderr } = spawnSync(program, args.split(" "), { cwd, env, encoding: "utf8" });
  const output = `${stdout}${stderr}`;
  // "(!)" begins the warnings of Rollup and Vite. Rollup, unlike others, also tells of modules that need each other.
  if (status !== 0 || /warning|\(!\) (?!Circular dependency)/i.test(output)) {
    throw new Error(`${program} ${args}\n${output}`);
  }
}
