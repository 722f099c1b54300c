// All rules, found by a node's domain and operator.
import { activations } from "./nodes/activations.ts";
import { constants } from "./nodes/constants.ts";
import { control } from "./nodes/control.ts";
import { convolutions } from "./nodes/convolutions.ts";
import { elementwise } from "./nodes/elementwise.ts";
import { indexing } from "./nodes/indexing.ts";
import { movement } from "./nodes/movement.ts";
import { normalizations } from "./nodes/normalizations.ts";
import { pooling } from "./nodes/pooling.ts";
import { products } from "./nodes/products.ts";
import { reductions } from "./nodes/reductions.ts";
import type { NodeProto } from "./proto.ts";
import type { Rule, Rules } from "./rule.ts";

const tables: readonly Rules[] = [
  activations,
  constants,
  control,
  convolutions,
  elementwise,
  indexing,
  movement,
  normalizations,
  pooling,
  products,
  reductions,
];

const all = new Map(
  tables.flatMap((table) =>
    Object.entries(table).map(([name, rule]): [string, Rule] => [
      name,
      typeof rule === "function" ? { build: rule } : rule,
    ]),
  ),
);

/** The rule of a node's operator, if its domain is imported. */
export function ruleOf({ domain, opType }: NodeProto, versions: ReadonlyMap<string, number>): Rule | undefined {
  const isOwn = domain === "" || domain === "ai.onnx";
  return versions.has(isOwn ? "" : domain) ? all.get(isOwn ? opType : `${domain}:${opType}`) : undefined;
}
