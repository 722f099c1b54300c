// Windows over planes, and elements put back into planes.

import { ArgumentError } from "../../../errors.ts";
import { placesOf } from "../../../onnx/export/rules/windows.ts";
import type { PoolAttrs, ScatterPlanesAttrs, Windows } from "../../../ops/pooling.ts";
import { type Code, NAME, type Node, type Rule } from "../code.ts";
import { each, flag, tuple } from "../python.ts";

/** How torch's poolings are told of windows; undefined for those that they have not. */
interface Told {
  /** Axes of one element in front are left out. */
  readonly axes: readonly Windows[];
  readonly ceil: boolean;
}

function toldOf(windows: readonly Windows[]): Told | undefined {
  const some = windows.findIndex(({ size, out, kernel }) => size !== 1 || out !== 1 || kernel > 1);
  const axes = windows.slice(Math.min(some < 0 ? windows.length - 2 : some, windows.length - 2));
  const countOf = ({ size, kernel, stride, padding, dilation }: Windows, ceil: boolean) => {
    const room = size + 2 * padding - dilation * (kernel - 1) - 1;
    const count = (ceil ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
    // A last window that would begin behind the image is none.
    return ceil && (count - 1) * stride >= size + padding ? count - 1 : count;
  };
  if (axes.some(({ kernel, padding }) => kernel === 0 || 2 * padding > kernel)) return undefined;
  const ceil = [false, true].find((way) => axes.every((axis) => countOf(axis, way) === axis.out));
  return ceil === undefined ? undefined : { axes, ceil };
}

/** Windows at all batches. */
function windowsOf(code: Code, { attrs }: Node<PoolAttrs>): readonly Windows[] {
  return code.fixed(
    attrs.map(({ axes }) => [...axes]),
    "a window of a pooling",
  );
}

/** Arguments of a pooling. */
function options({ axes, ceil }: Told, withDilation: boolean): string {
  const list = (key: keyof Windows) => axes.map((axis) => axis[key]);
  const told = [each(list("kernel")), each(list("stride")), each(list("padding"))];
  if (withDilation && list("dilation").some((one) => one !== 1)) told.push(`dilation=${each(list("dilation"))}`);
  if (ceil) told.push("ceil_mode=True");
  return told.join(", ");
}

/** Planes as poolings of so many axes take them: each a row of its own, of one channel. */
function planes(code: Code, { inputs: [x] }: Node<PoolAttrs>, { axes }: Told): string {
  return code.reshaped(code.text(x), [code.sizesOf(x)[0], 1, ...axes.map(({ size }) => size)]);
}

/** One axis after the other: its windows' elements side by side, and reduced. */
function byAxes(
  code: Code,
  text: string,
  windows: readonly Windows[],
  reduce: (x: string, axis: number, weights: string) => string,
) {
  return windows.reduce((value, axis, i) => {
    if (axis.size === axis.out && axis.kernel === 1) return value;
    const { places, weights, most } = placesOf(axis);
    const index = code.file.constant(places, [places.length], "i32");
    const shape = [axis.out, most, ...windows.slice(i + 1).map(() => 1)];
    const taken = `${value}.index_select(${i + 1}, ${index}).unflatten(${i + 1}, (${axis.out}, ${most}))`;
    return code.assign("windows", reduce(taken, i + 2, code.file.constant(weights, shape, "f32")));
  }, text);
}

/** Windows that together cover each axis, whatever its size, if all of them do. */
function coveringOf(windows: readonly Windows[]): Told | undefined {
  const [d, ...axes] = windows;
  const covers = ({ size, out, kernel }: Windows) => kernel === 0 || (size === 1 && out === 1);
  if (!windows.every(covers)) return undefined;
  return { axes: d.size === 1 && d.out === 1 ? axes : windows, ceil: false };
}

export const maxPool: Rule<PoolAttrs> = (code, node) => {
  const { tensor, sizes } = node;
  const windows = windowsOf(code, node);
  const told = toldOf(windows);
  const withPlaces = code.wanted.get(tensor)?.has(1) ?? false;
  const covering = told === undefined ? coveringOf(windows) : undefined;
  if (told === undefined && covering === undefined) {
    if (withPlaces)
      throw new ArgumentError(
        `${NAME}: places of the largest, of windows that torch's max_pool has not, are not written`,
      );
    const value = byAxes(code, code.text(node.inputs[0]), windows, (taken, axis) => `${taken}.amax(${axis})`);
    code.giveItems(tensor, [value]);
    return;
  }
  const call =
    told === undefined
      ? `F.adaptive_max_pool${covering?.axes.length}d(${planes(code, node, covering as Told)}, ${tuple((covering as Told).axes.map(({ out }) => out))}`
      : `F.max_pool${told.axes.length}d(${planes(code, node, told)}, ${options(told, true)}`;
  if (!withPlaces) {
    code.giveItems(tensor, [code.assign("pooled", code.reshaped(`${call})`, sizes))]);
    return;
  }
  const [values, places] = ["pooled", "places"].map((stem) => code.newName(stem));
  code.line(`${values}, ${places} = ${call}, return_indices=True)`);
  code.giveItems(tensor, [code.reshaped(values, sizes), `${code.reshaped(places, sizes)}.int()`]);
};

export const sumPool: Rule<PoolAttrs> = (code, node) => {
  const windows = windowsOf(code, node);
  const told = toldOf(windows);
  if (told === undefined || told.axes.some(({ dilation }) => dilation > 1)) {
    const reduce = (taken: string, axis: number, weights: string) => `(${taken} * ${weights}).sum(${axis})`;
    code.give(node.tensor, byAxes(code, code.text(node.inputs[0]), windows, reduce));
    return;
  }
  const call = `F.avg_pool${told.axes.length}d(${planes(code, node, told)}, ${options(told, false)}, divisor_override=1)`;
  code.give(node.tensor, code.reshaped(call, node.sizes), "pooled");
};

export const scatterPlanes: Rule<ScatterPlanesAttrs> = (code, { tensor, inputs: [updates, index], attrs, sizes }) => {
  const given = [code.text(updates), code.text(index), code.shape(sizes), flag(attrs[0].last)];
  code.give(tensor, `${code.file.helper("put_in_planes")}(${given.join(", ")})`);
};
