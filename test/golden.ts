// Golden values (golden/*.json, made by golden/make.py with PyTorch in Float64), read and typed.
import { readFileSync } from "node:fs";
import type { DType, Shape } from "../src/shape.ts";

/** A value: its shape, dtype and elements in row-major order. */
export interface Value {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: readonly number[];
}

/** What PyTorch computes from `inputs`. Derivatives are there where it was asked for them, one list for each f32 input. */
export interface Case {
  readonly inputs: readonly Value[];
  readonly value: Value;
  /** Cotangent of the value. */
  readonly weights?: readonly number[];
  readonly gradients?: readonly (readonly number[])[];
  /** Cotangents of the gradients, and what reaches the inputs from them. */
  readonly directions?: readonly (readonly number[])[];
  readonly second?: readonly (readonly number[])[];
  /** False at ties and kinks, where difference quotients are no gradients. */
  readonly smooth: boolean;
}

type Stored = readonly (number | string)[];

interface StoredCase {
  readonly inputs: readonly { readonly shape: Shape; readonly dtype: DType; readonly data: Stored }[];
  readonly shape: Shape;
  readonly dtype: DType;
  readonly value: Stored;
  readonly weights?: Stored;
  readonly gradients?: readonly Stored[];
  readonly directions?: readonly Stored[];
  readonly second?: readonly Stored[];
  readonly smooth?: boolean;
}

const families = new Map<string, Readonly<Record<string, readonly StoredCase[]>>>();

function goldenFamily(family: string): Readonly<Record<string, readonly StoredCase[]>> {
  const known =
    families.get(family) ?? JSON.parse(readFileSync(new URL(`golden/${family}.json`, import.meta.url), "utf8"));
  families.set(family, known);
  return known;
}

/** The names of all entries of a family. */
export function goldenEntries(family: string): string[] {
  return Object.keys(goldenFamily(family));
}

/** The cases of an entry, "family/entry". */
export function goldenCases(entry: string): readonly Case[] {
  const [family] = entry.split("/", 1);
  const cases: readonly StoredCase[] | undefined = goldenFamily(family)[entry.slice(family.length + 1)];
  if (cases === undefined) throw new Error(`test/golden has no ${entry}: add it to its script there and run that`);
  return cases.map(decode);
}

function decode(stored: StoredCase): Case {
  return {
    inputs: stored.inputs.map(({ shape, dtype, data }) => ({ shape, dtype, data: numbers(data) })),
    value: { shape: stored.shape, dtype: stored.dtype, data: numbers(stored.value) },
    weights: stored.weights && numbers(stored.weights),
    gradients: stored.gradients?.map(numbers),
    directions: stored.directions?.map(numbers),
    second: stored.second?.map(numbers),
    smooth: stored.smooth ?? true,
  };
}

function numbers(stored: Stored): number[] {
  return stored.map(Number);
}
