// Graphs of one model at several batches, side by side: of each tensor its twins. Where graphs differ in more than sizes, nothing that holds
// for all batches can be written of them.
import { ArgumentError } from "../../errors.ts";
import { topological } from "../../graph.ts";
import type { ConstantAttrs } from "../../ops/leaf.ts";
import { showShape, sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";

/** The tensors that stand in the place of one, a graph each, the first one's own first. */
export type Twins = readonly Tensor[];

/** Adds the twins of all tensors under some, one list of roots a graph. @throws ArgumentError where graphs differ */
export function findTwins(roots: readonly (readonly Tensor[])[], found: Map<Tensor, Twins>, name: string): void {
  const orders = roots.map((each) => topological(each));
  const places = orders.map((order) => new Map(order.map((node, i) => [node, i])));
  for (const [i, first] of orders[0].entries()) {
    const twins = orders.map((order) => order[i]);
    const isSame = twins.every(
      (node, g) =>
        node?.op === first.op &&
        node.dtype === first.dtype &&
        node.shape.length === first.shape.length &&
        node.inputs.length === first.inputs.length &&
        node.inputs.every((input, k) => places[g].get(input) === places[0].get(first.inputs[k])),
    );
    if (!isSame) throw apart(name, first, twins.find((node) => node?.op !== first.op) ?? twins[1]);
    found.set(first, twins);
  }
  const longer = orders.find(({ length }) => length !== orders[0].length);
  if (longer !== undefined) throw apart(name, undefined, longer[orders[0].length]);
}

function apart(name: string, a: Tensor | undefined, b: Tensor | undefined): ArgumentError {
  const shown = (node: Tensor | undefined) => (node ? `${node.op.name} ${showShape(node.shape)}` : "nothing more");
  return new ArgumentError(
    `${name}: what the model computes depends on its batch: ${shown(a)} for one, ${shown(b)} for another; sizes that are all numbers are written for that batch alone`,
  );
}

/** Whether graphs are alike in all but sizes and numbers, bodies of loops, too. */
export function areTwins(a: readonly Tensor[], b: readonly Tensor[]): boolean {
  const found = new Map<Tensor, Twins>();
  try {
    findTwins([a, b], found, "");
  } catch (error) {
    if (error instanceof ArgumentError) return false;
    throw error;
  }
  return [...found.values()].every(([own, other]) => {
    const [inner, others] = [bodyOf(own), bodyOf(other)];
    return inner === undefined || others === undefined || areTwins(inner, others);
  });
}

/**
 * Compares a graph of another batch with some that are alike by what they compute: reshapes and broadcasts may be missing in one of them, as where a size happens to be 1,
 * or that of another axis. Constants that are one number in all graphs that are alike are that number in the other one, too.
 * @throws ArgumentError where they differ
 */
export function checkSameWork(alike: readonly (readonly Tensor[])[], other: readonly Tensor[], name: string): void {
  const orderOf = (roots: readonly Tensor[]) => topological(roots).filter((node) => !isPassed(node));
  const orders = alike.map(orderOf);
  const [[all], others] = [orders, orderOf(other)];
  const [places, otherPlaces] = [all, others].map((order) => new Map(order.map((node, i) => [node, i])));
  for (const [i, node] of all.entries()) {
    const against = others[i];
    const isSame =
      against?.op === node.op &&
      against.dtype === node.dtype &&
      against.inputs.length === node.inputs.length &&
      against.inputs.every((input, k) => otherPlaces.get(passed(input)) === places.get(passed(node.inputs[k])));
    if (!isSame) throw apart(name, node, against);
    const value = numberOf(node);
    const isOne = value !== undefined && orders.every((order) => Object.is(value, numberOf(order[i])));
    if (isOne && !Object.is(value, numberOf(against)))
      throw new ArgumentError(
        `${name}: what the model computes depends on its batch: a constant is ${value} for some, ${numberOf(against) ?? "several numbers"} for another`,
      );
    const [body, ...bodies] = [against, ...orders.map((order) => order[i])].map((each) => bodyOf(each));
    if (body !== undefined && bodies.every((each) => each !== undefined)) checkSameWork(bodies, body, name);
  }
  if (others.length > all.length) throw apart(name, undefined, others[all.length]);
}

function isPassed({ op: { lowering } }: Tensor): boolean {
  return lowering.kind === "view" || lowering.kind === "broadcast";
}

function passed(tensor: Tensor): Tensor {
  let node = tensor;
  while (isPassed(node)) node = node.inputs[0];
  return node;
}

/** What the body of a loop gives and is given. */
function bodyOf({ op: { lowering }, attrs }: Tensor): readonly Tensor[] | undefined {
  if (lowering.kind !== "loop") return undefined;
  const { results, parameters } = lowering.body(attrs);
  return [...results, ...parameters];
}

/** The number that all elements of a constant are. */
function numberOf(node: Tensor | undefined): number | undefined {
  if (node?.op.name !== "constant" || sizeOf(node.shape) === 0) return undefined;
  const { data, scalar } = node.attrs as ConstantAttrs;
  if (scalar !== undefined) return scalar;
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], data[0])) return undefined;
  return data[0];
}
