/**
 * Reads both Wasm builds and fails unless they keep the rules of assembly/README.md: no data, one import, which is a shared
 * memory, no start function, the expected exports, and no relaxed SIMD in the portable build. Prints their sizes.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const EXPORTS = ["global fused", "function attach", "function execute", "function run", "function step", "table table"];
/** Pages of 64 KiB: 4 GiB. */
const MAXIMUM_PAGES = 65536;

// Section numbers, kinds and flags of the binary format: https://webassembly.github.io/spec/core/binary/modules.html
const IMPORT = 2;
const EXPORT = 7;
const START = 8;
const DATA = 11;
const DATA_COUNT = 12;
const KINDS = ["function", "table", "memory", "global"];
const MEMORY_KIND = 2;
const SHARED_WITH_MAXIMUM = 3;

/** A cursor over bytes that reads the format's integers and names. */
function reader(bytes, start = 0) {
  let at = start;
  function byte() {
    if (at >= bytes.length) throw new Error("the binary ends too early");
    return bytes[at++];
  }
  function u32() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const next = byte();
      value += (next & 0x7f) * 2 ** shift;
      if (next < 0x80) return value;
    }
  }
  function take(length) {
    at += length;
    return bytes.subarray(at - length, at);
  }
  const name = () => new TextDecoder().decode(take(u32()));
  return { byte, u32, take, name, done: () => at >= bytes.length };
}

/** Contents of the sections by number; custom sections (0) are skipped. */
function sectionsOf(bytes) {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  if (!header.every((value, i) => bytes[i] === value)) throw new Error("not a WebAssembly module of version 1");
  const sections = new Map();
  for (const input = reader(bytes, header.length); !input.done(); ) {
    const number = input.byte();
    const content = input.take(input.u32());
    if (number !== 0) sections.set(number, content);
  }
  return sections;
}

function importComplaints(section) {
  if (section === undefined) return ["it imports nothing, not even its memory"];
  const input = reader(section);
  const count = input.u32();
  if (count !== 1) return [`it has ${count} imports instead of one`];
  const name = `${input.name()}.${input.name()}`;
  if (input.byte() !== MEMORY_KIND) return [`its import ${name} is no memory`];
  if (name !== "env.memory") return [`its memory is called ${name} instead of env.memory`];
  if (input.byte() !== SHARED_WITH_MAXIMUM) return ["its memory is not shared"];
  input.u32();
  const maximum = input.u32();
  return maximum === MAXIMUM_PAGES ? [] : [`its memory ends at ${maximum} pages instead of ${MAXIMUM_PAGES}`];
}

function exportComplaints(section) {
  const input = reader(section ?? [0]);
  const names = [];
  for (let left = input.u32(); left > 0; left--) {
    const name = input.name();
    names.push(`${KINDS[input.byte()]} ${name}`);
    input.u32();
  }
  const [found, expected] = [names.sort().join(", "), EXPORTS.sort().join(", ")];
  return found === expected ? [] : [`it exports ${found || "nothing"} instead of ${expected}`];
}

/** All that is wrong with a build, whichever it is. */
export function complaints(bytes) {
  const sections = sectionsOf(bytes);
  const forbidden = [
    [DATA, "a data section"],
    [DATA_COUNT, "a data count"],
    [START, "a start function"],
  ];
  return [
    ...forbidden.filter(([number]) => sections.has(number)).map(([, what]) => `it has ${what}`),
    ...importComplaints(sections.get(IMPORT)),
    ...exportComplaints(sections.get(EXPORT)),
  ];
}

/** True if an engine that has no relaxed SIMD takes the module: Node 20, which has it behind a flag. */
function isPortable(path) {
  const node20 = fileURLToPath(new URL("../node_modules/node20/bin/node", import.meta.url));
  const script = "process.stdout.write(String(WebAssembly.validate(fs.readFileSync(process.argv[1]))))";
  const { stdout, error } = spawnSync(node20, ["-e", script, path], { encoding: "utf8" });
  if (error) throw error;
  return stdout === "true";
}

function main() {
  let failed = false;
  for (const build of ["relaxed", "portable"]) {
    const path = fileURLToPath(new URL(`../build/${build}.wasm`, import.meta.url));
    const bytes = readFileSync(path);
    const found = WebAssembly.validate(bytes) ? complaints(bytes) : ["it does not validate"];
    if (build === "portable" && !isPortable(path))
      found.push("Node 20 refuses it: relaxed SIMD in the portable build?");
    if (build === "relaxed" && isPortable(path)) found.push("it has no relaxed SIMD");
    for (const text of found) console.error(`${build}.wasm: ${text}`);
    console.log(`${build}.wasm: ${bytes.length} bytes${found.length === 0 ? ", rules kept" : ""}`);
    failed ||= found.length > 0;
  }
  if (failed) process.exitCode = 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
