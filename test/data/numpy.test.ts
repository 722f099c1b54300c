// Files that NumPy itself reads, where Debian's Python has it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type NumericArray, parseNpz, serializeNpy, serializeNpz } from "simdgrad/data";
import { expect, test } from "vitest";

const python = "/usr/bin/python3";
const has = spawnSync(python, ["-c", "import numpy"]).status === 0;

const arrays: Readonly<Record<string, NumericArray>> = {
  f4: { data: Float32Array.of(1.5, -0, 1e-45, 3e38, Number.POSITIVE_INFINITY, 0.1), shape: [2, 3] },
  f8: { data: Float64Array.of(0.1, -1e300), shape: [2, 1, 1] },
  i4: { data: Int32Array.of(-(2 ** 31), 2 ** 31 - 1), shape: [2] },
  u1: { data: Uint8Array.of(0, 255), shape: [1, 2] },
  scalar: { data: Float32Array.of(7), shape: [] },
  empty: { data: new Float32Array(), shape: [0, 3] },
  "naïve/0.weight": { data: new Float32Array(5000), shape: [50, 100] },
  "../a\\b😀": { data: Uint8Array.of(1), shape: [1] },
  "": { data: Uint8Array.of(2), shape: [1] },
  "a.npy": { data: Uint8Array.of(3), shape: [1] },
  __proto__x: { data: Uint8Array.of(4), shape: [1] },
};

const script = `
import json, sys, numpy
told = lambda x: {"dtype": x.dtype.str, "shape": x.shape, "bytes": x.tobytes().hex(), "order": bool(x.flags.c_contiguous)}
files = numpy.load(sys.argv[1], allow_pickle=False)
print(json.dumps({name: told(files[name]) for name in files.files} | {"alone": told(numpy.load(sys.argv[2], allow_pickle=False))}))
numpy.savez(sys.argv[3], **{name: files[name] for name in files.files})
`;

test.skipIf(!has)(
  `${has ? "" : `no NumPy in ${python}: `}what is written is what NumPy reads, and what it writes of that is read`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), "npz-"));
    try {
      const [npz, npy, back] = ["a.npz", "a.npy", "b.npz"].map((name) => join(folder, name));
      writeFileSync(npz, serializeNpz(arrays));
      writeFileSync(npy, serializeNpy(arrays.f4));
      const { stdout, stderr } = spawnSync(python, ["-c", script, npz, npy, back], { encoding: "utf8" });
      expect(stderr).toBe("");
      const told = ([name, { data, shape }]: readonly [string, NumericArray]) => {
        const dtype = { Float32Array: "<f4", Float64Array: "<f8", Int32Array: "<i4", Uint8Array: "|u1" }[
          data.constructor.name
        ];
        return [name, { dtype, shape, bytes: Buffer.from(data.buffer).toString("hex"), order: true }];
      };
      expect(JSON.parse(stdout)).toEqual(
        Object.fromEntries([...Object.entries(arrays), ["alone", arrays.f4] as const].map(told)),
      );
      expect(parseNpz(readFileSync(back))).toEqual(arrays);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
