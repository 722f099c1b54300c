// Expressions: what the nodes of a map compute, a step each. A product that only one sum reads is no step of its own: the sum multiplies,
// too. So it is with a quotient or a root that only such a product reads. Each saves a pass over a block. With s and t for scalars:
//
//   x * y + z         MULTIPLY_ADD      x * s + z         SCALED_ADD        x * s + t         AFFINE
//   x * y + z * w     LINEAR            x / y * s + z     QUOTIENT_ADD      sqrt(x) * s + t   SQRT_AFFINE
//   x * s + y * t     BLEND
import {
  ADD,
  AFFINE,
  BLEND,
  DIV,
  LINEAR,
  MUL,
  MULTIPLY_ADD,
  QUOTIENT_ADD,
  SCALED_ADD,
  SQRT,
  SQRT_AFFINE,
} from "../../assembly/isa/map-code.ts";
import { ProgramError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

/** A step that computes a node. */
export interface Expression {
  readonly node: Tensor;
  readonly code: number;
  readonly inputs: readonly Tensor[];
}

/** The expressions of nodes, in their order. What `isKept` must be computed as it is, and without `contract` everything. */
export function expressionsOf(
  nodes: readonly Tensor[],
  isKept: (node: Tensor) => boolean,
  isScalar: (tensor: Tensor) => boolean,
  contract: boolean,
): Expression[] {
  const uses = new Map<Tensor, number>();
  for (const { inputs } of nodes) for (const input of inputs) uses.set(input, (uses.get(input) ?? 0) + 1);
  const codes = new Map(nodes.map((node) => [node, codeOf(node)]));
  const drawn = new Set<Tensor>();
  /** Whether one reader may compute a node, too, which is of this code. */
  const isFree = (node: Tensor, code: number) =>
    contract && codes.get(node) === code && uses.get(node) === 1 && !isKept(node);
  /** Draws a node into its reader, which then reads what the node did. */
  const draw = (node: Tensor) => {
    drawn.add(node);
    return node.inputs;
  };
  /** The factors of a product, a scalar last. */
  const factors = (product: Tensor) => {
    const [x, y] = draw(product);
    return isScalar(x) ? [y, x] : [x, y];
  };
  const sum = (node: Tensor): Expression => {
    const [x, y] = node.inputs;
    const [product, rest] = isFree(x, MUL) ? [x, y] : [y, x];
    if (!isFree(product, MUL)) return { node, code: ADD, inputs: node.inputs };
    const [a, b] = factors(product);
    if (isFree(rest, MUL)) {
      const [c, d] = factors(rest);
      return { node, code: isScalar(b) && isScalar(d) ? BLEND : LINEAR, inputs: [a, b, c, d] };
    }
    if (!isScalar(b)) return { node, code: MULTIPLY_ADD, inputs: [a, b, rest] };
    const [inner, code, withInner] = isScalar(rest) ? [SQRT, AFFINE, SQRT_AFFINE] : [DIV, SCALED_ADD, QUOTIENT_ADD];
    return isFree(a, inner)
      ? { node, code: withInner, inputs: [...draw(a), b, rest] }
      : { node, code, inputs: [a, b, rest] };
  };
  const list = nodes.map((node): Expression => {
    const code = codes.get(node) as number;
    return code === ADD ? sum(node) : { node, code, inputs: node.inputs };
  });
  return list.filter(({ node }) => !drawn.has(node));
}

function codeOf({ op, inputs, dtype, shape }: Tensor): number {
  if (op.lowering.kind !== "map") throw new ProgramError(`${op.name}: is not elementwise`);
  return op.lowering.code(inputs, { dtype, shape });
}
