// The table of all ops: tests, documents and checks go through it, so an op outside it does not exist.
import { checkpointOp, recompute } from "./checkpoint.ts";
import * as contraction from "./contraction.ts";
import * as convolution from "./convolution.ts";
import * as ctc from "./ctc.ts";
import * as cumulative from "./cumulative.ts";
import * as elementwise from "./elementwise.ts";
import * as functions from "./functions.ts";
import * as indexing from "./indexing.ts";
import { item } from "./item.ts";
import * as leaf from "./leaf.ts";
import * as loop from "./loop.ts";
import * as movement from "./movement.ts";
import * as normalize from "./normalize.ts";
import * as pooling from "./pooling.ts";
import * as random from "./random.ts";
import * as reduction from "./reduction.ts";
import * as rowwise from "./rowwise.ts";
import * as sort from "./sort.ts";
import * as unfold from "./unfold.ts";

const { scalarOf: _, ...leafOps } = leaf;
const { elementwise: __, isFlatAtZero: ___, ...elementwiseOps } = elementwise;

/** Ops by name, in the order data meets them. */
export const ops = {
  ...leafOps,
  checkpoint: checkpointOp,
  recompute,
  ...elementwiseOps,
  ...functions,
  ...reduction,
  ...contraction,
  convolve: convolution.convolveOp,
  convolveTransposed: convolution.convolveTransposedOp,
  convolveFilter: convolution.convolveFilterOp,
  ...movement,
  ...opsOf(unfold),
  ...indexing,
  ...rowwise,
  ...opsOf(normalize),
  ...opsOf(ctc),
  ...opsOf(cumulative),
  ...opsOf(sort),
  ...opsOf(pooling),
  uniform: random.uniformOp,
  permuteIndex: random.permuteIndexOp,
  scan: loop.scanOp,
  item,
};

export type OpName = keyof typeof ops;

type OpsOf<Module> = { [Name in keyof Module as Name extends `${infer Own}Op` ? Own : never]: Module[Name] };

/** Ops of a file that holds the functions which make them, too: each is called as its function, and `Op`. */
function opsOf<Module extends object>(module: Module): OpsOf<Module> {
  const entries = Object.entries(module).filter(([name]) => name.endsWith("Op"));
  return Object.fromEntries(entries.map(([name, op]) => [name.slice(0, -2), op])) as OpsOf<Module>;
}
