// Safetensors: files of the format's own library are read and written byte by byte, every array comes back, every broken file is told.
import { readFileSync } from "node:fs";
import { JsExecutor, Trainer } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";
import { Linear, mseLoss, Sequential, tanh } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { describe, expect, test } from "vitest";
import { generator } from "../ops/inputs.ts";
import { thrown } from "../thrown.ts";

type Stored = Readonly<
  Record<string, { readonly shape: readonly number[]; readonly data: readonly (number | string)[] }>
>;

function golden(name: string): Buffer {
  return readFileSync(new URL(`../golden/${name}`, import.meta.url));
}

const values: { readonly read: Stored; readonly model: Stored } = JSON.parse(golden("safetensors.json").toString());

describe("files written by the format's own library", () => {
  test("are read, in every dtype", () => {
    const { tensors, metadata } = parseSafetensors(golden("read.safetensors"));
    expect(metadata).toEqual({ format: "pt", note: "every dtype" });
    expect(Object.keys(tensors).sort()).toEqual(Object.keys(values.read).sort());
    for (const [name, { shape, data }] of Object.entries(values.read))
      expect({ name, ...tensors[name], data: [...tensors[name].data] }).toEqual({
        name,
        shape,
        data: data.map(Number),
      });
  });

  test.each([
    ["f64", Float64Array],
    ["f32", Float32Array],
    ["f16", Float32Array],
    ["bf16", Float32Array],
    ["i64", Int32Array],
    ["i32", Int32Array],
    ["i16", Int32Array],
    ["i8", Int32Array],
    ["u8", Uint8Array],
    ["bool", Uint8Array],
  ])("give %s as an array of their own", (name, type) => {
    const { data } = parseSafetensors(golden("read.safetensors")).tensors[name];
    expect(data).toBeInstanceOf(type);
    expect(data.byteLength).toBe(data.buffer.byteLength);
  });

  test("are written to the same byte", () => {
    const { tensors, metadata } = parseSafetensors(golden("written.safetensors"));
    expect(serializeSafetensors(tensors, metadata)).toEqual(new Uint8Array(golden("written.safetensors")));
  });

  test("bring a model to a trainer, and back", async () => {
    const { tensors } = parseSafetensors(golden("model.safetensors"));
    const model = new Sequential(new Linear(3, 4), tanh, new Linear(4, 2));
    const trainer = new Trainer(model, { loss: mseLoss, optimizer: sgd(0.1), executor: new JsExecutor() });
    await trainer.loadStateDict(tensors);
    const { x, y } = values.model;
    const { data, shape } = await trainer.predict({ data: Float32Array.from(x.data, Number), shape: x.shape });
    expect(shape).toEqual(y.shape);
    y.data.forEach((value, i) => void expect(data[i]).toBeCloseTo(Number(value), 5));
    expect(serializeSafetensors(await trainer.stateDict())).toEqual(new Uint8Array(golden("model.safetensors")));
  });
});

describe("round trips", () => {
  const types = [Float32Array, Float64Array, Int32Array, Uint8Array];

  test.each(Array.from({ length: 30 }, (_, seed) => seed))("of random arrays keep every bit (%i)", (seed) => {
    const random = whole(seed);
    const tensors = Object.fromEntries(
      Array.from({ length: random(6) }, (_, i) => {
        const shape = Array.from({ length: random(5) }, () => random(5));
        const size = shape.reduce((product, dimension) => product * dimension, 1);
        const type = types[random(types.length)];
        // Any bits, NaNs with payloads among them; as part of a larger buffer.
        const bytes = Uint8Array.from({ length: (size + 1) * 8 }, () => random(256));
        const data = new type(bytes.buffer, 8, size);
        return [`${random(100)}.${i}`, { data, shape }];
      }),
    );
    const metadata = Object.fromEntries(Array.from({ length: random(3) }, (_, i) => [`${i}`, `"\u0000ä${random(9)}`]));
    const file = serializeSafetensors(tensors, metadata);
    const read = parseSafetensors(file);
    expect(read.metadata).toEqual(metadata);
    expect(Object.keys(read.tensors).sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, { data, shape }] of Object.entries(tensors)) {
      expect(read.tensors[name].shape).toEqual(shape);
      expect(read.tensors[name].data.constructor).toBe(data.constructor);
      expect(bytesOf(read.tensors[name].data)).toEqual(bytesOf(data));
    }
    expect(serializeSafetensors(read.tensors, read.metadata)).toEqual(file);
  });

  test("take names that objects treat in ways of their own", () => {
    const one = { data: Int32Array.of(1), shape: [] };
    const tensors = JSON.parse('{"__proto__": 0, "constructor": 0, "7": 0, "": 0}', (_, value) =>
      value === 0 ? one : value,
    );
    const read = parseSafetensors(serializeSafetensors(tensors));
    expect(new Map(Object.entries(read.tensors))).toEqual(new Map(Object.entries(tensors)));
  });

  test("read bytes that lie anywhere in a buffer", () => {
    const file = serializeSafetensors({ x: { data: Float64Array.of(1, 2), shape: [2] } });
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect([...parseSafetensors(larger.subarray(3)).tensors.x.data]).toEqual([1, 2]);
  });
});

