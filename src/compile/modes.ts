// How the operands and results of a map lie in its domain of rows and columns, by their strides over its axes.
import { MODE_COLUMN, MODE_FULL, MODE_ROW, MODE_ROWS, MODE_SCALAR } from "../../assembly/isa/slots.ts";
import { type Shape, sizeOf } from "../shape.ts";

/** How an operand is read (assembly/isa/slots.ts). */
export interface Mode {
  readonly mode: number;
  readonly div: number;
  readonly mod: number;
}

/** How a map's domain is cut into rows and columns, and how each operand is read then: undefined where no mode does. */
export interface Domain {
  readonly columns: number;
  readonly modes: readonly (Mode | undefined)[];
  /** Words from row to row of each result, 0 where rows follow one another. */
  readonly rows: readonly number[];
}

export const FULL: Mode = { mode: MODE_FULL, div: 1, mod: 1 };
const SCALAR: Mode = { mode: MODE_SCALAR, div: 1, mod: 1 };

/** An axis of more than one element. */
interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** Whether elements of a shape with these strides follow one another, the last axis first. */
export function isDense(shape: Shape, strides: readonly number[]): boolean {
  return isRun(axesOf(shape, strides, 0, shape.length), 1);
}

function axesOf(shape: Shape, strides: readonly number[], from: number, to: number): Axis[] {
  const axes: Axis[] = [];
  for (let i = from; i < to; i++) if (shape[i] !== 1) axes.push({ size: shape[i], stride: strides[i] });
  return axes;
}

/** Whether axes are one, whose elements are `stride` apart. */
function isRun(axes: readonly Axis[], stride: number): boolean {
  let next = stride;
  for (let i = axes.length - 1; i >= 0; i--) {
    if (axes[i].stride !== next) return false;
    next *= axes[i].size;
  }
  return true;
}

const isStill = ({ stride }: Axis): boolean => stride === 0;

/** The mode of an operand that has one whatever the columns are. */
function plainModeOf(shape: Shape, strides: readonly number[]): Mode | undefined {
  const axes = axesOf(shape, strides, 0, shape.length);
  if (isRun(axes, 1) || axes.some(({ size }) => size === 0)) return FULL;
  return axes.every(isStill) ? SCALAR : undefined;
}

/** How an operand is read in a domain whose columns start at axis `split`; undefined if no mode does. */
function modeOf(shape: Shape, strides: readonly number[], split: number): Mode | undefined {
  const outer = axesOf(shape, strides, 0, split);
  const inner = axesOf(shape, strides, split, shape.length);
  if (inner.length > 0 && isRun(inner, 1)) {
    if (outer.every(isStill)) return { mode: MODE_ROW, div: 1, mod: 1 };
    const row = outer[outer.length - 1].stride;
    return isRun(outer, row) && row >= sizeOf(shape.slice(split)) ? { mode: MODE_ROWS, div: row, mod: 1 } : undefined;
  }
  if (!inner.every(isStill)) return undefined;
  // One element a row: still axes, then those it walks along, then still ones again.
  const first = outer.findIndex((axis) => !isStill(axis));
  const last = outer.findLastIndex((axis) => !isStill(axis));
  const walked = outer.slice(first, last + 1);
  if (!isRun(walked, 1)) return undefined;
  const product = (axes: readonly Axis[]) => axes.reduce((size, axis) => size * axis.size, 1);
  return { mode: MODE_COLUMN, div: product(outer.slice(last + 1)), mod: product(walked) };
}

/** Words from row to row of a result, 0 where rows follow one another; undefined if it cannot be written by rows. */
function rowOf(shape: Shape, strides: readonly number[], split: number): number | undefined {
  if (plainModeOf(shape, strides) === FULL) return 0;
  const mode = modeOf(shape, strides, split);
  return mode?.mode === MODE_ROWS ? mode.div : undefined;
}

/** The domain under which all results can be written and most operands have a mode; undefined if the results never can. */
export function domainOf(
  shape: Shape,
  operands: readonly (readonly number[])[],
  results: readonly (readonly number[])[],
): Domain | undefined {
  const plain = operands.map((strides) => plainModeOf(shape, strides));
  const isChoosy = plain.includes(undefined) || results.some((strides) => plainModeOf(shape, strides) !== FULL);
  let best: Domain | undefined;
  let most = -1;
  for (let split = 0; split <= (isChoosy ? shape.length : 0); split++) {
    const rows = results.flatMap((strides) => rowOf(shape, strides, split) ?? []);
    if (rows.length < results.length) continue;
    const modes = operands.map((strides, i) => plain[i] ?? modeOf(shape, strides, split));
    const count = modes.filter((mode) => mode !== undefined).length;
    if (count <= most) continue;
    most = count;
    best = { columns: Math.max(1, sizeOf(shape.slice(split))), modes, rows };
  }
  return best;
}
