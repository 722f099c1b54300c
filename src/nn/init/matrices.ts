// Initialisers that give matrices (or kernels) a structure: orthogonal, the identity, mostly zeros.
import { aFiniteNumber, aNumberWithin, aWholeNumber } from "../../check.ts";
import { constant as data } from "../../create.ts";
import { ArgumentError, ShapeError } from "../../errors.ts";
import { scan } from "../../ops/loop.ts";
import * as random from "../../ops/random.ts";
import { checkShape, LISTED, type Shape, showShape, sizeOf } from "../../shape.ts";
import { arange, scalar, type Tensor } from "../../tensor.ts";
import type { Initializer } from "../../variable.ts";
import { normal } from "./distributions.ts";

/**
 * Rows, or columns where there are fewer of them, of length `gain` and orthogonal, every such matrix as likely: Gram and Schmidt's procedure
 * on normal rows, which is QR with a positive diagonal (Mezzadri 2007, Saxe et al. 2014); for weights [out, ...], as torch.nn.init.orthogonal_.
 * Done twice a row ("twice is enough", Giraud et al. 2005), in a loop of the init program: off by a few roundings, the same everywhere.
 * @throws ShapeError for fewer than two axes
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * const q = init.orthogonal()([2, 5], randomKey(0, "weight"));
 * await evaluate(q.matmul(q, { transposeB: true }).mul(1000).add(0.5).floor().div(1000)); // => [1, 0, 0, 1]
 */
export function orthogonal(gain = 1): Initializer {
  aFiniteNumber(gain, "init.orthogonal: gain");
  return (shape, key) => {
    if (shape.length < 2) throw new ShapeError(`init.orthogonal: needs two axes or more, got ${showShape(shape)}`);
    const rows = shape[0];
    const columns = sizeOf(shape.slice(1));
    if (rows === 0 || columns === 0) return scalar(0).broadcastTo(shape);
    const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
    const basis = orthonormal(random.normal(key, [count, length]));
    return (rows < columns ? basis : basis.transpose()).reshape(shape).mul(gain);
  };
}

/** Orthonormal rows that span those of a matrix with no more rows than columns. */
function orthonormal(matrix: Tensor): Tensor {
  const [count, length] = matrix.shape;
  const places = arange(count).unsqueeze(-1);
  const { carries } = scan(
    ([basis], [row, place]) => {
      // Rows that are still to come are 0 and take nothing away.
      const without = (v: Tensor) => v.sub(basis.matmul(v).matmul(basis));
      const rest = without(without(row));
      const next = rest.mul(rest.square().sum().rsqrt());
      return { carries: [places.equal(place).select(next, basis)] };
    },
    [scalar(0).broadcastTo([count, length])],
    [matrix, arange(count)],
  );
  return carries[0];
}

/**
 * `gain` on the diagonal of a matrix [out, in], else 0, as torch.nn.init.eye_ and Keras's Identity.
 * @throws ShapeError unless there are two axes
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * await evaluate(init.identity()([2, 3], randomKey(0, "weight"))); // => [1, 0, 0, 0, 1, 0]
 */
export function identity(gain = 1): Initializer {
  aFiniteNumber(gain, "init.identity: gain");
  return (shape) => {
    checkMatrix(shape, "init.identity");
    return arange(shape[0]).unsqueeze(-1).equal(arange(shape[1])).mul(gain);
  };
}

/**
 * torch's name for `identity()`.
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * await evaluate(init.eye()([2, 2], randomKey(0, "weight"))); // => [1, 0, 0, 1]
 */
export function eye(): Initializer {
  return identity();
}

/**
 * Kernels [out, in, ...sizes] of convolutions that pass as many channels as they can unchanged: 1 in the middle of kernel [i, i], else 0; in
 * each of `groups` groups of outputs, as torch.nn.init.dirac_.
 * @throws ShapeError unless there are three to five axes, ArgumentError where the outputs do not fall into as many groups
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * await evaluate(init.dirac()([2, 2, 3], randomKey(0, "weight"))); // => [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]
 */
export function dirac(groups = 1): Initializer {
  aWholeNumber(1)(groups, "init.dirac: groups");
  return (shape) => {
    if (shape.length < 3 || shape.length > 5)
      throw new ShapeError(`init.dirac: needs [out, in, ...sizes] of three to five axes, got ${showShape(shape)}`);
    const [outputs, inputs, ...sizes] = shape;
    if (outputs % groups !== 0)
      throw new ArgumentError(`init.dirac: ${outputs} outputs do not fall into ${groups} groups`);
    checkShape(shape, "init.dirac", LISTED);
    const values = new Float32Array(sizeOf(shape));
    const middle = sizes.reduce((at, size) => at * size + Math.floor(size / 2), 0);
    const each = outputs / groups;
    for (let output = 0; output < outputs; output++) {
      const channel = output % each;
      if (channel < inputs) values[(output * inputs + channel) * sizeOf(sizes) + middle] = 1;
    }
    return data(values, { shape });
  };
}

/**
 * Normal with a deviation (default 0.01), but in every column of the matrix [out, in] a share `sparsity` of the rows, chosen at random and
 * rounded up, is 0 (Martens 2010), as torch.nn.init.sparse_.
 * @throws ShapeError unless there are two axes, ArgumentError for a sparsity outside 0..1 or a deviation below 0
 *
 * @example
 * import { evaluate, randomKey } from "simdgrad";
 * import { init } from "simdgrad/nn";
 * const values = await evaluate(init.sparse(0.75)([4, 10], randomKey(0, "weight")));
 * values.filter((value) => value === 0).length; // => 30
 */
export function sparse(sparsity: number, deviation = 0.01): Initializer {
  aNumberWithin(0, 1)(sparsity, "init.sparse: sparsity");
  const numbers = normal(0, deviation);
  return (shape, key) => {
    checkMatrix(shape, "init.sparse");
    const [rows, columns] = shape;
    const values = numbers(shape, key);
    if (rows === 0 || columns === 0) return values;
    // One permutation of the rows a column; its key is none that the normal numbers have.
    const index = arange(rows).unsqueeze(-1).broadcastTo(shape);
    const [a, b] = random.foldIn([key[1], key[0]], arange(columns));
    const place = random.permuteIndex(index, [a, b], rows);
    return place.less(Math.ceil(sparsity * rows)).select(0, values);
  };
}

function checkMatrix(shape: Shape, name: string): void {
  if (shape.length !== 2) throw new ShapeError(`${name}: needs a matrix [out, in], got ${showShape(shape)}`);
}
