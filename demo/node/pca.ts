// Principal components: what a code of the same size reconstructs linearly.
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import { compile, input, WasmExecutor } from "simdgrad";

/** Rows of numbers, one after the other. */
export interface Table {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Products of rows are summed in stretches of so many. */
const STRETCH = 2000;

/** The mean squared error per number, of rows of `test` that are coded by `size` principal components of `train`. */
export async function principalComponentsError(train: Table, test: Table, size: number): Promise<number> {
  const { columns } = train;
  const mean = new Float64Array(columns);
  for (let i = 0; i < train.data.length; i++) mean[i % columns] += train.data[i] / train.rows;
  const moments = await productsOf(train, mean);
  const { eigenvectorMatrix } = new EigenvalueDecomposition(new Matrix(moments), { assumeSymmetric: true });
  const components = Array.from({ length: size }, (_, i) => eigenvectorMatrix.getColumn(columns - 1 - i));
  let wrong = 0;
  const centred = new Float64Array(columns);
  for (let row = 0; row < test.rows; row++) {
    let left = 0;
    for (let i = 0; i < columns; i++) {
      centred[i] = test.data[row * columns + i] - mean[i];
      left += centred[i] ** 2;
    }
    // The components are orthonormal: what each explains is the square of a product.
    for (const component of components) left -= component.reduce((sum, value, i) => sum + value * centred[i], 0) ** 2;
    wrong += left;
  }
  return wrong / (test.rows * columns);
}

/** X^T X of centred rows. */
async function productsOf({ data, rows, columns }: Table, mean: Float64Array): Promise<number[][]> {
  const executor = new WasmExecutor();
  const x = input([STRETCH, columns]);
  const program = await executor.load(
    compile({ inputs: { x }, outputs: { products: x.matmul(x, { transposeA: true }) } }),
  );
  const sums = Array.from({ length: columns }, () => new Array<number>(columns).fill(0));
  for (let first = 0; first < rows; first += STRETCH) {
    const part = new Float32Array(STRETCH * columns);
    const count = Math.min(STRETCH, rows - first) * columns;
    for (let i = 0; i < count; i++) part[i] = data[first * columns + i] - mean[i % columns];
    await executor.write({ program, name: "x" }, part);
    await executor.run([[program, 1]]).done;
    const products = await executor.read({ program, name: "products" });
    for (let i = 0; i < columns; i++) for (let j = 0; j < columns; j++) sums[i][j] += products[i * columns + j];
  }
  await executor.dispose();
  return sums;
}
