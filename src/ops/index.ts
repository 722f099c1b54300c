// The table of all ops: tests, documents and checks go through it, so an op outside it does not exist.
import { checkpointOp, recompute } from "./checkpoint.ts";
import * as contraction from "./contraction.ts";
import { cumulativeSumOp } from "./cumulative.ts";
import * as elementwise from "./elementwise.ts";
import * as functions from "./functions.ts";
import * as indexing from "./indexing.ts";
import { item } from "./item.ts";
import * as leaf from "./leaf.ts";
import * as loop from "./loop.ts";
import * as movement from "./movement.ts";
import * as random from "./random.ts";
import * as reduction from "./reduction.ts";
import * as rowwise from "./rowwise.ts";
import { sortOp } from "./sort.ts";

const { scalarOf: _, ...leafOps } = leaf;
const { elementwise: __, ...elementwiseOps } = elementwise;

/** Ops by name, in the order data meets them. */
export const ops = {
  ...leafOps,
  checkpoint: checkpointOp,
  recompute,
  ...elementwiseOps,
  ...functions,
  ...reduction,
  ...contraction,
  ...movement,
  ...indexing,
  ...rowwise,
  cumulativeSum: cumulativeSumOp,
  sort: sortOp,
  uniform: random.uniformOp,
  permuteIndex: random.permuteIndexOp,
  scan: loop.scanOp,
  item,
};

export type OpName = keyof typeof ops;
