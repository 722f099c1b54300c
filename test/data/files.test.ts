// Files of arrays and sounds: what NumPy, SciPy and gzip wrote is read to the bit, what is broken is refused, and nothing beside is read.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { ArgumentError, DataError } from "simdgrad";
import {
  type NumericArray,
  parseIdx,
  parseNpy,
  parseNpz,
  parseWav,
  serializeNpy,
  serializeNpz,
  serializeWav,
} from "simdgrad/data";
import { describe, expect, test } from "vitest";
import { mutated, outcomeOf, PATIENCE } from "./mutations.ts";

interface File {
  readonly bytes: string;
  readonly arrays: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: readonly (number | string)[] }>
  >;
}

const files: Readonly<Record<string, File>> = JSON.parse(
  readFileSync(new URL("../golden/files.json", import.meta.url), "utf8"),
);

function bytesOf({ bytes }: File): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(bytes, "base64"));
}

const one = (read: (bytes: Uint8Array) => NumericArray) => (bytes: Uint8Array) => ({ "": read(bytes) });

const readers: Readonly<Record<string, (bytes: Uint8Array) => Readonly<Record<string, NumericArray>>>> = {
  npy: one(parseNpy),
  npz: parseNpz,
  idx: one(parseIdx),
  wav: one((bytes) => parseWav(bytes) as NumericArray),
};

/** Mutations of each of these files: of all of them 350,000 in a soak. */
const MUTATIONS = process.env.SOAK ? 10_000 : 1000;

const readerOf = (name: string) => readers[name.split(" ")[0]];

function numbersOf(values: readonly (number | string)[]): number[] {
  return values.map((value) =>
    typeof value === "boolean" ? Number(value) : Number(`${value}`.replace("inf", "Infinity")),
  );
}

describe.each(Object.entries(files))("%s", (name, file) => {
  const bytes = bytesOf(file);

  test("holds what was written", () => {
    const found = readerOf(name)(bytes);
    expect(Object.keys(found)).toEqual(Object.keys(file.arrays));
    for (const [key, { data, shape }] of Object.entries(file.arrays)) {
      expect(found[key].shape).toEqual(shape);
      expect([...found[key].data]).toEqual(
        numbersOf(data).map((value) => (found[key].data instanceof Float32Array ? Math.fround(value) : value)),
      );
    }
  });

  test("is refused wherever it is cut off", async () => {
    for (let length = 0; length < bytes.length; length++) {
      const outcome = await outcomeOf(readerOf(name), bytes.subarray(0, length));
      expect(outcome).toMatch(/^DataError: (npy|npz|idx|wav): /);
    }
  });

  test(`is read or refused after ${MUTATIONS} mutations, without a look beside it`, PATIENCE, async () => {
    const outcomes = new Set<string>();
    for (let seed = 0; seed < MUTATIONS; seed++) {
      const outcome = await outcomeOf(readerOf(name), mutated(bytes, seed));
      if (/Error/.test(outcome)) expect(outcome).toMatch(/^DataError: (npy|npz|idx|wav): /);
      outcomes.add(outcome);
    }
    expect(outcomes.size).toBeGreaterThan(20);
  });
});

test("a damaged gzip or ZIP file never passes for another", async () => {
  const x = { data: Uint8Array.from({ length: 500 }, (_, i) => (i * i) % 251), shape: [500] };
  const [idx, npz] = [gzipSync(Uint8Array.of(0, 0, 8, 1, 0, 0, 1, 244, ...x.data)), serializeNpz({ x })];
  const right = [JSON.stringify([...x.data]), ""];
  for (let at = 0; at < idx.length; at++) {
    const file = Uint8Array.from(idx);
    file[at] ^= 1 << (at % 8);
    const outcome = await outcomeOf((bytes) => [...parseIdx(bytes).data], file);
    if (!outcome.startsWith("DataError")) expect(right).toContain(outcome);
  }
  for (let at = 0; at < npz.length; at++) {
    const file = Uint8Array.from(npz);
    file[at] ^= 1 << (at % 8);
    const outcome = await outcomeOf((bytes) => [...Object.values(parseNpz(bytes))[0].data], file);
    if (!outcome.startsWith("DataError")) expect(right).toContain(outcome);
  }
});