test.each<[string, Record<string, NumericArray>, Record<string, string>?]>([
  [
    "ArgumentError: serializeSafetensors: __metadata__ cannot be the name of a tensor",
    { __metadata__: { data: Float32Array.of(), shape: [0] } },
  ],
  [
    "ArgumentError: serializeSafetensors: w is no array of f32, f64, i32 or u8",
    { w: { data: Int16Array.of(1) as never, shape: [1] } },
  ],
  ["ShapeError: w: 2 numbers do not fill shape [3]", { w: { data: Float32Array.of(1, 2), shape: [3] } }],
  ["ArgumentError: serializeSafetensors: metadata.epoch must be a string, got 3", {}, { epoch: 3 as never }],
])("%s", (error, tensors, metadata) => {
  expect(thrown(() => serializeSafetensors(tensors, metadata))).toBe(error);
});

describe("a file is told to be broken", () => {
  const f32 = (begin: number, end: number, shape: unknown = [(end - begin) / 4]) => ({
    dtype: "F32",
    shape,
    data_offsets: [begin, end],
  });

  test.each<[string, Uint8Array]>([
    ["the file has 0 bytes, not even the 8 of its header's length", new Uint8Array(0)],
    ["the file has 7 bytes, not even the 8 of its header's length", new Uint8Array(7)],
    ["the header should have 100 bytes, but only 2 follow its length", file("{}", 0, 100)],
    [
      "a header of 100000001 bytes is longer than the 100000000 allowed: is it such a file?",
      file("{}", 0, 100_000_001),
    ],
    [
      "a header of 18446744073709552000 bytes is longer than the 100000000 allowed: is it such a file?",
      file("{}", 0, 2n ** 64n - 1n),
    ],
    ["the header is not UTF-8", Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0xff)],
    ["the header does not start with {", file("")],
    ["the header does not start with {", file(" {}")],
    ["the header does not start with {", file("\ufeff{}")],
    ["the header does not start with {", file("[]")],
    ["the header is not JSON: ", file('{"w":')],
    ["the header is not JSON: ", file("{}\0")],
    ["the header is not JSON: ", file("{} {}")],
    ["the header has the key w twice", file(`{"w":${JSON.stringify(f32(0, 4))},"w":${JSON.stringify(f32(0, 4))}}`, 4)],
    ["the header has the key w twice", file('{"w":{"shape":[]},"\\u0077":{}}')],
    ["the header has the key dtype twice", file('{"w":{"dtype":"F32","dtype" : "F64"}}')],
    ["the header has the key a twice", file('{"__metadata__":{"a":"{\\"","a":"}"}}')],
    ["__metadata__ is [], not an object", file({ __metadata__: [] })],
    ["__metadata__: epoch is 3, not a string", file({ __metadata__: { epoch: 3 } })],
    ["the entry of w is null, not an object", file({ w: null })],
    ["the entry of w is [1], not an object", file({ w: [1] })],
    [
      'dtype "F8_E4M3" of w is none of F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL',
      file({ w: { ...f32(0, 4), dtype: "F8_E4M3" } }, 4),
    ],
    ["dtype undefined of w is none of F64, ", file({ w: {} })],
    ["dtype an object of w is none of F64, ", file({ w: { dtype: {} } })],
    ["shape undefined of w is not a list of sizes", file({ w: { dtype: "F32" } })],
    ["shape [2, -1] of w is not a list of sizes", file({ w: f32(0, 4, [2, -1]) }, 4)],
    ["shape [0.5] of w is not a list of sizes", file({ w: f32(0, 2) }, 2)],
    ["shape a list of w is not a list of sizes", file({ w: f32(0, 4, ["1"]) }, 4)],
    ["shape 1 of w is not a list of sizes", file({ w: f32(0, 4, 1) }, 4)],
    ["w has 65 axes, more than the 64 of any tensor", file({ w: f32(0, 4, Array(65).fill(1)) }, 4)],
    ["data_offsets undefined of w are not a begin and an end", file({ w: { dtype: "F32", shape: [] } })],
    ["data_offsets [0] of w are not a begin and an end", file({ w: { ...f32(0, 4), data_offsets: [0] } }, 4)],
    ["data_offsets [4, 0] of w are not a begin and an end", file({ w: f32(4, 0, [1]) }, 4)],
    ["data_offsets [-4, 0] of w are not a begin and an end", file({ w: f32(-4, 0) }, 4)],
    ["w has 8 bytes, but F32 [3] takes 12", file({ w: f32(0, 8, [3]) }, 8)],
    [
      "w has 8 bytes, but F32 [9007199254740991, 9007199254740991] takes ",
      file({ w: f32(0, 8, [2 ** 53 - 1, 2 ** 53 - 1]) }, 8),
    ],
    ["w ends at byte 8 of the data, which has 4", file({ w: f32(0, 8) }, 4)],
    ["b starts at byte 4 of the data, inside a, which ends at 8", file({ b: f32(4, 12), a: f32(0, 8) }, 12)],
    ["b starts at byte 0 of the data, inside a, which ends at 8", file({ a: f32(0, 8), b: f32(0, 8) }, 8)],
    ["bytes 0 to 4 of the data, between the header and a, belong to no tensor", file({ a: f32(4, 8) }, 8)],
    ["bytes 4 to 8 of the data, between a and b, belong to no tensor", file({ a: f32(0, 4), b: f32(8, 12) }, 12)],
    ["bytes 4 to 6 of the data, after a, belong to no tensor", file({ a: f32(0, 4) }, 6)],
    ["bytes 0 to 1 of the data, after the header, belong to no tensor", file("{}", 1)],
    [
      "element 1 of w is 2147483648, which is no i32",
      file({ w: { dtype: "I64", shape: [2], data_offsets: [0, 16] } }, Int32Array.of(-1, -1, -(2 ** 31), 0)),
    ],
    [
      "element 0 of w is -9223372036854775808, which is no i32",
      file({ w: { dtype: "I64", shape: [1], data_offsets: [0, 8] } }, Int32Array.of(0, -(2 ** 31))),
    ],
    [
      "element 2 of w is 2, not 0 or 1",
      file({ w: { dtype: "BOOL", shape: [3], data_offsets: [0, 3] } }, Uint8Array.of(0, 1, 2)),
    ],
  ])("%s", (message, bytes) => {
    expect(thrown(() => parseSafetensors(bytes)).slice(0, 24 + message.length)).toBe(
      `DataError: safetensors: ${message}`,
    );
  });

  test("in a message that is short, whatever is long in the file", () => {
    const short = (name: string, entry: unknown) => thrown(() => parseSafetensors(file({ [name]: entry })));
    for (const entry of [f32(0, 0, Array(1e5).fill(0.5)), { ...f32(0, 0), dtype: "x".repeat(1e6) }])
      expect(short("w", entry)).toHaveLength(427);
    expect(short("w".repeat(1e5), 1)).toMatch(/ of w{80}\.\.\. is 1, /);
  });

  test("in a message of one line, with nothing that a terminal obeys", () => {
    const [red, turned, wide] = ["a\n\u001b[31m", "\u202ea", "\u009b31m"];
    const names = [red, turned, wide]
      .map((name) => `\n${thrown(() => parseSafetensors(file({ [name]: 1 })))}`)
      .join("");
    expect(names).toMatchInlineSnapshot(`
      "
      DataError: safetensors: the entry of "a\\n\\u001b[31m" is 1, not an object
      DataError: safetensors: the entry of "\\u{202e}a" is 1, not an object
      DataError: safetensors: the entry of "\\u{9b}31m" is 1, not an object"
    `);
    for (const text of [`{"${wide}": nothing`, `{"w": {"dtype": "${wide}"}}`, `{"${wide}": 1, "${wide}": 1}`])
      expect(thrown(() => parseSafetensors(file(text)))).toMatch(/^DataError: safetensors: [ -~]+$/);
  });

  test("wherever it is cut off", () => {
    const bytes = golden("written.safetensors");
    for (let length = 0; length < bytes.length; length++)
      expect(thrown(() => parseSafetensors(bytes.subarray(0, length)))).toMatch(/^DataError: safetensors: /);
  });

  test("or is read, whatever byte of the header is another", () => {
    const random = whole(1);
    for (let trial = 0; trial < 2000; trial++) {
      const changed = new Uint8Array(golden("read.safetensors"));
      changed[random(changed.length)] = random(256);
      expect(thrown(() => parseSafetensors(changed))).toMatch(/^(DataError: safetensors: |nothing$)/);
    }
  });

  test("without running out of stack at a header that is deep or long", () => {
    const deep = "[".repeat(1e6) + "]".repeat(1e6);
    expect(thrown(() => parseSafetensors(file(`{"w":{"dtype":${deep}}}`)))).toContain("dtype a list of w");
    expect(parseSafetensors(file({ __metadata__: { long: "x\\".repeat(1e6) } })).metadata.long).toHaveLength(2e6);
  });
});

/** Seeded whole numbers below a limit. */
function whole(seed: number): (limit: number) => number {
  const random = generator(seed);
  return (limit) => Math.floor(random() * limit);
}

/** A file of a header, given as text or as what JSON makes of it, and of data or that many zeros. */
function file(header: object | string, data: number | ArrayBufferView = 0, length?: number | bigint): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + (typeof data === "number" ? data : data.byteLength));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  if (typeof data !== "number") bytes.set(bytesOf(data), 8 + text.length);
  return bytes;
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
