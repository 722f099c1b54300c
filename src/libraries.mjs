/**
 * After `tsc`: puts each library into the one module that imports it, its door, so that the package has no dependency and works from a
 * static server as it is; the licences of all that is in it go beside.
 */
import { globSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "vite";

export const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist/`;

/** Doors by the names of their libraries. */
const doors = {
  "cli-progress": "src/insight/cli-progress",
  comlink: "src/worker/comlink",
  fflate: "src/data/fflate",
  "fft.js": "src/audio/fft",
  jsfive: "src/keras/jsfive",
  "onnx-buf": "src/onnx/proto",
  papaparse: "src/data/papaparse",
  plot: "src/insight/plot",
};

/** Packages that a library holds in its own files. */
const held = { jsfive: ["pako"] };

/** Licences whose texts are here, for packages that name them and do not hold them. */
const licensed = ["MIT", "Apache-2.0"];

/** Papa Parse looks for a page by these when it is imported; what is used of it needs none. */
const globals = { self: "undefined", window: "undefined" };

/** As much of Node's modules as a library calls, so that its door loads, and can be bundled, wherever pages are. */
const standIns = {
  // A bar tells nobody of its events here.
  events: "module.exports = class { emit() {} };",
  readline: `
    module.exports = {
      cursorTo: (stream, x) => stream.write(x === 0 ? "\\r" : \`\\x1b[\${x + 1}G\`),
      moveCursor: (stream, _, dy) => dy < 0 && stream.write(\`\\x1b[\${-dy}A\`),
      clearLine: (stream, direction) => stream.write(direction === 1 ? "\\x1b[0K" : "\\x1b[2K"),
      clearScreenDown: (stream) => stream.write("\\x1b[0J"),
    };`,
};

const standingIn = {
  name: "stand-ins",
  enforce: "pre",
  resolveId: (id) => (Object.hasOwn(standIns, id) ? `\0${id}` : undefined),
  load: (id) => standIns[id.replace("\0", "")],
};

/**
 * Bundles one module with all that it imports into one file. `external` imports stay, of `written` is how the file is.
 * @returns folders of the packages in it
 */
export async function bundle(entry, file, { alias = [], external, define, ...written } = {}) {
  const [{ output }] = await build({
    root,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    plugins: [standingIn],
    resolve: { alias },
    define,
    build: {
      target: "es2022",
      emptyOutDir: false,
      outDir: dist,
      minify: false,
      lib: { entry: `${root}${entry}`, formats: ["es"], fileName: () => file },
      rolldownOptions: { external, output: { codeSplitting: false, ...written } },
    },
  });
  const folders = Object.keys(output[0].modules).map((path) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(path)?.[0]);
  return [...new Set(folders)].filter((folder) => folder !== undefined);
}

/** A package's licence: a file, or the last part of its README, which has that name, or what its package.json and its modules say. */
function licenceOf(folder) {
  const file = (name) => readdirSync(folder).find((each) => each.toLowerCase().startsWith(name));
  const licence = file("licen");
  if (licence !== undefined) return readFileSync(`${folder}/${licence}`, "utf8");
  const [, text] = /^#+ LICENSE\s+([^#]*)$/im.exec(readFileSync(`${folder}/${file("readme")}`, "utf8")) ?? [];
  return text ?? saidOf(folder);
}

/** What a package without a licence file says of itself, who holds the rights by the heads of its modules, and the texts of what it names. */
function saidOf(folder) {
  const { name, version, author, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const heads = globSync(`${folder}/**/*.js`)
    .sort()
    .map((file) => /^(?:\/\/.*\n)+/.exec(readFileSync(file, "utf8"))?.[0] ?? "")
    .filter((head) => /copyright|SPDX/i.test(head));
  // Where modules have notices of their own, as of the BSD licence, these are whole texts.
  const texts = licensed
    .filter((each) => license.includes(each))
    .map((each) => readFileSync(`${root}src/licences/${each}.txt`, "utf8"));
  if (texts.length === 0) throw new Error(`${folder} has no licence`);
  const by = author === undefined ? "" : `\nCopyright (c) ${author.name}`;
  return [`${name} ${version}: ${license}${by}\n`, ...new Set(heads), ...texts].join("\n");
}

async function putIntoDoors() {
  for (const [library, door] of Object.entries(doors)) {
    const bundled = await bundle(`${door}.ts`, `${door}.js`, library === "papaparse" ? { define: globals } : {});
    const packages = [...bundled, ...(held[library] ?? []).map((each) => `${root}node_modules/${each}`)];
    rmSync(`${dist}${door}.js.map`, { force: true }); // that of the module without its library
    const texts = packages.map((each) => (packages.length > 1 ? `${basename(each)}\n\n` : "") + licenceOf(each));
    writeFileSync(`${dist}${library}.LICENSE`, texts.join("\n"));
  }
}

if (argv[1] === fileURLToPath(import.meta.url)) await putIntoDoors();
