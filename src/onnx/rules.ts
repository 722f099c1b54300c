// All rules, found by a node's domain and operator.
import { elementwise } from "./nodes/elementwise.ts";
import type { NodeProto } from "./proto.ts";
import type { Rule, Rules } from "./rule.ts";

const tables: readonly Rules[] = [elementwise];

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
