/**
 * After `tsc`: puts each library into the one module that imports it, its door, so that the package has no dependency and works from a
 * static server as it is; the library's licence goes beside.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "vite";

export const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist/`;

/** Doors by the names of their libraries. */
const doors = {
  comlink: "src/worker/comlink",
  fflate: "src/data/fflate",
  "fft.js": "src/audio/fft",
  papaparse: "src/data/papaparse",
};

/** Bundles one module with all that it imports into one file. */
export async function bundle(entry, file, alias = []) {
  await build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    resolve: { alias },
    build: {
      target: "es2022",
      emptyOutDir: false,
      outDir: dist,
      minify: false,
      lib: { entry: `${root}${entry}`, formats: ["es"], fileName: () => file },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
}

/** A library's licence: a file, or the part of its README of that name, the last. */
function licenceOf(folder) {
  if (existsSync(`${folder}LICENSE`)) return readFileSync(`${folder}LICENSE`, "utf8");
  const [, licence] = /^#+ LICENSE\s+([^#]*)$/im.exec(readFileSync(`${folder}README.md`, "utf8")) ?? [];
  if (licence === undefined) throw new Error(`${folder} has no licence`);
  return licence;
}

async function putIntoDoors() {
  for (const [library, door] of Object.entries(doors)) {
    await bundle(`${door}.ts`, `${door}.js`);
    rmSync(`${dist}${door}.js.map`, { force: true }); // that of the module without its library
    writeFileSync(`${dist}${library}.LICENSE`, licenceOf(`${root}node_modules/${library}/`));
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await putIntoDoors();
