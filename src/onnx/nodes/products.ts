// Products of matrices, and sums of products by letters.

import { DataError } from "../../errors.ts";
import { einsum } from "../../functions/einsum.ts";
import type { Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Rules } from "../rule.ts";
import type { Value } from "../value.ts";

/** Whole numbers are multiplied as floats: exact while results are below 2^24. */
export function matmul(
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

/** An equation in which ... stands for axes without letters gets letters for them. */
function lettered(equation: string, ranks: readonly number[]): string {
  const [left, right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (!equation.includes("...")) return equation.replaceAll(" ", "");
  const free = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].filter(
    (letter) => !equation.includes(letter),
  );
  const counts = terms.map((term, i) => (term.includes("...") ? ranks[i] - (term.length - 3) : 0));
  const most = Math.max(...counts);
  if (counts.some((count) => count < 0) || most > free.length)
    throw new DataError(`the equation ${equation} does not fit the axes`);
  const spread = (count: number) => free.slice(most - count, most).join("");
  const inputs = terms.map((term, i) => term.replace("...", spread(counts[i])));
  const once = (all: string) =>
    [...all]
      .filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter))
      .sort()
      .join("");
  const output =
    right === undefined ? spread(most) + once(left.replaceAll(/[.,]/g, "")) : right.replace("...", spread(most));
  return `${inputs.join(",")}->${output}`;
}

function summed(node: Node): Value {
  const tensors = node.inputs.map((_, i) => node.tensor(i));
  const ranks = tensors.map(({ shape }) => shape.length);
  const result = einsum(lettered(node.text("equation"), ranks), ...tensors.map((each) => each.cast("f32")));
  return node.like(0, result.cast(tensors[0].dtype));
}

export const products: Rules = {
  Einsum: summed,
  Gemm: gemm,
  MatMul: (node) => node.like(0, matmul(node.tensor(0), node.tensor(1))),
};
