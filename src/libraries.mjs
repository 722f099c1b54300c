/**
 * After `tsc`: puts each library into the one module that imports it, its door, so that the package has no dependency and works from a
 * static server as it is; the licences of all that is in it go beside.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "vite";

export const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist/`;

/** Doors by the names of their libraries. */
const doors = {
  comlink: "src/worker/comlink",
  fflate: "src/data/fflate",
  papaparse: "src/data/papaparse",
  plot: "src/insight/plot",
};

/** Bundles one module with all that it imports into one file. @returns names of the packages in it */
export async function bundle(entry, file, alias = []) {
  const [{ output }] = await build({
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
  const packages = Object.keys(output[0].modules).map((path) => /node_modules\/((@[^/]+\/)?[^/]+)/.exec(path)?.[1]);
  return [...new Set(packages)].filter((name) => name !== undefined);
}

async function putIntoDoors() {
  for (const [library, door] of Object.entries(doors)) {
    const packages = await bundle(`${door}.ts`, `${door}.js`);
    rmSync(`${dist}${door}.js.map`, { force: true }); // that of the module without its library
    const licences = packages.map((name) => [name, readFileSync(`${root}node_modules/${name}/LICENSE`, "utf8")]);
    const texts = licences.map(([name, text]) => (licences.length > 1 ? `${name}\n\n${text}` : text));
    writeFileSync(`${dist}${library}.LICENSE`, texts.join("\n"));
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await putIntoDoors();
