// Products of matrices, and sums of products by letters.

import { DataError } from "../../errors.ts";
import { einsum } from "../../functions/einsum.ts";
import { broadcastShapes, type Shape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Rules } from "../rule.ts";
import type { Value } from "../value.ts";

/** Whole numbers are multiplied as floats: exact while results are below 2^24. */
function matmul(
  a: Tensor,
  b: Tensor,
  options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
): Tensor {
  if (a.dtype === "f32") return a.matmul(b, options);
  return a.cast("f32").matmul(b.cast("f32"), options).cast("i32");
}

/** alpha A B + beta C */
function gemm(node: Node): Value {
  const [alpha, beta] = [node.float("alpha", 1), node.float("beta", 1)];
  const options = { transposeA: node.flag("transA"), transposeB: node.flag("transB") };
  const product = matmul(node.tensor(0), node.tensor(1), options);
  const scaled = alpha === 1 ? product : product.mul(alpha);
  if (!node.has(2) || beta === 0) return node.like(0, scaled);
  const more = node.tensor(2);
  return node.like(0, scaled.add(beta === 1 ? more : more.mul(beta)));
}

const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"];

/** An equation with letters for the axes that ... stands for, and the tensors with these axes broadcast. */
function spelled(
  equation: string,
  tensors: readonly Tensor[],
): readonly [equation: string, tensors: readonly Tensor[]] {
  const [left, right] = equation.replaceAll(" ", "").split("->");
  if (!equation.includes("...")) return [equation, tensors];
  const terms = left.split(",");
  const free = LETTERS.filter((letter) => !equation.includes(letter));
  /** The axes of a tensor without letters: from where on, and how many. */
  const nameless = terms.map((term, i) => {
    const count = term.includes("...") ? tensors[i].shape.length - (term.length - 3) : 0;
    return { from: term.indexOf("..."), count };
  });
  const most = Math.max(...nameless.map(({ count }) => count));
  if (terms.length !== tensors.length || nameless.some(({ count }) => count < 0) || most > free.length)
    throw new DataError(`the equation ${equation} does not fit the axes`);
  const own = nameless.map(({ from, count }, i) => (count > 0 ? tensors[i].shape.slice(from, from + count) : []));
  const common = own.reduce<Shape>((a, b) => broadcastShapes(a, b, "Einsum"), []);
  const spread = tensors.map((each, i) => {
    const { from, count } = nameless[i];
    if (count === 0) return each;
    return each.broadcastTo(each.shape.toSpliced(from, count, ...common.slice(most - count)));
  });
  const letters = (count: number) => free.slice(most - count, most).join("");
  const inputs = terms.map((term, i) => term.replace("...", letters(nameless[i].count)));
  const all = left.replaceAll(/[.,]/g, "");
  const once = [...all]
    .filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter))
    .sort()
    .join("");
  const output = right === undefined ? letters(most) + once : right.replace("...", letters(most));
  return [`${inputs.join(",")}->${output}`, spread];
}

function summed(node: Node): Value {
  const given = node.inputs.map((_, i) => node.tensor(i));
  const [equation, tensors] = spelled(node.text("equation"), given);
  return node.like(0, einsum(equation, ...tensors.map((each) => each.cast("f32"))).cast(given[0].dtype));
}

export const products: Rules = {
  Einsum: summed,
  Gemm: gemm,
  MatMul: (node) => node.like(0, matmul(node.tensor(0), node.tensor(1))),
};
