/** After `tsc`: what is one file in dist/ and runs as it is. Minified: pages load it without a bundler. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { bundle, root } from "../libraries.mjs";

const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const banner = `/*! simdgrad ${version}, MIT; with comlink (Apache-2.0), fflate, fft.js, Papa Parse (MIT): licences in the package */`;

const stand = (find, module) => ({ find, replacement: `${root}src/worker/${module}.ts` });
const thread = /^\.\/start-thread\.ts$/;
const worker = /^\.\/start-worker\.ts$/;

async function make(entry, file, alias, more = {}) {
  await bundle(`src/${entry}.ts`, file, { alias, minify: true, banner, ...more });
  rmSync(`${root}dist/${file}.map`, { force: true }); // of the module that was there
}

/** A file of pages, and its types: those of the modules in it. */
async function makePage(entry, file, stands, more) {
  await make(entry, `${file}.js`, [stand(thread, stands), stand(worker, stands)], more);
  writeFileSync(`${root}dist/${file}.d.ts`, `export * from "./src/${entry}.js";\n`);
}

await make("worker/one-file", "worker.js", [stand(thread, "start-same-file")]);
writeFileSync(`${root}dist/worker.d.ts`, "export {};\n");

const js = stand(/^.*\/js\/js-executor\.ts$/, "left-out");
const wasm = stand(/^.*\/wasm\/wasm-executor\.ts$/, "left-out");
const kernelsOf = (build) => stand(new RegExp(`^\\./generated/${build}\\.ts$`), "left-out-kernels");
for (const [file, leftOut] of Object.entries({
  "worker-relaxed": [js, kernelsOf("portable")],
  "worker-portable": [js, kernelsOf("relaxed")],
  "worker-js": [wasm],
}))
  await make("worker/one-file", `src/worker/${file}.js`, [stand(thread, "start-same-file"), ...leftOut]);

await makePage("one-file", "simdgrad", "start-one-file");

const kernels = /\/src\/runtime\/wasm\/generated\/\w+\.ts$/;
await makePage("one-file-core", "simdgrad-core", "start-beside", {
  external: (id) => kernels.test(id),
  paths: (id) => (kernels.test(id) ? id.replace(/^.*(?=\/src\/runtime\/)/, ".").replace(/ts$/, "js") : id),
});
