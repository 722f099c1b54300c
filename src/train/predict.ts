// Predicting any number of rows with few programs: rows are padded to the next of a few sizes. It imports nothing but shapes: loaded with
// the first prediction, it would otherwise cut what it shares out of the core.
import type { NumericArray, TypedData } from "../data/array.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import { type Aval, sizeOf } from "../shape.ts";

const SIZES = [1, 8, 64, 256];

/** Gives the loaded prediction program for so many rows. */
export type Load = (rows: number) => Promise<ProgramId>;

/** The model's outputs, each like `output`, for all rows of x. Not to be called again before it is done. */
export async function predictRows(executor: Executor, x: TypedData, output: Aval, load: Load): Promise<NumericArray> {
  const [rows, ...row] = x.shape;
  const [width, outputWidth] = [sizeOf(row), sizeOf(output.shape)];
  const result = output.dtype === "i32" ? new Int32Array(rows * outputWidth) : new Float32Array(rows * outputWidth);
  for (let start = 0; start < rows; ) {
    const size = SIZES.find((limit) => limit >= rows - start) ?? SIZES[SIZES.length - 1];
    const count = Math.min(size, rows - start);
    const id = await load(size);
    const padded =
      x.dtype === "u8"
        ? new Uint8Array(size * width)
        : x.dtype === "i32"
          ? new Int32Array(size * width)
          : new Float32Array(size * width);
    padded.set(x.data.subarray(start * width, (start + count) * width));
    await executor.write({ program: id, name: "x" }, padded);
    await executor.run([[id, 1]], { urgent: true }).done;
    const values = await executor.read({ program: id, name: "y" });
    result.set(values.subarray(0, count * outputWidth), start * outputWidth);
    start += count;
  }
  return { data: result, shape: [rows, ...output.shape] };
}
