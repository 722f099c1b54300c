// Matrix products, batched, with transposes as flags: nothing is ever transposed in memory for a product.
import { NC } from "../../assembly/isa/chunks.ts";
import { CLOSE, KC } from "../../assembly/isa/sizes.ts";
import { ShapeError } from "../errors.ts";
import { checkArity, type Op, perInput, type Strides } from "../op.ts";
import * as instructions from "../program/instructions.ts";
import type { Matrices } from "../program/lir.ts";
import { type Aval, checkDType, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Layouts, layMatrices } from "./matrices.ts";
import { permute } from "./movement.ts";

/**
 * Rows of A up to which each number of B is used too seldom to be worth packing, products up to which nothing is, and numbers of B that
 * stay in the first cache as they are.
 */
const FEW_ROWS = 2;
const FEW_PRODUCTS = 2048;
const FEW_NUMBERS = 8192;

export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

interface Sizes {
  readonly batch: Shape;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** A [..., m, k] times B [..., k, n]; one of them may be a plain matrix that the other's batch shares. */
function sizesOf([a, b]: readonly Aval[], { transposeA, transposeB }: MatmulAttrs): Sizes {
  const shown = `${showShape(a.shape)}${transposeA ? "^T" : ""} x ${showShape(b.shape)}${transposeB ? "^T" : ""}`;
  if (a.shape.length < 2 || b.shape.length < 2)
    throw new ShapeError(`matmul: takes matrices or batches of them: ${shown}`);
  const [p, q] = a.shape.slice(-2);
  const [r, s] = b.shape.slice(-2);
  const [m, k] = transposeA ? [q, p] : [p, q];
  const [inner, n] = transposeB ? [s, r] : [r, s];
  if (k !== inner) throw new ShapeError(`matmul: inner sizes differ: ${shown}`);
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  if (batchA.length > 0 && batchB.length > 0 && !sameShape(batchA, batchB))
    throw new ShapeError(`matmul: batches differ: ${shown}`);
  return { batch: batchA.length > 0 ? batchA : batchB, m, n, k };
}

/** How A, B and C of these strides lie; undefined where no product finds them so. */
function layoutsOf(avals: readonly Aval[], attrs: MatmulAttrs, strides: Strides["inputs"]): Layouts | undefined {
  const { batch, m, n } = sizesOf(avals, attrs);
  return layMatrices(batch, [...avals.map(({ shape }) => shape), [m, n]], strides);
}

function transposed(matrices: Matrices): Matrices {
  return { ...matrices, transposed: !matrices.transposed };
}

/** Sums a gradient over the batch that a plain matrix was shared by. */
function summed(gradient: Tensor, input: Tensor): Tensor {
  return gradient.sumTo(input.shape);
}

/** All rows of a batch of matrices as one matrix. */
function tall(tensor: Tensor): Tensor {
  const columns = tensor.shape[tensor.shape.length - 1];
  return tensor.reshape([sizeOf(tensor.shape.slice(0, -1)), columns]);
}

/** Matrices A whose rows lie on as those of one, times one B, are one tall matrix, if C's rows do, too. */
function stacked(
  { batch, heads, each: [a, b, c] }: Layouts,
  m: number,
  isTransposed: boolean,
): { batch: number; heads: number; m: number } {
  const isShared = b.stride === 0 && b.head === 0 && a.transposed === isTransposed && !c.transposed;
  const goesOn = (rows: number, stride: "stride" | "head") => a[stride] === a.row * rows && c[stride] === c.row * rows;
  if (!isShared || (heads > 1 && !goesOn(m, "head"))) return { batch, heads, m };
  const rows = heads * m;
  if (batch > 1 && !goesOn(rows, "stride")) return { batch, heads: 1, m: rows };
  return { batch: 1, heads: 1, m: batch * rows };
}

/** The matrix under a swap of the last two axes, or undefined. */
function untransposed(tensor: Tensor): Tensor | undefined {
  if (tensor.op !== permute) return undefined;
  const { order } = tensor.attrs as { readonly order: readonly number[] };
  const rank = order.length;
  const swapsLast = order.every((axis, i) => axis === (i === rank - 1 ? rank - 2 : i === rank - 2 ? rank - 1 : i));
  return swapsLast ? tensor.inputs[0] : undefined;
}

/** Operands of many products, stacked, with the first axis joined to the one that is summed over: -1 or -2 of each operand. */
function joined(stack: Tensor, axis: number): Tensor {
  const [count, ...shape] = stack.shape;
  const at = shape.length + axis;
  const order = [...shape.keys()].map((i) => i + 1);
  order.splice(at, 0, 0);
  shape[at] *= count;
  return (at > 0 ? stack.permute(order) : stack).reshape(shape);
}

export const matmul: Op<MatmulAttrs> = {
  name: "matmul",
  infer(inputs, attrs) {
    checkArity(inputs, 2, "matmul");
    for (const aval of inputs) checkDType(aval, ["f32"], "matmul");
    const { batch, m, n } = sizesOf(inputs, attrs);
    return { shape: [...batch, m, n], dtype: "f32" };
  },
  // C = A B: dA = dC B^T, dB = A^T dC; a transposed operand takes the transposed gradient.
  vjp: perInput(
    ({ cotangent, inputs: [a, b], attrs: { transposeA, transposeB } }) =>
      summed(
        transposeA
          ? b.matmul(cotangent, { transposeA: transposeB, transposeB: true })
          : cotangent.matmul(b, { transposeB: !transposeB }),
        a,
      ),
    ({ cotangent, inputs: [a, b], attrs: { transposeA, transposeB } }) => {
      // A batch of rows times one matrix is one tall matrix: its gradient is one product, too.
      const isTall = b.shape.length === 2 && !transposeA;
      const [left, right] = isTall ? [a, cotangent].map(tall) : [a, cotangent];
      return summed(
        transposeB
          ? right.matmul(left, { transposeA: true, transposeB: transposeA })
          : left.matmul(right, { transposeA: !transposeA }),
        b,
      );
    },
  ),
  lowering: {
    kind: "kernel",
    epilogue: true,
    // Rows of C are written without gaps: its epilogue goes along them.
    strided: ({ inputs, outputs }, avals, attrs) =>
      layoutsOf(avals, attrs, [...inputs, ...outputs])?.each[2].transposed === false,
    emit({ views, avals, outputViews, attrs, emit }) {
      const { m: height, n, k } = sizesOf(avals, attrs);
      const all = [...views, ...outputViews];
      const strides = all.map((view) => view.strides);
      const layouts = layoutsOf(avals, attrs, strides) as Layouts; // such as `strided` takes
      const { each } = layouts;
      const { batch, heads, m } = stacked(layouts, height, attrs.transposeA);
      const [left, right, c] = all.map(({ buffer, start }, i) => ({
        ...each[i],
        at: { buffer, words: start },
        transposed: each[i].transposed !== [attrs.transposeA, attrs.transposeB, false][i],
      }));
      // A product of one column is one of a single row, the other way round: C^T = B^T A^T.
      const turned = n === 1 && m > 1 && c.row === 1;
      const [first, second] = turned ? [right, left].map(transposed) : [left, right];
      const [rows, columns] = turned ? [1, m] : [m, n];
      // Where packing B would cost as much as the product does, B is read where it lies.
      const small = second.transposed
        ? avals[turned ? 0 : 1].shape.length > 2 && k * columns <= CLOSE // each is packed where it is multiplied
        : k * columns <= FEW_NUMBERS;
      const few = small || rows <= FEW_ROWS || m * n * k <= FEW_PRODUCTS;
      const own = { batch: second.stride === 0 ? 1 : batch, heads: second.head === 0 ? 1 : heads };
      const panels = few ? undefined : emit.panels(second, { ...own, k, n: columns });
      // Every column of chunks would put rows of a transposed A side by side anew, each number from a cache line of its own.
      const strips =
        !few && first.transposed && batch * heads === 1 && columns > NC && k > KC / 2
          ? emit.panels({ ...first, transposed: false }, { ...own, k, n: rows }, columns)
          : undefined;
      emit.instruction(instructions.matmul, {
        c: c.at,
        a: first.at,
        b: second.at,
        panels,
        strips,
        batch,
        heads,
        m: rows,
        n: columns,
        k,
        transposed: (first.transposed ? 1 : 0) | (second.transposed ? 2 : 0),
        rowA: first.row,
        rowB: second.row,
        rowC: turned ? columns : c.row,
        strideA: batch === 1 ? 0 : first.stride,
        strideB: batch === 1 ? 0 : second.stride,
        strideC: batch === 1 ? 0 : c.stride,
        headA: heads === 1 ? 0 : first.head,
        headB: heads === 1 ? 0 : second.head,
        headC: heads === 1 ? 0 : c.head,
      });
    },
  },
  multiplyAdds: (inputs, attrs, { shape }) => sizeOf(shape) * sizesOf(inputs, attrs).k,
  // A_1 B_1 + A_2 B_2 = [A_1 A_2] [B_1; B_2]
  total: ([a, b], attrs) => joined(a, attrs.transposeA ? -2 : -1).matmul(joined(b, attrs.transposeB ? -1 : -2), attrs),
  simplify([a, b], { transposeA, transposeB }) {
    const left = untransposed(a);
    const right = untransposed(b);
    if (left === undefined && right === undefined) return undefined;
    return (left ?? a).matmul(right ?? b, {
      transposeA: left === undefined ? transposeA : !transposeA,
      transposeB: right === undefined ? transposeB : !transposeB,
    });
  },
  key: ({ transposeA, transposeB }) => `${transposeA ? "T" : "N"}${transposeB ? "T" : "N"}`,
};
