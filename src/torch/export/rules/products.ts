// Matrix products and convolutions.
import { sizesFrom } from "../../../onnx/export/sizes.ts";
import type { MatmulAttrs } from "../../../ops/contraction.ts";
import type { ConvolutionAttrs } from "../../../ops/convolution.ts";
import { type Code, type Node, type Rule, unrepeated } from "../code.ts";
import { bare, each, tuple } from "../python.ts";

export const matmul: Rule<MatmulAttrs> = (code, { tensor, inputs: [a, b], attrs: [{ transposeA, transposeB }] }) => {
  const before = unrepeated(b);
  if (!transposeA && transposeB && before.shape.length === 2) {
    code.give(tensor, `F.linear(${bare(code.text(a))}, ${bare(code.text(before))})`, "linear");
    return;
  }
  const [left, right] = [a, b].map((one, i) => {
    const text = code.text(one);
    return [transposeA, transposeB][i] ? `${text}.transpose(-1, -2)` : text;
  });
  code.give(tensor, `(${left} @ ${right})`);
};

function fixedOf(code: Code, attrs: readonly ConvolutionAttrs[]) {
  const own = attrs.map(({ groups, stride, dilation, before, taps }) => ({ groups, stride, dilation, before, taps }));
  return code.fixed(own, "a convolution");
}

/** Pads of all axes, the last one first, as F.pad takes them; nothing where there are none. */
function padded(code: Code, text: string, pads: readonly (readonly number[])[][]): string {
  const lists = sizesFrom(pads.map((own) => [...own].reverse().flat()));
  return lists.every((pad) => pad === 0) ? text : `F.pad(${text}, ${code.shape(lists)})`;
}

function options(list: Readonly<Record<string, readonly number[] | number>>, usual: Readonly<Record<string, number>>) {
  return Object.entries(list)
    .filter(([key, value]) => [value].flat().some((one) => one !== usual[key]))
    .map(([key, value]) => `, ${key}=${typeof value === "number" ? value : each(value)}`)
    .join("");
}

export const convolve: Rule<ConvolutionAttrs> = (code, { tensor, inputs: [x, w], attrs }) => {
  const { groups, stride, dilation, before, taps } = fixedOf(code, attrs);
  // Filters whose taps are met the other way round are turned.
  const turned = dilation.flatMap((apart, axis) => (apart < 0 ? [axis + 2] : []));
  const apart = dilation.map(Math.abs);
  const first = before.map((pad, axis) => (dilation[axis] < 0 ? pad + (taps[axis] - 1) * apart[axis] : pad));
  const pads = attrs.map(({ size, positions }) =>
    size.map((places, axis) => {
      const reach = (taps[axis] - 1) * apart[axis] + 1;
      return [first[axis], (positions[axis] - 1) * stride[axis] + reach - places - first[axis]];
    }),
  );
  const isEven = attrs.every(({ size, positions }) =>
    size.every((places, axis) => {
      const reach = (taps[axis] - 1) * apart[axis] + 1;
      const count = Math.floor((places + 2 * first[axis] - reach) / stride[axis]) + 1;
      return first[axis] >= 0 && count === positions[axis];
    }),
  );
  const filters = turned.length === 0 ? code.text(w) : `${code.text(w)}.flip(${turned.join(", ")})`;
  const image = isEven ? code.text(x) : padded(code, code.text(x), pads);
  const told = options(
    { stride, padding: isEven ? first : 0, dilation: apart, groups },
    { stride: 1, padding: 0, dilation: 1, groups: 1 },
  );
  code.give(tensor, `F.conv${stride.length}d(${image}, ${filters}${told})`, "convolution");
};

export const convolveTransposed: Rule<ConvolutionAttrs> = (code, node) => {
  const { tensor, inputs, attrs } = node as Node<ConvolutionAttrs>;
  const [y, w] = inputs;
  const { groups, stride, dilation, before, taps } = fixedOf(code, attrs);
  const pads = attrs.map(({ size, positions }) =>
    size.map((places, axis) => {
      const all = (positions[axis] - 1) * stride[axis] + (taps[axis] - 1) * dilation[axis] + 1;
      return [-before[axis], places - all + before[axis]];
    }),
  );
  const [rows, columns] = w.shape;
  const filters =
    groups === 1
      ? `${code.text(w)}.transpose(0, 1)`
      : `${code.text(w)}.reshape${tuple([groups, rows / groups, columns, ...taps])}.transpose(1, 2).reshape${tuple([groups * columns, rows / groups, ...taps])}`;
  const told = options({ stride, dilation, groups }, { stride: 1, dilation: 1, groups: 1 });
  const whole = `F.conv_transpose${stride.length}d(${code.text(y)}, ${filters}${told})`;
  code.give(tensor, padded(code, whole, pads), "convolution");
};
