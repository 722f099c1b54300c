// What is published is complete and no more: every export exists, its types hold for a strict user, and no other file goes along.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8"));
const subpaths = Object.entries<string | Record<string, string>>(manifest.exports);
const modules = subpaths.flatMap(([subpath, targets]) => (typeof targets === "string" ? [] : [{ subpath, targets }]));
const node20 = join(root, "node_modules/node20/bin/node");

/** A user's folder with the packed package installed in it. */
let user = "";
let packed: readonly string[] = [];

beforeAll(() => {
  user = mkdtempSync(join(tmpdir(), "simdgrad-user-"));
  const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", user];
  const report = JSON.parse(
    execFileSync("npm", pack, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
  );
  const { filename, files } = Array.isArray(report) ? report[0] : Object.values<never>(report)[0];
  packed = (files as { path: string }[]).map(({ path }) => path);
  execFileSync("tar", ["-xzf", filename], { cwd: user });
  execFileSync("mkdir", ["node_modules"], { cwd: user });
  symlinkSync(join(user, "package"), join(user, "node_modules/simdgrad"));
}, 60_000);

afterAll(() => rmSync(user, { recursive: true, force: true }));

test("every export has its code and its types", () => {
  const targets = subpaths.flatMap(([, target]) => (typeof target === "string" ? [target] : Object.values(target)));
  expect(targets.length).toBeGreaterThan(0);
  for (const target of targets)
    expect({ target, built: existsSync(join(root, target)) }).toEqual({ target, built: true });
  for (const { targets } of modules) expect(Object.keys(targets)).toEqual(["types", "default"]);
});

test("the package holds its code, types, source maps, sources and documents, and nothing else", () => {
  const expected = [
    /^(package\.json|README\.md|LICENSE|CHANGELOG\.md)$/,
    /^dist\/(src|assembly\/isa)\/.*\.(js|js\.map|d\.ts|d\.ts\.map)$/,
    /^docs\/[\w-]+\.md$/,
    /^dist\/(simdgrad|simdgrad-core|worker)\.(js|d\.ts)$/, // each in one file
    /^dist\/(comlink|papaparse|fflate|fft\.js|jsfive|onnx-buf|plot|cli-progress)\.LICENSE$/, // licences of libraries in the package
    /^(src|assembly\/isa)\/.*\.ts$/,
  ];
  expect(packed.filter((path) => !expected.some((pattern) => pattern.test(path)))).toEqual([]);
  for (const { targets } of modules)
    for (const target of Object.values(targets)) expect(packed).toContain(target.replace("./", ""));
  expect(packed).toContain("LICENSE");
  expect(packed.filter((path) => path.includes("generated"))).toContain("dist/src/runtime/wasm/generated/portable.js");
});

test("every file of source maps and declarations points to a file of the package", () => {
  for (const path of packed.filter((name) => name.endsWith(".map"))) {
    const { sources } = JSON.parse(readFileSync(join(user, "package", path), "utf8")) as { sources: string[] };
    for (const source of sources)
      expect({ path, source, there: existsSync(join(user, "package", path, "..", source)) }).toMatchObject({
        there: true,
      });
  }
});

test("an install runs no script of the package, and npm asks for leave to run none", () => {
  const { scripts } = JSON.parse(readFileSync(join(user, "package/package.json"), "utf8"));
  expect(Object.keys(scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([]);
});

test("a strict TypeScript user can import every export", () => {
  const imports = modules.map(({ subpath }, i) => `import * as m${i} from "${subpath.replace(".", "simdgrad")}";`);
  const names = modules.map((_, i) => `m${i}`).join(", ");
  writeFileSync(join(user, "user.ts"), `${imports.join("\n")}\nexport const all = [${names}];\n`);
  const options = [
    "--noEmit",
    "--strict",
    "--module",
    "nodenext",
    "--target",
    "es2022",
    "--lib",
    "es2023,dom",
    "--types",
    "",
  ];
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, ...options, "user.ts"], { cwd: user, stdio: ["ignore", "inherit", "inherit"] });
}, 60_000);

test.each([process.execPath, node20])("every export loads in %s, and loading it prints nothing", (node) => {
  const libraries = modules.filter(({ subpath }) => subpath !== "./worker.js"); // which serves whoever starts it
  const imports = libraries.map(({ subpath }) => `await import("${subpath.replace(".", "simdgrad")}");`);
  writeFileSync(join(user, "user.mjs"), imports.join("\n"));
  expect(execFileSync(node, ["user.mjs"], { cwd: user, encoding: "utf8" })).toBe("");
});

test.each([process.execPath, node20])(
  "the command line trains and predicts without dependencies in %s",
  (node) => {
    const lines = Array.from({ length: 60 }, (_, i) => `${(i % 10) + 0.5},${i % 10 < 5 ? "low" : "high"}`);
    writeFileSync(join(user, "sizes.csv"), `size,kind\n${lines.join("\n")}\n`);
    const bin = join(user, "package", manifest.bin.simdgrad);
    expect(readFileSync(bin, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
    const run = (...args: string[]) =>
      execFileSync(node, [bin, ...args], { cwd: user, encoding: "utf8", stdio: "pipe" });
    expect(run("--version")).toBe(`${manifest.version}\n`);
    expect(JSON.parse(run("train", "sizes.csv", "-t", "kind", "--epochs", "60", "--json"))).toMatchObject({
      task: "classification",
    });
    expect(readFileSync(join(user, "sizes.html"), "utf8")).toContain("<!doctype html>");
    expect(run("predict", "sizes.safetensors", "sizes.csv", "--only").split("\n").slice(1, 3)).toEqual([
      expect.stringMatching(/^low,/),
      expect.stringMatching(/^low,/),
    ]);
    expect(() => run("predict", "sizes.csv", "sizes.csv")).toThrow(expect.objectContaining({ status: 1 }));
    expect(() => run("predict")).toThrow(expect.objectContaining({ status: 2 }));
  },
  60_000,
);

test("npm scripts run on the Node of the devDependencies, whatever the machine's own", () => {
  expect(readFileSync(`${root}package-lock.json`, "utf8")).not.toMatch(/"resolved"/);
  expect(process.version).toBe(`v${manifest.devDependencies.node}`);
  expect(execFileSync(node20, ["--version"], { encoding: "utf8" }).trim()).toMatch(/^v20\./);
});
