// Wrong shapes, dtypes and arguments: a typed error that names the op and the shapes, when the graph is built, before anything runs.
import { expect, test } from "vitest";
import { customGradient, grad } from "../../src/autodiff.ts";
import { concat, constant, input, stack } from "../../src/create.ts";
import { SimdgradError } from "../../src/errors.ts";
import { scatterAddAlongAxis, takeAlongAxis } from "../../src/ops/along.ts";
import { cumulativeSum } from "../../src/ops/cumulative.ts";
import { ops } from "../../src/ops/index.ts";
import { scan } from "../../src/ops/loop.ts";
import { permuteIndex, uniform } from "../../src/ops/random.ts";
import { sort, topK } from "../../src/ops/sort.ts";
import { apply, arange, scalar, type Tensor } from "../../src/tensor.ts";
import { Variable } from "../../src/variable.ts";

const f = (...shape: number[]) => input(shape);
const i = (...shape: number[]) => input(shape, "i32");
const u = (...shape: number[]) => input(shape, "u8");

const wrong: Readonly<Record<string, () => unknown>> = {
  "add of shapes": () => f(2, 3).add(f(4)),
  "mul of dtypes": () => f(2).mul(i(2)),
  "sub of bytes": () => u(2).sub(u(2)),
  "add of a number to bytes": () => u(2).add(1),
  "add of a fraction to i32": () => i(2).add(0.5),
  "exp of i32": () => i(2).exp(),
  "floor of bytes": () => u(2).floor(),
  "less of shapes": () => f(3).less(f(2)),
  "select by i32": () => i(2).select(f(2), f(2)),
  "select of dtypes": () => f(2).select(f(2), i(2)),
  "select of shapes": () => f(2).select(f(3), 0),
  "cast to u8": () => f(2, 3).cast("u8"),

  "sum over an axis outside": () => f(2, 3).sum(2),
  "sum over half an axis": () => f(2, 3).sum(0.5),
  "sum over an axis twice": () => f(2, 3).sum([0, -2]),
  "sum of bytes": () => u(2).sum(),
  "mean of i32": () => i(2).mean(),
  "argmax of nothing": () => f(3, 0).argmax(1),
  "argmax of i32": () => i(3).argmax(),
  "variance of i32": () => i(2).variance(),
  "min over an axis outside": () => f(2, 3).min(2),
  "max over an axis outside": () => f(2).max(-2),

  "matmul of inner sizes": () => f(64, 128).matmul(f(100, 10)),
  "matmul of transposed inner sizes": () => f(64, 128).matmul(f(64, 10), { transposeB: true }),
  "matmul of batches": () => f(2, 3, 4).matmul(f(5, 4, 2)),
  "matmul of a scalar": () => f().matmul(f(2, 2)),
  "matmul of vectors": () => f(3).matmul(f(4)),
  "matmul of i32": () => i(2, 2).matmul(i(2, 2)),

  "reshape to another size": () => f(2, 3).reshape([4]),
  "reshape with two free sizes": () => f(2, 3).reshape([-1, -1]),
  "reshape that does not divide": () => f(2, 3).reshape([4, -1]),
  "permute without an axis": () => f(2, 3).permute([0]),
  "permute with an axis twice": () => f(2, 3).permute([0, 0]),
  "permute of an axis outside": () => f(2, 3).permute([0, 2]),
  "transpose of a vector": () => f(2).transpose(),
  "broadcastTo another size": () => f(2, 3).broadcastTo([2, 4]),
  "broadcastTo fewer axes": () => f(2, 3).broadcastTo([3]),
  "squeeze of a wide axis": () => f(2, 1).squeeze(0),
  "unsqueeze outside": () => f(2).unsqueeze(3),
  "narrow outside": () => f(5).narrow(0, 3, 4),
  "narrow from half a row": () => f(5).narrow(0, 0.5, 2),
  "narrow to less than nothing": () => f(5).narrow(0, 3, -1),
  "take by step 0": () => apply(ops.slice, [f(5)], { starts: [0], sizes: [2], steps: [0] }),
  "slice by step 0": () => f(5).slice([0, 5, 0]),
  "slice of too many axes": () => f(5).slice(null, null),
  "take outside": () => apply(ops.slice, [f(5)], { starts: [-1], sizes: [2], steps: [1] }),
  "spread outside": () =>
    apply(ops.spread, [f(5)], { shape: [6], value: 0, ranges: [{ starts: [2], sizes: [5], steps: [1] }] }),
  "pad by less than nothing": () => f(5).pad([[-1, 0]]),
  "pad of too few axes": () => f(5, 5).pad([[1, 0]]),
  "concat of nothing": () => concat([]),
  "concat of shapes": () => concat([f(2, 3), f(2, 4)], 0),
  "concat of dtypes": () => concat([f(2), i(2)]),
  "stack of shapes": () => stack([f(2), f(3)]),

  "gather by f32": () => f(5, 2).gather(f(3)),
  "gather from a scalar": () => f().gather(i(3)),
  "scatterAdd of shapes": () => i(3).scatterAdd(f(3, 2), [5, 4]),
  "takeAlongAxis by f32": () => takeAlongAxis(f(5, 2), f(5, 2), 1),
  "takeAlongAxis by a longer index": () => takeAlongAxis(f(5, 2), i(6, 2), 1),
  "takeAlongAxis by an index of fewer axes": () => takeAlongAxis(f(5, 2), i(2), 1),
  "takeAlongAxis over an axis outside": () => takeAlongAxis(f(5, 2), i(5, 2), 2),
  "scatterAddAlongAxis of shapes": () => scatterAddAlongAxis(f(5, 3), i(5, 2), 1, [5, 2]),
  "scatterAddAlongAxis to fewer rows": () => scatterAddAlongAxis(f(5, 2), i(5, 2), 1, [4, 2]),
  "sort of bytes": () => sort(u(2)),
  "sort of a scalar": () => sort(f()),
  "topK of more than there are": () => topK(f(2, 3), 4),
  "cumulativeSum of bytes": () => cumulativeSum(u(2), 0),
  "cumulativeSum of a scalar": () => cumulativeSum(f(), 0),
  "scatterAdd of i32": () => i(3).scatterAdd(i(3), [5]),
  "oneHot of f32": () => f(3).oneHot(5),

  "softmax over an axis outside": () => f(2, 3).softmax(2),
  "softmax of i32": () => i(2, 3).softmax(),
  "softmax of nothing": () => f(2, 0).softmax(),
  "logSumExp of a scalar": () => f().logSumExp(),
  "crossEntropy of rows": () => f(64, 10).crossEntropy(i(63)),
  "crossEntropy with f32 targets": () => f(64, 10).crossEntropy(f(64)),
  "crossEntropy of a vector": () => f(10).crossEntropy(i(1)),
  "crossEntropyGradient of scales": () => apply(ops.crossEntropyGradient, [f(4, 2), i(4), f(3)]),

  "uniform with a key of f32": () => uniform([scalar(1), scalar(2)], [3]),
  "uniform with many keys": () => uniform([arange(3), arange(3)], [3]),
  "uniform of half a size": () => uniform([scalar(1, "i32"), scalar(2, "i32")], [0.5]),
  "permuteIndex of f32": () => permuteIndex(f(3), [scalar(1, "i32"), scalar(2, "i32")], 3),

  "constant of ragged rows": () => constant([[1, 2], [3]]),
  "constant of another shape": () => constant([1, 2, 3], { shape: [2, 2] }),
  "constant of a fraction": () => constant([1, 0.5], { dtype: "i32" }),
  "constant of a large byte": () => constant([1, 256], { dtype: "u8" }),
  "input of a negative size": () => input([2, -1]),
  "Variable of too much": () => new Variable([65536, 65536], 0),
  "arange of half a number": () => arange(0.5),

  "scan of nothing": () => scan(() => ({ carries: [] }), [], []),
  "scan of sequences": () => scan(([c]) => ({ carries: [c] }), [f()], [f(3), f(4)]),
  "scan of a scalar": () => scan(([c]) => ({ carries: [c] }), [f()], [f()]),
  "scan with a lost carry": () => scan(() => ({ carries: [] }), [f()], [f(3)]),
  "scan with a growing carry": () => scan(([c], [x]) => ({ carries: [c.add(x)] }), [f()], [f(3, 2)]),
  "scan with a carry of another dtype": () => scan(([c]) => ({ carries: [c.less(1)] }), [i()], [f(3)]),

  "grad of a vector": () => grad(f(3), [f(3)]),
  "grad of i32": () => grad(i(), [f(3)]),
  "grad by i32": () => grad(f(), [i(3)]),
  "grad with a cotangent of another shape": () => grad(f(3), [f(3)], { cotangent: f(2) }),
  "customGradient of another shape": () => {
    const x = f(3);
    const halved = customGradient(
      (a) => a.mul(2),
      (cotangent) => [cotangent.sum()],
    );
    return grad(halved(x).sum(), [x]);
  },
};

