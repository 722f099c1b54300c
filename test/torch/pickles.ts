// Pickles by hand, as nobody's Python would write them.

export type Part = string | number | readonly number[];

/** Bytes of instructions: texts stand for their characters, numbers for themselves. */
export function pickle(...parts: readonly Part[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string"
        ? Array.from(part, (letter) => letter.charCodeAt(0))
        : typeof part === "number"
          ? [part]
          : part,
    ),
  );
}

/** A text of up to 255 characters. */
export function text(given: string): number[] {
  return [0x8c, given.length, ...Array.from(given, (letter) => letter.charCodeAt(0))];
}

/** A number of 32 bits, the lowest byte first. */
export function u32(value: number): number[] {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24];
}

/** A whole number. */
export function whole(value: number): number[] {
  return [0x4a, ...u32(value)];
}

const MAGIC = pickle(0x80, 2, 0x8a, 10, [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19], ".");

/** A file from before 1.6 around a value, with storages of bytes by their keys, and lengths of these. */
export function legacy(
  value: Uint8Array,
  storages: readonly (readonly [key: string, count: number, bytes: Uint8Array])[] = [],
): Uint8Array<ArrayBuffer> {
  const machine = pickle("}", text("little_endian"), 0x88, "s.");
  const keys = pickle("(", ...storages.map(([key]) => text(key)), "l.");
  const contents = storages.flatMap(([, count, bytes]) => [...u32(count), 0, 0, 0, 0, ...bytes]);
  return Uint8Array.from([...MAGIC, ...pickle("M", [0xe9, 3], "."), ...machine, ...value, ...keys, ...contents]);
}

/** The reference to a storage of floats, as a value on the stack. */
export function storage(key: string, count: number, kind = "torch\nFloatStorage"): Part[] {
  return ["(", text("storage"), `c${kind}\n`, text(key), text("cpu"), whole(count), "tQ"];
}

/** A tensor of that storage. */
export function tensor(
  key: string,
  count: number,
  sizes: readonly number[],
  strides: readonly number[],
  offset = 0,
): Part[] {
  const list = (all: readonly number[]) => ["(", ...all.map(whole), "t"];
  return [
    "ctorch._utils\n_rebuild_tensor_v2\n(",
    ...storage(key, count),
    whole(offset),
    ...list(sizes),
    ...list(strides),
    0x89,
    "}tR",
  ];
}
