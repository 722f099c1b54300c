// scan: one body graph, run for every step of a sequence, as a loop instruction forward and backward. The body is closed: all it
// reads from outside is among the inputs. Backward saves the carries alone and computes the body again (as checkpointing does).
import { ShapeError } from "../errors.ts";
import type { Op, VjpContext } from "../op.ts";
import { type Aval, sameShape, showShape } from "../shape.ts";
import { apply, type Tensor } from "../tensor.ts";
import { reachable } from "../graph.ts";
import { captured } from "./leaf.ts";
import { pullback } from "../autodiff.ts";

/** The graph of one step. The inputs of the scan are the initial carries, then the sequences, then what the body captures. */
export interface ScanAttrs {
  readonly length: number;
  /** From the last element to the first. */
  readonly reverse: boolean;
  /** Placeholders (op `captured`) in the order of the scan's inputs; a sequence's has the shape of one element. */
  readonly parameters: readonly Tensor[];
  readonly carries: number;
  readonly sequences: number;
  /** New carries, then what each step gives out. */
  readonly results: readonly Tensor[];
}

/** Outputs: final carries; stacked step outputs; stacked carries as each step found them. */
export const scan: Op<ScanAttrs> = {
  name: "scan",
  infer: (inputs, attrs) => outputsOf(inputs, attrs)[0] ?? { shape: [], dtype: "f32" },
  outputs: outputsOf,
  vjp: scanVjp,
  lowering: { kind: "kernel", emit: () => undefined },
  key: () => undefined,
};

export const item: Op<{ readonly index: number }> = {
  name: "item",
  infer: () => ({ shape: [], dtype: "f32" }),
  vjp: ({ cotangent }) => [cotangent],
  lowering: { kind: "item", index: ({ index }) => index },
  key: ({ index }) => `${index}`,
};

function outputsOf(_: readonly Aval[], { length, parameters, carries, results }: ScanAttrs): Aval[] {
  const stack = ({ shape, dtype }: Aval) => ({ shape: [length, ...shape], dtype });
  return [...results.slice(0, carries), ...results.slice(carries).map(stack), ...parameters.slice(0, carries).map(stack)];
}
