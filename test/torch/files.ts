// Files that PyTorch wrote, and what is in them.
import { readFileSync } from "node:fs";
import type { TorchValue } from "simdgrad/torch";
import { TorchName, TorchObject } from "../../src/torch/values.ts";

/** A value as the script that wrote the files tells it. */
export type Told =
  | null
  | boolean
  | number
  | string
  | {
      readonly tensor?: string;
      readonly shape?: readonly number[];
      readonly data?: readonly Told[];
      readonly requiresGrad?: boolean;
      readonly float?: string;
      readonly big?: string;
      readonly bytes?: string;
      readonly map?: readonly (readonly [Told, Told])[];
      readonly list?: readonly Told[];
      readonly set?: readonly Told[];
      readonly name?: string;
      readonly object?: string;
      readonly state?: Told;
    };

interface Golden {
  readonly files: Readonly<Record<string, { readonly bytes: string; readonly value: Told }>>;
  readonly cyclic: string;
  readonly refused: Readonly<Record<string, string>>;
  readonly "legacy checkpoint": string;
  readonly data: { readonly x: number[][]; readonly y: number[][] };
  readonly trainings: Readonly<Record<string, { readonly bytes: string; readonly losses: readonly number[] }>>;
}

export const golden: Golden = JSON.parse(readFileSync(new URL("../golden/torch-files.json", import.meta.url), "utf8"));

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, "base64"));
}

/** The same words for what was read; with `seen`, what stands in it again, as in a cycle, is told once. */
export function told(value: TorchValue, seen?: Set<TorchValue>): Told {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number") return numberOf(value);
  if (typeof value === "bigint") return { big: `${value}` };
  if (seen?.has(value)) return "again";
  seen?.add(value);
  const each = (part: TorchValue) => told(part, seen);
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Map) return { map: Array.from(value, ([key, part]) => [each(key), each(part)]) };
  if (value instanceof Set) return { set: Array.from(value, each).sort() };
  if (Array.isArray(value)) return { list: value.map(each) };
  if (value instanceof TorchName) return { name: value.name };
  if (value instanceof TorchObject) return { object: value.className, state: each(value.state ?? null) };
  const { torchDType, shape, data, requiresGrad } = value as Extract<TorchValue, { readonly torchDType: string }>;
  return { tensor: torchDType, shape, data: Array.from(data, numberOf), requiresGrad };
}

function numberOf(value: number): Told {
  if (Number.isFinite(value)) return value;
  return { float: Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf" };
}
