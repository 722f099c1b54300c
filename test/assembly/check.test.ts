// The reading of the Wasm binary finds each thing that the builds must not have.
import { expect, test } from "vitest";
import { complaints } from "../../assembly/check.mjs";

const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
const section = (number: number, ...content: number[]) => [number, content.length, ...content];
const wasm = (...sections: number[][]) => Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()]);

const type = section(1, 1, 0x60, 0, 0);
const memory = (name: string, flags: number, ...limits: number[]) => [
  ...text("env"),
  ...text(name),
  2,
  flags,
  ...limits,
];
const pages65536 = [0x80, 0x80, 4];
const imports = section(2, 1, ...memory("memory", 3, 1, ...pages65536));
const functions = section(3, 1, 0);
const functionsOf = (...names: string[]) => names.flatMap((name) => [...text(name), 0, 0]);
const table = section(4, 1, 0x70, 0, 1);
const globals = section(6, 1, 0x7f, 0, 0x41, 0, 0x0b);
const exports = [
  ...table,
  ...globals,
  ...section(7, 6, ...functionsOf("run", "attach", "step", "execute"), ...text("table"), 1, 0, ...text("fused"), 3, 0),
];
const code = section(10, 1, 2, 0, 0x0b);
const custom = section(0, ...text("name"));

test("a module that keeps the rules", () => {
  const bytes = wasm(type, imports, functions, exports, code, custom);
  expect(WebAssembly.validate(bytes)).toBe(true);
  expect(complaints(bytes)).toEqual([]);
});

const all = "function attach, function execute, function run, function step, global fused, table table";

test.each([
  ["it has a data section", wasm(type, imports, functions, exports, code, section(11, 0))],
  ["it has a data count", wasm(type, imports, functions, exports, section(12, 0), code)],
  ["it has a start function", wasm(type, imports, functions, exports, section(8, 0), code)],
  ["it imports nothing, not even its memory", wasm(type, functions, exports, code)],
  [
    "it has 2 imports instead of one",
    wasm(type, section(2, 2, ...memory("memory", 3, 1, 2), ...text("env"), ...text("abort"), 0, 0), exports, code),
  ],
  ["its import env.abort is no memory", wasm(type, section(2, 1, ...text("env"), ...text("abort"), 0, 0), exports)],
  ["its memory is called env.heap instead of env.memory", wasm(section(2, 1, ...memory("heap", 3, 1, 2)), exports)],
  ["its memory is not shared", wasm(section(2, 1, ...memory("memory", 1, 1, ...pages65536)), exports)],
  ["its memory ends at 2 pages instead of 65536", wasm(section(2, 1, ...memory("memory", 3, 1, 2)), exports)],
  [`it exports nothing instead of ${all}`, wasm(type, imports, functions, code)],
  [`it exports function run instead of ${all}`, wasm(imports, section(7, 1, ...text("run"), 0, 0))],
  [`it exports memory memory instead of ${all}`, wasm(imports, section(7, 1, ...text("memory"), 2, 0))],
])("%s", (complaint, bytes) => {
  expect(complaints(bytes)).toEqual([complaint]);
});

test("what is no module, or ends in the middle, is refused", () => {
  expect(() => complaints(Uint8Array.of(0, 1, 2))).toThrow("not a WebAssembly module");
  expect(() => complaints(wasm([2, 1, 1]))).toThrow("ends too early");
});
