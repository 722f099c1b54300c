// The numbers of a graph of constants, at once: shapes are known while a graph is built, and building waits for nothing.
import { compile } from "../compile/compile.ts";
import { createJsMachine } from "../runtime/js/machine.ts";
import { Space } from "../runtime/space.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

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

/** The elements of a tensor that depends on constants alone, computed in float64. */
export function evaluateNow(tensor: Tensor): Float64Array {
  const { op, attrs, shape } = tensor;
  if (sizeOf(shape) === 0) return new Float64Array(0);
  if (op.name === "constant") return Float64Array.from((attrs as { readonly data: ArrayLike<number> }).data);
  const machine = createJsMachine("float64");
  const space = new Space(machine, false);
  const program = space.load(compile({ outputs: { value: tensor } }));
  const loaded = space.loaded(program);
  machine.execute(loaded, 1, new Float64Array(loaded.logTypes.length), 0);
  return Float64Array.from(space.read({ program, name: "value" }));
}
