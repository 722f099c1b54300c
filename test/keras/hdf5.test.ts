// HDF5 files as the library itself writes them, in its old layout and in the new one: groups of few links and of many, numbers of all kinds.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as h5wasm from "h5wasm/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DataError } from "../../src/index.ts";
import { Hdf5 } from "../../src/keras/hdf5.ts";
import { MUTATIONS, mutated, PATIENCE } from "../data/mutations.ts";

let folder = "";
beforeAll(async () => {
  await h5wasm.ready;
  folder = mkdtempSync(join(tmpdir(), "simdgrad-hdf5-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Layout = "earliest" | "v108" | "latest";

/** A file that somebody fills. */
function written(layout: Layout, fill: (file: h5wasm.File) => void): Uint8Array {
  const path = join(folder, "file.h5");
  const file = new h5wasm.File(path, "w", { libver: [layout, "latest"] });
  fill(file);
  file.flush();
  file.close();
  return readFileSync(path);
}

/** A group of so many groups, of which each holds an array with its number. */
function many(layout: Layout, count: number): Uint8Array {
  return written(layout, (file) => {
    const layers = file.create_group("layers");
    for (let i = 0; i < count; i++)
      layers
        .create_group(`layer_${i}`)
        .create_dataset({ name: "0", data: Float32Array.of(i, -i), shape: [2], dtype: "<f" });
  });
}

describe.each(["earliest", "v108", "latest"] as const)("layout %s", (layout) => {
  // Up to 8 links are in the group itself, up to 45 in one node of a tree, up to 1,149 in two levels.
  test.each([0, 1, 8, 9, 46, 400])("a group of %i links", (count) => {
    const file = new Hdf5(many(layout, count), "file");
    const names = file.names("layers") ?? [];
    expect([...names].sort()).toEqual(Array.from({ length: count }, (_, i) => `layer_${i}`).sort());
    for (let i = 0; i < count; i += 23)
      expect(file.array(`layers/layer_${i}/0`)).toEqual({ data: Float32Array.of(i, -i), shape: [2] });
    expect(file.names("layers/other")).toBeUndefined();
  });

  test("numbers of all kinds", () => {
    const kinds = {
      "<f": Float32Array.of(0.5, -2),
      "<d": Float64Array.of(0.1, -2e100),
      "<i": Int32Array.of(1, -2),
      "<B": Uint8Array.of(1, 255),
      "<b": Int8Array.of(1, -2),
      "<I": Uint32Array.of(1, 2 ** 32 - 1),
    };
    const bytes = written(layout, (file) => {
      for (const [dtype, data] of Object.entries(kinds))
        file.create_dataset({ name: dtype, data, shape: [1, 2], dtype });
      file.create_dataset({ name: "one", data: Float32Array.of(7), shape: [], dtype: "<f" });
      file.create_dataset({ name: "text", data: ["a", "b"] });
      file.create_dataset({
        name: "chunks",
        data: new Float32Array(64),
        shape: [64],
        dtype: "<f",
        chunks: [8],
        compression: 4,
      });
    });
    const file = new Hdf5(bytes, "file");
    for (const [dtype, data] of Object.entries(kinds)) {
      expect(file.array(dtype).shape).toEqual([1, 2]);
      expect([...file.array(dtype).data]).toEqual([...data]);
    }
    expect(file.array("one")).toEqual({ data: Float32Array.of(7), shape: [] });
    expect(() => file.array("chunks")).toThrow("file: chunks is kept in chunks, which are not read here");
    expect(() => file.array("text")).toThrow(DataError);
    expect(() => file.array("nothing")).toThrow(new DataError("file: there is no nothing"));
  });
});

test(`${MUTATIONS} changes of groups with many links`, PATIENCE, () => {
  const files = [many("v108", 9), many("v108", 46)];
  let kept = 0;
  for (let seed = 0; seed < MUTATIONS; seed++)
    try {
      const file = new Hdf5(mutated(files[seed % files.length], seed), "file");
      for (const name of (file.names("layers") ?? []).slice(0, 2)) file.array(`layers/${name}/0`);
      kept++;
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
    }
  expect(kept).toBeLessThan(MUTATIONS);
});
