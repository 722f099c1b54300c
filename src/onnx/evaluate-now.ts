// The numbers of a graph of constants, at once: shapes are known while a graph is built, and building waits for nothing.
import { compile } from "../compile/compile.ts";
import { topological } from "../graph.ts";
import { createJsMachine } from "../runtime/js/machine.ts";
import { Space } from "../runtime/space.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { Refusal } from "./refusal.ts";

/** What is known of nodes: whether only constants are under them. */
const known = new WeakMap<Tensor, boolean>();

/** Whether a tensor depends on constants alone. */
export function isConstant(tensor: Tensor): boolean {
  const open = [tensor];
  for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
    const missing = node.inputs.filter((each) => !known.has(each));
    if (known.has(node) || missing.length === 0) {
      const { inputs, op } = node;
      known.set(node, inputs.length === 0 ? op.name === "constant" : inputs.every((each) => known.get(each)));
      open.pop();
    } else open.push(...missing);
  }
  return known.get(tensor) === true;
}

/** Elements and products that may be computed while a graph is built: a few seconds of them. */
const MOST_WORK = 2 ** 28;
/** Numbers that are wanted at once. */
const MOST_NUMBERS = 2 ** 22;
/** Words of memory for that. */
const MOST_WORDS = 2 ** 25;
/** A node is compiled, too, which takes as long as so many elements. */
const NODE = 2 ** 10;

/** What is left of the work for the graph that is being built. */
let left: number | undefined;

/** Builds a graph, for which there is so much work and no more: a file cannot ask for hours. */
export function withinBudget<T>(build: () => T): T {
  const before = left;
  left = MOST_WORK;
  try {
    return build();
  } finally {
    left = before;
  }
}

function workOf(roots: readonly Tensor[]): number {
  let work = 0;
  for (const node of topological(roots)) {
    const { op, inputs, attrs, shape } = node;
    work += NODE + sizeOf(shape) + (op.multiplyAdds?.(inputs, attrs, node) ?? 0);
    if (op.lowering.kind !== "loop") continue;
    const { length, results } = op.lowering.body(attrs);
    work += length * workOf(results);
  }
  return work;
}

/** Whether a tensor can be computed with the work that is left. */
export function isAffordable(tensor: Tensor): boolean {
  return workOf([tensor]) <= (left ?? MOST_WORK);
}

/** The elements of a tensor that depends on constants alone, computed in float64. @throws Refusal where that is too much work */
export function evaluateNow(tensor: Tensor): Float64Array {
  const { op, attrs, shape } = tensor;
  if (sizeOf(shape) === 0) return new Float64Array(0);
  if (op.name === "constant") return Float64Array.from((attrs as { readonly data: ArrayLike<number> }).data);
  if (sizeOf(shape) > MOST_NUMBERS || !isAffordable(tensor)) throw new Refusal(TOO_MUCH);
  if (left !== undefined) left -= workOf([tensor]);
  const compiled = compile({ outputs: { value: tensor } });
  if (compiled.arenaWords > MOST_WORDS) throw new Refusal(TOO_MUCH);
  const machine = createJsMachine("float64");
  const space = new Space(machine, false);
  const program = space.load(compiled);
  const loaded = space.loaded(program);
  machine.execute(loaded, 1, new Float64Array(loaded.logTypes.length), 0);
  return Float64Array.from(space.read({ program, name: "value" }));
}

const TOO_MUCH = "its numbers are wanted while the graph is built, and to compute them is too much work for that";
