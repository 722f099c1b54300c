// A space as a list of parameters, branches flattened: each has a path and, in a branch, the value of another that it depends on.
import { type Branches, choice, type Leaf, type Space, type Value } from "./space.ts";

/** Values by the paths of their parameters, those that a trial has. */
export type Flat = Readonly<Record<string, Value>>;

/** One parameter of a space. */
export interface Dimension {
  /** Names from the outside in: `rate`, `optimizer`, `optimizer.sgd.momentum`. */
  readonly path: string;
  readonly leaf: Leaf;
  /** In a branch: which parameter has which value there. */
  readonly when: { readonly path: string; readonly kind: string } | undefined;
}

export function isBranches(parameter: Leaf | Branches): parameter is Branches {
  return "branches" in parameter;
}

/** All parameters, those that others depend on before these. */
export function dimensionsOf(space: Space, prefix = "", when?: Dimension["when"]): Dimension[] {
  return Object.entries(space).flatMap(([name, parameter]): Dimension[] => {
    const path = prefix + name;
    if (!isBranches(parameter)) return [{ path, leaf: parameter, when }];
    const kinds = Object.entries(parameter.branches);
    return [
      { path, leaf: choice(kinds.map(([kind]) => kind)), when },
      ...kinds.flatMap(([kind, inner]) => dimensionsOf(inner, `${path}.${kind}.`, { path, kind })),
    ];
  });
}

/** Whether a trial with these values has the parameter; those it depends on are decided. */
export function isActive({ when }: Dimension, values: Flat): boolean {
  return when === undefined || (Object.hasOwn(values, when.path) && values[when.path] === when.kind);
}

/** The values as the space nests them. */
export function nested(space: Space, values: Flat, prefix = ""): Readonly<Record<string, unknown>> {
  const entries = Object.entries(space).map(([name, parameter]) => {
    const value = values[prefix + name];
    if (!isBranches(parameter)) return [name, value];
    const inner = nested(parameter.branches[String(value)], values, `${prefix}${name}.${value}.`);
    return [name, { kind: value, ...inner }];
  });
  return Object.fromEntries(entries);
}

/** What is wrong with values, or undefined. */
export function faultOf(dimensions: readonly Dimension[], values: Flat): string | undefined {
  for (const dimension of dimensions) {
    const { path, leaf } = dimension;
    const has = Object.hasOwn(values, path);
    if (has !== isActive(dimension, values))
      return has ? `${path} is in a branch that was not taken` : `${path} is missing`;
    if (has && !leaf.isValue(values[path])) return `${path} ${JSON.stringify(values[path])} is not of ${leaf.form}`;
  }
  const known = new Set(dimensions.map(({ path }) => path));
  const extra = Object.keys(values).find((path) => !known.has(path));
  return extra === undefined ? undefined : `there is no parameter ${extra}`;
}
