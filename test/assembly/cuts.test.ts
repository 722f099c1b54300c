// The formulas by which work is cut, as asc compiles them for the kernels and as JavaScript runs them: the same integers.
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { expect, test } from "vitest";
import { MC, NC } from "../../assembly/isa/chunks.ts";
import * as cuts from "../../assembly/isa/cuts.ts";
import * as integers from "../../assembly/isa/integers.ts";
import * as panels from "../../assembly/isa/panels.ts";
import { BLOCK } from "../../assembly/isa/sizes.ts";
import { readSource } from "../../assembly/source.mjs";
import { random } from "./machine.ts";

const folder = fileURLToPath(new URL("../../assembly/isa", import.meta.url));

const FILES = ["cuts.ts", "integers.ts", "panels.ts"];

type Formula = (...all: readonly number[]) => number;

/** The formulas in a module of their own. */
async function compiled(): Promise<WebAssembly.Exports> {
  const files: Uint8Array[] = [];
  const flags = ["--baseDir", folder, "--optimizeLevel", "3", "--runtime", "stub"];
  const { error, stderr } = await asc.main([...FILES, "--outFile", "cuts.wasm", ...flags], {
    readFile: readSource,
    writeFile: (_, content) => void files.push(content as Uint8Array),
  });
  if (error) throw new Error(`${error.message}: ${stderr}`);
  return new WebAssembly.Instance(new WebAssembly.Module(files[0] as BufferSource)).exports;
}

const all = Object.entries({ ...cuts, ...integers, ...panels }).flatMap(([name, value]) =>
  typeof value === "function" ? [[name, value as unknown as Formula] as const] : [],
);
const exports = await compiled();
const next = random(7);

/** From 1 to 2^20, as many of each number of bits; edges among them. */
function size(): number {
  const edges = [1, 2, 7, 8, 9, 16, 24, 48, 96, 97, 512, 513, 528, 529, 8191, 8192, 8193];
  const draw = Math.abs(next());
  return next() < -0.5 ? edges[Math.floor(draw * edges.length)] : Math.floor(2 ** (20 * draw));
}

/** So many numbers whose product is below 2^30. */
function sizes(count: number): number[] {
  const all = Array.from({ length: count }, size);
  while (all.reduce((product, each) => product * each, 1) >= 2 ** 30) {
    const largest = all.indexOf(Math.max(...all));
    all[largest] = Math.ceil(all[largest] / 7);
  }
  return all;
}

const usual = () => (next() < 0 ? panels.NARROW_PANEL : panels.WIDE_PANEL);
const flag = () => (next() < 0 ? 0 : 1);

/** Arguments that are not sizes alone. */
const ARGUMENTS: Readonly<Record<string, () => number[]>> = {
  copyRows: () => [size(), 1 + (size() % 8192)],
  copyOuter: () => {
    const [rows, columns] = sizes(2);
    return [rows, columns, flag() ? rows : 1, flag() ? columns : 1];
  },
  copySwaps: () => [flag(), flag()],
  copyTurns: () => [flag(), flag()],
  copyColumns: () => [size(), flag()],
  reduceRows: () => {
    const [n, inner] = sizes(2);
    return [n, inner, flag() ? inner : 1];
  },
  packedColumns: () => [size(), usual()],
  panelFor: () => [size(), usual()],
  tileRows: () => [usual(), usual()],
  convolveBand: () => [...sizes(2), size(), flag()],
  cutFilter: () => {
    const spans = [3, 1 + (size() % 9000)];
    return [1 + (size() % 40) * flag(), size(), 1 + 7 * flag(), flag(), ...sizes(2), 1 + flag(), 1 + flag(), ...spans];
  },
  filterTaps: () => [1 + (size() % 1000), size()],
  planeRows: () => [...sizes(3), 1 + flag(), 1 + 80 * flag(), 3, 1 + (size() % 9000), flag()],
  cutProduct: () => {
    const tile = [panels.TALL_ROWS, panels.LOW_ROWS, panels.WIDE_ROWS][Math.floor(Math.abs(next()) * 3)];
    return [...sizes(3), size(), flag(), flag(), tile, flag()];
  },
};

test("the module has every formula", () => {
  expect(all.length).toBeGreaterThan(10);
  expect(all.filter(([name]) => typeof exports[name] !== "function")).toEqual([]);
});

test.each(all)("%s gives both worlds the same", (name, here) => {
  const there = exports[name] as Formula;
  const seen = new Set<number>();
  for (let i = 0; i < 5000; i++) {
    const given = ARGUMENTS[name]?.() ?? sizes(here.length);
    const value = Number(here(...given));
    expect(value, `${name}(${given.join(", ")})`).toBe(there(...given));
    seen.add(value);
  }
  expect(seen.size).toBeGreaterThan(1);
});

test("a map is cut into whole blocks: one chunk of little work, many of much", () => {
  for (let i = 0; i < 5000; i++) expect(cuts.mapElements(size(), 1 + (size() % 255)) % BLOCK).toBe(0);
  const chunks = (n: number, steps: number) => integers.parts(n, cuts.mapElements(n, steps));
  expect([chunks(8192, 1), chunks(4096, 2), chunks(4096, 8), chunks(4096, 29)]).toEqual([1, 1, 4, 8]);
  expect([chunks(65_536, 8), chunks(10 ** 6, 1), chunks(10 ** 6, 255)]).toEqual([19, 123, 123]);
});

test("a product is cut into chunks of at most MC x NC outputs, whole tiles high", () => {
  for (let i = 0; i < 5000; i++) {
    const given = ARGUMENTS.cutProduct();
    const cut = (cuts.cutProduct as unknown as Formula)(...given);
    const [rows, columns] = [cuts.productRows(cut), cuts.productColumns(cut)];
    const [, , n, , , , tile] = given;
    expect([rows > 0 && rows <= MC, columns > 0 && columns <= Math.min(n, NC)]).toEqual([true, true]);
    expect(rows % tile).toBe(0);
  }
});
