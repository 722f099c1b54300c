// A start as two files, for other processes and languages: JSON that names the arrays, and their elements one after the other,
// 4 bytes each, little-endian. Contenders import this file, so it imports only types.
import type { Start, Values } from "./start.ts";

interface Placed {
  readonly dtype: "f32" | "i32";
  readonly shape: readonly number[];
  /** In bytes. */
  readonly offset: number;
}

export interface StartFiles {
  readonly json: string;
  readonly binary: Uint8Array<ArrayBuffer>;
}

export function encodeStart({ network, data, order, weights }: Start): StartFiles {
  const all: Readonly<Record<string, Values>> = { x: data.x, y: data.y, order, ...prefixed(weights) };
  let bytes = 0;
  const placed: Record<string, Placed> = {};
  for (const [name, { data: numbers, shape }] of Object.entries(all)) {
    placed[name] = { dtype: numbers instanceof Float32Array ? "f32" : "i32", shape, offset: bytes };
    bytes += numbers.byteLength;
  }
  const binary = new Uint8Array(bytes);
  for (const [name, { data: numbers }] of Object.entries(all))
    binary.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), placed[name].offset);
  return { json: JSON.stringify({ network, arrays: placed }), binary };
}

export function decodeStart(json: string, binary: ArrayBuffer): Start {
  const { network, arrays } = JSON.parse(json) as Pick<Start, "network"> & { arrays: Record<string, Placed> };
  const values = Object.entries(arrays).map(([name, { dtype, shape, offset }]): [string, Values] => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = dtype === "f32" ? new Float32Array(binary, offset, length) : new Int32Array(binary, offset, length);
    return [name, { data, shape }];
  });
  const weights = values.filter(([name]) => name.startsWith(WEIGHT)).map(([name, v]) => [name.slice(WEIGHT.length), v]);
  const { x, y, order } = Object.fromEntries(values);
  return { network, data: { x, y }, order, weights: Object.fromEntries(weights) };
}

const WEIGHT = "weight ";

function prefixed(weights: Start["weights"]): Record<string, Values> {
  return Object.fromEntries(Object.entries(weights).map(([name, values]) => [`${WEIGHT}${name}`, values]));
}
