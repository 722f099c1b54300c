/**
 * After `tsc`: puts Comlink into the one module that imports it, so that the package works from a static server as it is, and makes
 * the worker in one file, dist/worker.js.
 */
import { copyFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = `${root}dist/`;

/** Bundles one module with all that it imports into one file. */
async function bundle(entry, file, alias = []) {
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

await bundle("src/worker/comlink.ts", "src/worker/comlink.js");
rmSync(`${dist}src/worker/comlink.js.map`, { force: true }); // that of the module without Comlink
copyFileSync(`${root}node_modules/comlink/LICENSE`, `${dist}comlink.LICENSE`);
await bundle("src/worker/one-file.ts", "worker.js", [
  { find: /^\.\/start-thread\.ts$/, replacement: `${root}src/worker/start-same-file.ts` },
]);
