// What is audited: a subject draws cases, builds them with the library and has a twin in Python (twins.py) of the same name.
import type { Tensor } from "../../src/tensor.ts";
import type { Assignment, Variable } from "../../src/variable.ts";
import type { Value } from "../golden.ts";
import type { Bounds } from "./bounds.ts";
import type { Draw } from "./draw.ts";

export type Options = object;

/** What a case begins with. */
export interface Drawn<O extends Options = Options> {
  readonly inputs: readonly Value[];
  readonly options: O;
}

export interface Subject<O extends Options = Options> {
  /** `family/name`, as the twin's. */
  readonly name: string;
  readonly bounds: Bounds;
  /** Derivatives that are compared; default 2. */
  readonly order?: 0 | 1 | 2;
  /** Those compared among special values, where PyTorch's own second derivatives are often NaN; default 1. */
  readonly wild?: 0 | 1 | 2;
  /** Those compared at kinks, where second derivatives have no meaning; default that of `order`. */
  readonly kinks?: 0 | 1 | 2;
  /** Every element depends on those of its place alone: failures show no others. */
  readonly elementwise?: boolean;
  /** Zeros have C's signs. */
  readonly signedZeros?: boolean;
  draw(draw: Draw): Drawn<O>;
  build(inputs: readonly Tensor[], options: O): Tensor | Training;
}

/** Steps of a program with state: what is compared is the watched variables after each of them, one after the other. */
export interface Training {
  readonly assignments: readonly Assignment[];
  readonly watched: readonly Variable[];
  readonly steps: number;
}

/** A subject among others, whose options it alone knows. */
export function subject<O extends Options = Options>(given: Subject<O>): Subject {
  return given as unknown as Subject;
}

/** The derivatives to compare in a mood. */
export function orderOf({ order = 2, wild = 1, kinks = order }: Subject, mood: Draw["mood"]): 0 | 1 | 2 {
  const most = mood === "special" ? wild : mood === "kinks" ? kinks : order;
  return most < order ? most : order;
}
