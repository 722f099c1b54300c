// A drawing as MNIST has its digits: scaled into a box of 20x20 pixels, its centre of mass in the middle of 28x28.

const SIDE = 28;
const BOX = 20;

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** The smallest box around all ink; undefined where there is none. */
export function inkBox(ink: Uint8Array, width: number): Box | undefined {
  let [left, top, right, bottom] = [width, Number.POSITIVE_INFINITY, -1, -1];
  ink.forEach((value, i) => {
    if (value === 0) return;
    const x = i % width;
    const y = (i - x) / width;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = y;
  });
  return bottom < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * 28x28 bytes of a drawing of any size, its ink 0 (none) to 255: scaled with its proportions kept, each pixel the mean of what it covers.
 * Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits".
 * @returns undefined where there is no ink
 */
export function centreDigit(ink: Uint8Array, width: number): Uint8Array | undefined {
  const box = inkBox(ink, width);
  if (box === undefined) return undefined;
  const scale = BOX / Math.max(box.width, box.height);
  const columns = Math.max(1, Math.round(box.width * scale));
  const rows = Math.max(1, Math.round(box.height * scale));
  const small = shrunk(ink, width, box, columns, rows);
  const [x, y] = centreOfMass(small, columns);
  const left = clamp(Math.round(SIDE / 2 - x), SIDE - columns);
  const top = clamp(Math.round(SIDE / 2 - y), SIDE - rows);
  const result = new Uint8Array(SIDE * SIDE);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      result[(top + row) * SIDE + left + column] = Math.round(small[row * columns + column]);
  return result;
}

/** Means over the parts of the box, those at the edges of a part by the share of them inside. */
function shrunk(ink: Uint8Array, width: number, box: Box, columns: number, rows: number): Float32Array {
  const result = new Float32Array(columns * rows);
  const [stepX, stepY] = [box.width / columns, box.height / rows];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [x0, x1] = [column * stepX, (column + 1) * stepX];
      const [y0, y1] = [row * stepY, (row + 1) * stepY];
      let sum = 0;
      for (let y = Math.floor(y0); y < y1; y++)
        for (let x = Math.floor(x0); x < x1; x++) {
          const share = (Math.min(x + 1, x1) - Math.max(x, x0)) * (Math.min(y + 1, y1) - Math.max(y, y0));
          const [atX, atY] = [Math.min(x, box.width - 1), Math.min(y, box.height - 1)];
          sum += share * ink[(box.top + atY) * width + box.left + atX];
        }
      result[row * columns + column] = sum / (stepX * stepY);
    }
  return result;
}

function centreOfMass(values: Float32Array, columns: number): [number, number] {
  let [sum, sumX, sumY] = [0, 0, 0];
  values.forEach((value, i) => {
    sum += value;
    sumX += value * ((i % columns) + 0.5);
    sumY += value * (Math.floor(i / columns) + 0.5);
  });
  return [sumX / sum, sumY / sum];
}

function clamp(value: number, most: number): number {
  return Math.min(Math.max(value, 0), most);
}