test("names by which NumPy would not find an array are refused", () => {
  const array = { data: Uint8Array.of(1), shape: [1] };
  const written = (...names: readonly string[]) => serializeNpz(Object.fromEntries(names.map((name) => [name, array])));
  for (const name of ["a\0b", "\0", "\ud800", "a\udfffb", "\udc00\ud800"])
    expect(() => written("a", name)).toThrow(
      new ArgumentError(`serializeNpz: the name ${JSON.stringify(name)} holds what no name of a file does`),
    );
  expect(() => written("a.npy", "a")).toThrow(
    new ArgumentError('serializeNpz: "a.npy" is the file of "a": one of both needs another name'),
  );
  const names = ["", "a.npy", "b", "b/c", "../b", "__proto__", "1", "é", "e\u0301", "😀"];
  expect(Object.keys(parseNpz(written(...names))).sort()).toEqual(names.sort());
});

test("a small npz file does not become a large one, unless the caller says so", () => {
  const file = serializeNpz({ zeros: { data: new Uint8Array(100_000), shape: [100_000] } });
  const refused = (most: number) =>
    new DataError(
      `npz: the files of the ZIP file are more than ${most} bytes: parseNpz(bytes, { most }) says how many they may be`,
    );
  expect(() => parseNpz(file, { most: 100_000 })).toThrow(refused(100_000));
  expect(parseNpz(file, { most: 100_128 }).zeros.data.length).toBe(100_000);
  const most = 2 ** 26 + 100 * file.length;
  const view = new DataView(file.buffer);
  const size = view.getUint32(file.length - 6, true) + 24; // in the directory, whose place the last record tells
  view.setUint32(size, most, true);
  expect(() => parseNpz(file)).toThrow("bytes become");
  view.setUint32(size, most + 1, true);
  expect(() => parseNpz(file)).toThrow(refused(most));
});

test("a gzip file of members is refused where one is damaged, and where something else follows", () => {
  const parts = [
    Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 6, 1),
    Uint8Array.of(2, 3),
    new Uint8Array(),
    Uint8Array.of(4, 5, 6),
  ];
  const packed = parts.map((part) => Uint8Array.from(gzipSync(part)));
  const file = Uint8Array.from(packed.flatMap((each) => [...each]));
  expect([...parseIdx(file).data]).toEqual([1, 2, 3, 4, 5, 6]);
  expect([...parseIdx(Uint8Array.of(...file, 0, 0, 0)).data]).toEqual([1, 2, 3, 4, 5, 6]);
  const second = packed[0].length;
  const third = second + packed[1].length;
  const damaged = file.slice();
  damaged[third - 5] ^= 1;
  expect(() => parseIdx(damaged)).toThrow(
    `idx: the gzip file is cut off, or damaged, in what begins at byte ${second}`,
  );
  expect(() => parseIdx(file.subarray(0, third - 1))).toThrow(`cut off, or damaged, in what begins at byte ${second}`);
  expect(() => parseIdx(Uint8Array.of(...file, 7))).toThrow(
    `idx: what follows in the gzip file at byte ${file.length} is no gzip file`,
  );
  const long = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i * 7919) >> 5);
  const header = Uint8Array.of(0, 0, 8, 1, 0, 3, 13, 64); // 200,000
  const two = [Uint8Array.of(...header), long, long].map((part) => Uint8Array.from(gzipSync(part)));
  const { data } = parseIdx(Uint8Array.from(two.flatMap((part) => [...part])));
  expect(data.length).toBe(200_000);
  expect([data.subarray(0, 100_000), data.subarray(100_000)]).toEqual([long, long]);
  const empty = Array.from({ length: 20_000 }, () => [...packed[2]]).flat();
  expect([...parseIdx(Uint8Array.from([...packed[0], ...empty, ...packed[1], ...packed[3]])).data]).toEqual([
    1, 2, 3, 4, 5, 6,
  ]);
});

test("a gzip file that ends in its header is cut off, whatever the header says follows", () => {
  for (let flags = 0; flags < 32; flags++)
    for (let length = 4; length < 18; length++) {
      const file = Uint8Array.from({ length }, (_, i) => [0x1f, 0x8b, 8, flags][i] ?? 0);
      expect(() => parseIdx(file)).toThrow(DataError);
      expect(() => parseIdx(file)).toThrow(`idx: the gzip file of ${length} bytes is cut off`);
    }
});

const f4 = Float32Array.of(1, 2);

