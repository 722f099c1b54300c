// Einstein's sums: letters for axes, made of views, sums and products of matrices.
import { aListOf, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDType, showShape, sizeOf } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";
import { diagonal } from "./matrices.ts";

/** A tensor with a letter for each axis. */
interface Lettered {
  readonly letters: string;
  readonly tensor: Tensor;
}

/**
 * Products of tensors, summed over all axes whose letters the result has not, as torch.einsum: a letter an axis, commas between the tensors,
 * and `->` before the letters of the result. Without it these are the letters that stand once, in the order of the alphabet. A letter twice
 * in one tensor is its diagonal. Tensors are multiplied from left to right, two at a time, by one product of matrices each.
 * @throws ArgumentError for an equation that is none, ShapeError where letters and axes do not fit, DTypeError unless all are f32
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { einsum } from "simdgrad/functions";
 * const [a, b] = [constant([[1, 2], [3, 4]]), constant([[5, 6], [7, 8]])];
 * await evaluate(einsum("ij,jk->ik", a, b)); // => [19, 22, 43, 50]
 * await evaluate(einsum("ii", a)); // => [5]
 */
export function einsum(equation: string, ...operands: Tensor[]): Tensor {
  must(typeof equation === "string", equation, "einsum: the equation", 'a string, such as "ij,jk->ik"');
  aListOf(aTensor)(operands, "einsum: the operands");
  for (const each of operands) checkDType(each, ["f32"], "einsum");
  const { inputs, output } = parsed(equation);
  if (inputs.length !== operands.length)
    throw new ArgumentError(`einsum: "${equation}" is of ${inputs.length} tensors, got ${operands.length}`);
  checkSizes(inputs, operands, equation);
  const [first, ...others] = inputs.map((letters, i) => distinct(letters, operands[i]));
  const needed = (i: number) =>
    output +
    others
      .slice(i)
      .map(({ letters }) => letters)
      .join("");
  const result = others.reduce((sum, other, i) => multiplied(sum, other, needed(i + 1)), first);
  return arranged(summed(result, output), output);
}

function parsed(equation: string): { readonly inputs: readonly string[]; readonly output: string } {
  const [left, right, ...more] = equation.replaceAll(" ", "").split("->");
  const inputs = left.split(",");
  const wrong = [...inputs, right ?? ""].join("").replace(/[a-zA-Z]/g, "");
  if (more.length > 0) throw new ArgumentError(`einsum: "${equation}" has more than one ->`);
  if (wrong.includes("..."))
    throw new ArgumentError(`einsum: "${equation}": axes are named one by one, ... stands for none`);
  if (wrong !== "") throw new ArgumentError(`einsum: "${equation}": ${wrong[0]} is no letter`);
  const all = inputs.join("");
  const once = [...all]
    .filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter))
    .sort()
    .join("");
  const output = right ?? once;
  for (const [i, letter] of [...output].entries()) {
    if (!all.includes(letter))
      throw new ArgumentError(`einsum: "${equation}": no tensor has the ${letter} of the result`);
    if (output.indexOf(letter) < i) throw new ArgumentError(`einsum: "${equation}": the result has ${letter} twice`);
  }
  return { inputs, output };
}

/** @throws ShapeError unless there is a letter an axis, and one size a letter */
function checkSizes(inputs: readonly string[], operands: readonly Tensor[], equation: string): void {
  const sizes = new Map<string, number>();
  for (const [i, letters] of inputs.entries()) {
    const { shape } = operands[i];
    if (shape.length !== letters.length)
      throw new ShapeError(
        `einsum: "${equation}": ${letters || "no letter"} does not fit the axes of ${showShape(shape)}`,
      );
    for (const [axis, letter] of [...letters].entries()) {
      const known = sizes.get(letter) ?? shape[axis];
      if (known !== shape[axis])
        throw new ShapeError(
          `einsum: "${equation}": ${letter} is ${known} and, in ${showShape(shape)}, ${shape[axis]}`,
        );
      sizes.set(letter, known);
    }
  }
}

/** Axes of the same letter as their diagonal. */
function distinct(letters: string, tensor: Tensor): Lettered {
  for (const [i, letter] of [...letters].entries()) {
    const again = letters.indexOf(letter, i + 1);
    if (again < 0) continue;
    const rest = [...letters].filter((_, at) => at !== i && at !== again).join("");
    return distinct(rest + letter, diagonal(tensor, 0, i, again));
  }
  return { letters, tensor };
}

/** Summed over all letters that nobody needs. */
function summed({ letters, tensor }: Lettered, needed: string): Lettered {
  const axes = [...letters].flatMap((letter, axis) => (needed.includes(letter) ? [] : [axis]));
  const kept = [...letters].filter((letter) => needed.includes(letter)).join("");
  return axes.length === 0 ? { letters, tensor } : { letters: kept, tensor: tensor.sum(axes) };
}

/** With its axes in the order of these letters. */
function arranged({ letters, tensor }: Lettered, order: string): Tensor {
  return tensor.permute([...order].map((letter) => letters.indexOf(letter)));
}

/** The product, summed over what both have and nobody needs after it. */
function multiplied(left: Lettered, right: Lettered, needed: string): Lettered {
  const a = summed(left, needed + right.letters);
  const b = summed(right, needed + left.letters);
  const both = [...a.letters].filter((letter) => b.letters.includes(letter));
  const batch = both.filter((letter) => needed.includes(letter)).join("");
  const inner = both.filter((letter) => !needed.includes(letter)).join("");
  const rows = [...a.letters].filter((letter) => !b.letters.includes(letter)).join("");
  const columns = [...b.letters].filter((letter) => !a.letters.includes(letter)).join("");
  const size = ({ letters, tensor }: Lettered, some: string) =>
    sizeOf([...some].map((letter) => tensor.shape[letters.indexOf(letter)]));
  const [n, m, k, c] = [size(a, batch), size(a, rows), size(a, inner), size(b, columns)];
  const matrices = (of: Lettered, order: string, height: number, width: number) =>
    arranged(of, order).reshape(batch === "" ? [height, width] : [n, height, width]);
  const x = matrices(a, batch + rows + inner, m, k);
  const y = matrices(b, batch + inner + columns, k, c);
  const letters = batch + rows + columns;
  const shapes = [...letters].map((letter) => {
    const of = a.letters.includes(letter) ? a : b;
    return of.tensor.shape[of.letters.indexOf(letter)];
  });
  return { letters, tensor: (inner === "" ? x.mul(y) : x.matmul(y)).reshape(shapes) };
}
