// Where windows lie along the axes of an image, by the attributes that convolutions and poolings share.
import { DataError, ShapeError } from "../../errors.ts";
import { type Shape, showShape } from "../../shape.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";

/** Windows along one axis. */
export interface Axis {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  /** Places before the first element, and behind the last. */
  readonly before: number;
  readonly after: number;
  /** How many windows there are. */
  readonly out: number;
}

/** @throws DataError for windows of no places */
export function checkKernel(kernel: Shape): void {
  if (kernel.some((each) => !(Number.isInteger(each) && each >= 1)))
    throw new DataError(`a kernel of ${showShape(kernel)} sees nothing`);
}

/** One number an axis. */
export function perAxis(node: Node, name: string, axes: number, otherwise: number): readonly number[] {
  const list = node.ints(name, Array<number>(axes).fill(otherwise));
  if (list.length !== axes) throw new DataError(`${name} has ${list.length} numbers for ${axes} axes`);
  if (list.some((each) => !Number.isInteger(each) || each < otherwise))
    throw new DataError(`${name} is ${showShape(list)}`);
  return list;
}

/** Pads of all axes before, then behind. */
export function padsOf(node: Node, axes: number): readonly number[] {
  const pads = node.ints("pads", Array<number>(2 * axes).fill(0));
  if (pads.length !== 2 * axes) throw new DataError(`${pads.length} pads for ${axes} axes`);
  if (pads.some((each) => each < 0)) throw new Refusal("pads below 0");
  return pads;
}

/** How padding is found: by pads, by none, or so that a stride of 1 keeps the size, an odd one more before or behind. */
export function autoPad(node: Node): string {
  const kind = node.text("auto_pad", "NOTSET");
  if (!["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"].includes(kind))
    throw new DataError(`there is no auto_pad ${kind}`);
  return kind;
}

/** @throws ShapeError where a window is larger than what there is */
export function axesOf(node: Node, spatial: Shape, kernel: Shape): Axis[] {
  const axes = spatial.length;
  if (kernel.length !== axes)
    throw new ShapeError(`a kernel of ${showShape(kernel)} does not fit ${showShape(spatial)}`);
  checkKernel(kernel);
  const [strides, dilations] = [perAxis(node, "strides", axes, 1), perAxis(node, "dilations", axes, 1)];
  const kind = autoPad(node);
  const pads = kind === "NOTSET" ? padsOf(node, axes) : Array<number>(2 * axes).fill(0);
  const isCeil = node.flag("ceil_mode");
  return spatial.map((size, i) => {
    const [stride, dilation] = [strides[i], dilations[i]];
    const reach = (kernel[i] - 1) * dilation + 1;
    const geometry = { size, kernel: kernel[i], stride, dilation };
    if (kind.startsWith("SAME")) {
      const out = Math.ceil(size / stride);
      const total = Math.max(0, (out - 1) * stride + reach - size);
      const less = Math.floor(total / 2);
      const [before, after] = kind === "SAME_UPPER" ? [less, total - less] : [total - less, less];
      return { ...geometry, before, after, out };
    }
    const [before, after] = [pads[i], pads[axes + i]];
    const room = size + before + after - reach;
    let out = (isCeil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    if (isCeil && (out - 1) * stride >= size + before) out--; // a window that begins behind everything is none
    if (out < 1) throw new ShapeError(`a kernel of ${showShape(kernel)} does not fit ${showShape(spatial)}`);
    return { ...geometry, before, after, out };
  });
}