function npyOf(header: string, data: Uint8Array): Uint8Array {
  return Uint8Array.of(0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0, ...Buffer.from(header), ...data);
}

const eight = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128);

test.each<[read: () => unknown, message: string]>([
  [
    () => parseNpy(npyOf("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", eight)),
    'npy: dtype "<c8" is none of numbers',
  ],
  [
    () => parseNpy(npyOf("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", eight)),
    'npy: dtype "|O" is none of numbers',
  ],
  [
    () => parseNpy(npyOf("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", eight)),
    'npy: an array of fields [a]: each is to be saved by itself, np.save(file, array["a"])',
  ],
  [
    () =>
      parseNpy(npyOf("{'descr': [('a', '<f4'), ('b', '<i4', (2,))], 'fortran_order': False, 'shape': (1,)}", eight)),
    "npy: an array of fields [a, b]",
  ],
  [() => parseNpy(npyOf("{'descr': 4, 'fortran_order': False, 'shape': (1,)}", eight)), "no dictionary of descr"],
  [() => parseNpy(npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (2)}", eight)), "npy: (2) is no shape"],
  [
    () => parseNpy(npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (1 2,)}", eight)),
    "npy: (1 2,) is no shape",
  ],
  [
    () => parseNpy(npyOf("{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}", eight)),
    "npy: 8 bytes of data where the header says 12, for shape [3]",
  ],
  [() => parseNpy(npyOf("{'descr': '<f4', 'shape': (2,)}", eight)), "npy: the header is no dictionary"],
  [
    () => parseNpy(npyOf("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)}", eight)),
    "npy: element 0 is -9223372036854775808, which is no i32",
  ],
  [
    () => parseNpy(npyOf("{'descr': '|b1', 'fortran_order': False, 'shape': (8,)}", eight)),
    "npy: element 7 is 128, not 0 or 1",
  ],
  [() => parseNpy(eight), "npy: the file does not start with NumPy's magic bytes"],
  [() => parseNpz(serializeNpy({ data: f4, shape: [2] })), "npz: the file of 136 bytes is no ZIP file, or is cut off"],
  [() => parseNpz(bytesOf(files.npz).fill(255, 400, 420)), "npz: "],
  [
    () => parseNpz(bytesOf(files["npz of sizes of 64 bits"]).fill(0, 258, 259)),
    "npz: file 0 of the ZIP file does not say how large it is, or where",
  ],
  [
    () => parseNpz(bytesOf(files["npz of sizes and a directory of 64 bits"]).fill(1, 342, 343)),
    "npz: the directory of the ZIP file says at byte",
  ],
  [() => parseIdx(Uint8Array.of(0, 0, 7, 1)), "idx: element type 0x7 is none of the format's"],
  [() => parseIdx(Uint8Array.of(0x1f, 0x8b, 8, 0)), "idx: the gzip file of 4 bytes is cut off"],
  [() => parseWav(eight), "wav: the file does not start with RIFF and WAVE"],
  [
    () => parseWav(bytesOf(files["wav 16 bits"]).fill(2, 20, 21)),
    "wav: samples of 16 bits in format 2 (ADPCM) are not read",
  ],
  [
    () => parseWav(bytesOf(files["wav 16 bits"]).fill(0, 22, 23)),
    "wav: 0 channels of 44100 samples a second are no sound",
  ],
  [() => parseWav(bytesOf(files["wav 16 bits"]).fill(3, 32, 33)), "wav: 2 samples of 16 bits are not 3 bytes"],
  [() => parseWav(bytesOf(files["wav 16 bits"]).fill(65, 12, 13)), "wav: the file does not say its format"],
  [() => parseWav(bytesOf(files["wav 16 bits"]).fill(65, 36, 37)), "wav: the file has no samples"],
])("%#: %2$s", (read, message) => {
  expect(read).toThrow(DataError);
  expect(read).toThrow(message);
});

test("an array is written as NumPy writes it, to the byte", () => {
  for (const name of ["npy float32", "npy float64", "npy uint8", "npy int32", "npy empty", "npy float64 scalar"]) {
    const bytes = bytesOf(files[name]);
    expect(serializeNpy(parseNpy(bytes))).toEqual(bytes);
  }
  const arrays = parseNpz(bytesOf(files.npz));
  expect(parseNpz(serializeNpz(arrays))).toEqual(arrays);
  expect(serializeNpz(arrays)).toEqual(serializeNpz(arrays));
  expect(() => serializeNpy({ data: new Float32Array(3), shape: [2] })).toThrow(
    "serializeNpy: array: 3 numbers do not fill shape [2]",
  );
  const small = { data: Uint8Array.of(1), shape: [1] };
  expect(Object.keys(parseNpz(serializeNpz({ ["x".repeat(65_000)]: small })))[0].length).toBe(65_000);
  expect(() => serializeNpz({ ["ä".repeat(40_000)]: small })).toThrow(ArgumentError);
  expect(() => serializeNpz({ ["ä".repeat(40_000)]: small })).toThrow("serializeNpz: a name has 80004 bytes with .npy");
  const many = Object.fromEntries(Array.from({ length: 65_535 }, (_, i) => [`x${i}`, small]));
  expect(() => serializeNpz(many)).toThrow("serializeNpz: 65535 arrays are more than 65534");
  const part = Uint8Array.of(9, 9, 1, 2, 9).subarray(2, 4);
  expect(parseNpy(serializeNpy({ data: part, shape: [2] })).data).toEqual(Uint8Array.of(1, 2));
});

test("a sound is written as SciPy writes it, and cut to what 16 bits hold", () => {
  const bytes = bytesOf(files["wav 16 bits"]);
  expect(serializeWav(parseWav(bytes) as never)).toEqual(bytes);
  const data = Float32Array.of(-2, 2, 0.25, 1 / 65536);
  const sound = { data, shape: [2, 2] as const, sampleRate: 16000 };
  expect(parseWav(serializeWav(sound, { samples: "float32" }))).toEqual(sound);
  expect([...parseWav(serializeWav(sound)).data]).toEqual([-1, 32767 / 32768, 0.25, 1 / 32768]);
  const loud = { ...sound, data: Float64Array.of(-1e300, 0, 0, 0) };
  expect(parseWav(serializeWav(loud)).data[0]).toBe(-1);
  expect(() => serializeWav(loud, { samples: "float32" })).toThrow("sound: element 0 is -1e+300, not of dtype f32");
});

test("a recording whose length was not known goes to its end", () => {
  const bytes = bytesOf(files["wav 8 bits"]);
  expect(parseWav(bytes.fill(255, 40, 44)).shape).toEqual([1, 9]);
  const sound = { data: Float32Array.of(0.25, 0.5, -0.5, 0.125), shape: [2, 2] as const, sampleRate: 8000 };
  for (const samples of ["int16", "float32"] as const)
    for (const [whole, length] of [
      [0, 0],
      [36, 0], // what Python's wave writes first
      [36, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0],
    ]) {
      const file = serializeWav(sound, { samples });
      new DataView(file.buffer).setUint32(4, whole, true);
      new DataView(file.buffer).setUint32(40, length, true);
      expect(parseWav(file)).toEqual(sound);
      expect(parseWav(Uint8Array.of(...file, 1, 2, 3))).toEqual(sound); // a frame that was broken off
      expect(parseWav(file.subarray(0, -1)).shape).toEqual([2, 1]);
    }
  expect(parseWav(serializeWav({ ...sound, data: new Float32Array(), shape: [2, 0] })).shape).toEqual([2, 0]);
});

test("what follows a sound is no part of it", () => {
  const sound = { data: Float32Array.of(0.25, 0.5, -0.5, 0.125), shape: [1, 4] as const, sampleRate: 8000 };
  const file = serializeWav(sound);
  for (const tail of ["TAGTitle of the song, 128 bytes in a real ID3v1", "x", "LIST"]) {
    expect(parseWav(Uint8Array.of(...file, ...Buffer.from(tail)))).toEqual(sound);
    const counted = Uint8Array.of(...file, ...Buffer.from(tail.padEnd(60)));
    new DataView(counted.buffer).setUint32(4, counted.length - 8, true);
    expect(() => parseWav(counted)).toThrow("bytes, but 52 follow");
  }
});

test("no sample of 16 bits is NaN", () => {
  const sound = { data: Float32Array.of(0, 1, 2, Number.NaN), shape: [2, 2] as const, sampleRate: 8000 };
  expect(() => serializeWav(sound)).toThrow(DataError);
  expect(() => serializeWav(sound)).toThrow("serializeWav: frame 1 of channel 1 is NaN, which int16 does not hold");
  expect(parseWav(serializeWav(sound, { samples: "float32" }))).toEqual(sound);
});