function errorOf(make: () => unknown): string {
  try {
    const made = make() as Tensor;
    return `no error: ${made?.dtype} [${made?.shape}]`;
  } catch (error) {
    if (!(error instanceof SimdgradError)) return `not ours: ${error}`;
    return `${error.name}: ${error.message}`;
  }
}

test("errors", () => {
  expect(Object.fromEntries(Object.entries(wrong).map(([name, make]) => [name, errorOf(make)]))).toMatchInlineSnapshot(`
    {
      "Variable of too much": "ShapeError: Variable: [65536, 65536] has more than 2^30 elements",
      "add of a fraction to i32": "DTypeError: add: 0.5 is not of dtype i32",
      "add of a number to bytes": "DTypeError: add: takes f32 or i32, got u8[2] (cast it first)",
      "add of shapes": "ShapeError: add: shapes [2, 3] and [4] do not broadcast",
      "arange of half a number": "ArgumentError: arange: a number must be a whole number >= -2147483648, got 0.5",
      "argmax of i32": "DTypeError: argmax: takes f32, got i32[3]",
      "argmax of nothing": "ShapeError: argmax: [3, 0] has nothing along axis 1",
      "broadcastTo another size": "ShapeError: broadcastTo: [2, 3] does not broadcast to [2, 4]",
      "broadcastTo fewer axes": "ShapeError: broadcastTo: [2, 3] does not broadcast to [3]",
      "cast to u8": "DTypeError: cast: f32[2, 3] to u8, which is for data alone",
      "concat of dtypes": "DTypeError: concat: dtypes differ: f32[2] and i32[2]",
      "concat of nothing": "ShapeError: concat: needs at least one tensor",
      "concat of shapes": "ShapeError: concat: [2, 3] and [2, 4] differ outside axis 0",
      "constant of a fraction": "DTypeError: constant: 0.5 is not of dtype i32",
      "constant of a large byte": "DTypeError: constant: 256 is not of dtype u8",
      "constant of another shape": "ShapeError: constant: 3 numbers do not fill [2, 2]",
      "constant of ragged rows": "ShapeError: constant: rows of shapes [2] and [1]",
      "crossEntropy of a vector": "ShapeError: crossEntropy: takes rows x columns, got [10]",
      "crossEntropy of rows": "ShapeError: crossEntropy: logits [64, 10] and targets [63] differ in rows",
      "crossEntropy with f32 targets": "DTypeError: crossEntropy: class indices: takes i32, got f32[64]",
      "crossEntropyGradient of scales": "ShapeError: crossEntropyGradient: scale [3] is not one a row",
      "cumulativeSum of a scalar": "ShapeError: cumulativeSum: [] has no axis 0",
      "cumulativeSum of bytes": "DTypeError: cumulativeSum: takes f32 or i32, got u8[2] (cast it first)",
      "customGradient of another shape": "GradientError: customGradient: the rule gives input 0 of shape [3] a cotangent of []",
      "exp of i32": "DTypeError: exp: takes f32, got i32[2]",
      "floor of bytes": "DTypeError: floor: takes f32, got u8[2] (cast it first)",
      "gather by f32": "DTypeError: gather: the index: takes i32, got f32[3]",
      "gather from a scalar": "ShapeError: gather: a scalar has no rows",
      "grad by i32": "GradientError: grad: no gradient with respect to input of i32",
      "grad of a vector": "GradientError: grad: the output has shape [3]: reduce it to a scalar or give a cotangent",
      "grad of i32": "GradientError: grad: an i32 output has no gradient",
      "grad with a cotangent of another shape": "GradientError: grad: cotangent [2] and output [3] differ",
      "input of a negative size": "ShapeError: input: [2, -1] is not a shape",
      "less of shapes": "ShapeError: less: shapes [3] and [2] do not broadcast",
      "logSumExp of a scalar": "ShapeError: logSumExp: [] has no axis -1",
      "matmul of a scalar": "ShapeError: matmul: takes no scalars: [] x [2, 2]",
      "matmul of batches": "ShapeError: matmul of [2, 3, 4] x [5, 4, 2]: shapes [2] and [5] do not broadcast",
      "matmul of i32": "DTypeError: matmul: takes f32, got i32[2, 2]",
      "matmul of inner sizes": "ShapeError: matmul: inner sizes differ: [64, 128] x [100, 10]",
      "matmul of transposed inner sizes": "ShapeError: matmul: inner sizes differ: [64, 128] x [64, 10]^T",
      "matmul of vectors": "ShapeError: matmul: inner sizes differ: [1, 3] x [4, 1]",
      "max over an axis outside": "ShapeError: max: [2] has no axis -2",
      "mean of i32": "DTypeError: mean: takes f32, got i32[2]",
      "min over an axis outside": "ShapeError: min: [2, 3] has no axis 2",
      "mul of dtypes": "DTypeError: mul: dtypes differ: f32[2] and i32[2]",
      "narrow from half a row": "ArgumentError: narrow: start must be a whole number, got 0.5",
      "narrow outside": "ShapeError: slice: starts [3], sizes [4], steps [1] leave [5]",
      "narrow to less than nothing": "ShapeError: slice: starts [3], sizes [-1], steps [1] leave [5]",
      "oneHot of f32": "DTypeError: oneHot: takes i32, got f32[3]",
      "pad by less than nothing": "ShapeError: pad: needs a pair of counts for every axis of [5]",
      "pad of too few axes": "ShapeError: pad: needs a pair of counts for every axis of [5, 5]",
      "permute of an axis outside": "ShapeError: permute: [2, 3] has no axis 2",
      "permute with an axis twice": "ShapeError: permute: [0,0] is not an order of the axes of [2, 3]",
      "permute without an axis": "ShapeError: permute: [0] is not an order of the axes of [2, 3]",
      "permuteIndex of f32": "DTypeError: permuteIndex: takes i32, got f32[3]",
      "reshape that does not divide": "ShapeError: reshape of [2, 3]: [4, 1.5] is not a shape",
      "reshape to another size": "ShapeError: reshape: [2, 3] does not have the elements of [4]",
      "reshape with two free sizes": "ShapeError: reshape of [2, 3]: [6, -1] is not a shape",
      "scan of a scalar": "ShapeError: scan: a sequence of shape [] has no axis to run along",
      "scan of nothing": "ArgumentError: scan: needs a sequence or a length",
      "scan of sequences": "ShapeError: scan: a sequence of shape [4] is not 3 long",
      "scan with a carry of another dtype": "DTypeError: scan: carry 0 changes from i32 to f32",
      "scan with a growing carry": "ShapeError: scan: carry 0 changes from [] to [2]",
      "scan with a lost carry": "ArgumentError: scan: 1 carries in, 0 out",
      "scatterAdd of i32": "DTypeError: scatterAdd: takes f32, got i32[3]",
      "scatterAdd of shapes": "ShapeError: scatterAdd: updates [3, 2] and index [3] do not fit rows of [5, 4]",
      "scatterAddAlongAxis of shapes": "ShapeError: scatterAddAlongAxis: updates [5, 3] and index [5, 2] differ",
      "scatterAddAlongAxis to fewer rows": "ShapeError: scatterAddAlongAxis: an index of [5, 2] does not fit [4, 2]",
      "select by i32": "DTypeError: select: the condition: takes f32, got i32[2]",
      "select of dtypes": "DTypeError: select: dtypes differ: f32[2] and i32[2]",
      "select of shapes": "ShapeError: select: shapes [2] and [3] do not broadcast",
      "slice by step 0": "ArgumentError: slice: step 0 is not a whole number other than 0",
      "slice of too many axes": "ShapeError: slice: 2 ranges for [5]",
      "softmax of i32": "DTypeError: softmax: takes f32, got i32[2, 3]",
      "softmax of nothing": "ShapeError: softmax: [2, 0] has nothing along axis -1",
      "softmax over an axis outside": "ShapeError: softmax: [2, 3] has no axis 2",
      "sort of a scalar": "ShapeError: sort: [] has no axis -1",
      "sort of bytes": "DTypeError: sort: takes f32 or i32, got u8[2] (cast it first)",
      "spread outside": "ShapeError: spread: starts [2], sizes [5], steps [1] leave [6]",
      "squeeze of a wide axis": "ShapeError: squeeze: axis 0 of [2, 1] is not 1",
      "stack of shapes": "ShapeError: concat: [1, 2] and [1, 3] differ outside axis 0",
      "sub of bytes": "DTypeError: sub: takes f32 or i32, got u8[2] (cast it first)",
      "sum of bytes": "DTypeError: sum: takes f32 or i32, got u8[2] (cast it first)",
      "sum over an axis outside": "ShapeError: sum: [2, 3] has no axis 2",
      "sum over an axis twice": "ShapeError: sum: an axis is named twice in [0,-2]",
      "sum over half an axis": "ShapeError: sum: [2, 3] has no axis 0.5",
      "take by step 0": "ShapeError: slice: starts [0], sizes [2], steps [0] leave [5]",
      "take outside": "ShapeError: slice: starts [-1], sizes [2], steps [1] leave [5]",
      "takeAlongAxis by a longer index": "ShapeError: takeAlongAxis: an index of [6, 2] does not fit [5, 2]",
      "takeAlongAxis by an index of fewer axes": "ShapeError: takeAlongAxis: an index of [2] does not fit [5, 2]",
      "takeAlongAxis by f32": "DTypeError: takeAlongAxis: the index: takes i32, got f32[5, 2]",
      "takeAlongAxis over an axis outside": "ShapeError: takeAlongAxis: [5, 2] has no axis 2",
      "topK of more than there are": "ArgumentError: topK: k must be a whole number from 0 to 3, got 4",
      "transpose of a vector": "ShapeError: transpose: [2] has no axis -2",
      "uniform of half a size": "ShapeError: uniform: [0.5] is not a shape",
      "uniform with a key of f32": "DTypeError: uniform: the key: takes i32, got f32[3]",
      "uniform with many keys": "ShapeError: uniform: a key is two scalars, not [3]",
      "unsqueeze outside": "ShapeError: unsqueeze: [2, 1] has no axis 3",
      "variance of i32": "DTypeError: variance: takes f32, got i32[2]",
    }
  `);
});
