// Weights of 8 bits: of each row, which is all that one output channel is made of, the largest is 127 steps from 0.

/** A matrix in bytes, 128 for 0, with what a step is worth in each of its rows. */
export interface Quantized {
  readonly data: Uint8Array;
  readonly scales: Float32Array;
}

/** @returns undefined for what is not finite, which has no steps */
export function quantized(data: Float32Array, rows: number): Quantized | undefined {
  if (!data.every(Number.isFinite)) return undefined;
  const width = data.length / rows;
  const result = { data: new Uint8Array(data.length), scales: new Float32Array(rows) };
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * width, (row + 1) * width);
    const scale = Math.fround(own.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127);
    result.scales[row] = scale;
    for (const [i, value] of own.entries())
      result.data[row * width + i] = 128 + (scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(value / scale))));
  }
  return result;
}
