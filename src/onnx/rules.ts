// All rules, found by a node's domain and operator.
import { activations } from "./nodes/activations.ts";
import { constants } from "./nodes/constants.ts";
import { control } from "./nodes/control.ts";
import { convolutions } from "./nodes/convolutions.ts";
import { elementwise } from "./nodes/elementwise.ts";
import { geometry } from "./nodes/geometry.ts";
import { indexing } from "./nodes/indexing.ts";
import { losses } from "./nodes/losses.ts";
import { movement } from "./nodes/movement.ts";
import { normalizations } from "./nodes/normalizations.ts";
import { norms } from "./nodes/norms.ts";
import { pooling } from "./nodes/pooling.ts";
import { products } from "./nodes/products.ts";
import { quantised } from "./nodes/quantised.ts";
import { random } from "./nodes/random.ts";
import { recurrent } from "./nodes/recurrent.ts";
import { reductions } from "./nodes/reductions.ts";
import { resize } from "./nodes/resize.ts";
import { sampling } from "./nodes/sampling.ts";
import { selection } from "./nodes/selection.ts";
import { sequences } from "./nodes/sequences.ts";
import { spectra } from "./nodes/spectra.ts";
import { terms } from "./nodes/terms.ts";
import { training } from "./nodes/training.ts";
import type { NodeProto } from "./proto.ts";
import type { Rule, Rules } from "./rule.ts";

const tables: readonly Rules[] = [
  activations,
  constants,
  control,
  convolutions,
  elementwise,
  geometry,
  indexing,
  losses,
  movement,
  normalizations,
  norms,
  pooling,
  products,
  quantised,
  random,
  recurrent,
  reductions,
  resize,
  sampling,
  selection,
  sequences,
  spectra,
  terms,
  training,
];

const all = new Map(
  tables.flatMap((table) =>
    Object.entries(table).map(([name, rule]): [string, Rule] => [
      name,
      typeof rule === "function" ? { build: rule } : rule,
    ]),
  ),
);

/** Names of all operators, of other domains than ONNX's own as `domain:Name`. */
export const operators: readonly string[] = [...all.keys()].sort();

/** The rule of a node's operator, if its domain is imported. */
export function ruleOf({ domain, opType }: NodeProto, versions: ReadonlyMap<string, number>): Rule | undefined {
  const isOwn = domain === "" || domain === "ai.onnx";
  return versions.has(isOwn ? "" : domain) ? all.get(isOwn ? opType : `${domain}:${opType}`) : undefined;
}
