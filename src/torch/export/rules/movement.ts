// The same elements elsewhere.
import { type Size, sameSizes, sizesFrom } from "../../../onnx/export/sizes.ts";
import type { SliceAttrs, SpreadAttrs } from "../../../ops/movement.ts";
import type { UnfoldAttrs } from "../../../ops/unfold.ts";
import { type Code, type Rule, snake, unrepeated } from "../code.ts";
import { numberText, TYPES } from "../python.ts";

export const reshape: Rule = (code, { tensor, inputs: [from], sizes }) => {
  const before = unrepeated(from);
  if (code.isNumber(before)) return code.filled(tensor, before);
  code.give(tensor, code.reshaped(code.text(from), sizes));
};

export const permute: Rule<{ readonly order: readonly number[] }> = (code, { tensor, inputs: [from], attrs }) => {
  const order = code.fixed(
    attrs.map((each) => each.order),
    "the order of axes",
  );
  if (order.every((axis, i) => axis === i)) return code.same(tensor, from);
  code.give(tensor, `${code.text(from)}.permute(${order.join(", ")})`);
};

export const broadcastTo: Rule = (code, { tensor, inputs: [from], sizes }) => {
  if (code.isNumber(from)) code.filled(tensor, from);
  else code.later(tensor, () => `${code.text(from)}.expand(${code.sizes(sizes)})`);
};

/** Places of ranges as an index of Python's, and the axes along which elements are met the other way round. */
function indexOf(
  code: Code,
  ranges: readonly SliceAttrs[],
  whole: readonly Size[],
): { index: string; turned: number[] } {
  const steps = code.fixed(
    ranges.map((range) => range.steps),
    "the step of a slice",
  );
  const sizes = sizesFrom(ranges.map((range) => range.sizes));
  const turned = steps.flatMap((step, axis) => (step < 0 && sizes[axis] !== 1 ? [axis] : []));
  const parts = steps.map((step, axis) => {
    if (sameSizes([sizes[axis]], [whole[axis]]) && Math.abs(step) === 1) return ":";
    // Backwards: the same elements from the last one on.
    const list = ranges.map(({ starts, sizes: counts }) => {
      const last = starts[axis] + (counts[axis] - 1) * step;
      return [Math.min(starts[axis], last), Math.max(starts[axis], last) + 1];
    });
    const [from, to] = sizesFrom(list);
    const behind = sameSizes([to], [whole[axis]]) ? "" : code.size(to);
    const by = Math.abs(step) === 1 ? "" : `:${Math.abs(step)}`;
    return `${from === 0 ? "" : code.size(from)}:${behind}${by}`;
  });
  while (parts.at(-1) === ":") parts.pop();
  return { index: parts.join(", "), turned };
}

export const slice: Rule<SliceAttrs> = (code, { tensor, inputs: [from], attrs, sizes }) => {
  if (sizes.some((size) => size === 0)) {
    code.give(tensor, `torch.zeros(${code.shape(sizes)}, dtype=${TYPES[tensor.dtype]}, ${code.device()})`);
    return;
  }
  const { index, turned } = indexOf(code, attrs, code.sizesOf(from));
  const taken = index === "" ? code.text(from) : `${code.text(from)}[${index}]`;
  code.give(tensor, turned.length === 0 ? taken : `${taken}.flip(${turned.join(", ")})`);
};

// Around one input, zeros or another number; of several, each is put in its place.
export const spread: Rule<SpreadAttrs> = (code, { tensor, inputs, attrs, sizes }) => {
  const value = code.fixed(
    attrs.map((each) => each.value),
    "what lies around a tensor",
  );
  const isPad = inputs.length === 1 && attrs.every(({ ranges: [{ steps }] }) => steps.every((step) => step === 1));
  const text = numberText(value, tensor.dtype);
  if (isPad) {
    const pads = sizesFrom(
      attrs.map(({ shape, ranges: [{ starts, sizes: counts }] }) =>
        shape.flatMap((size, axis) => [starts[axis], size - starts[axis] - counts[axis]]).map((pad) => pad),
      ),
    );
    // The last axis is told first, and the first ones are left out if nothing is added to them.
    const pairs = sizes.map((_, axis) => pads.slice(2 * axis, 2 * axis + 2));
    while (pairs.length > 0 && pairs[0].every((pad) => pad === 0)) pairs.shift();
    const told = pairs.reverse().flat();
    if (told.length === 0) return code.same(tensor, inputs[0]);
    code.give(tensor, `F.pad(${code.text(inputs[0])}, ${code.shape(told)}${value === 0 ? "" : `, value=${text}`})`);
    return;
  }
  const parts = inputs.map((input) => code.text(input));
  const name = code.assign(
    snake(tensor.op.name),
    `torch.full(${code.shape(sizes)}, ${text}, dtype=${TYPES[tensor.dtype]}, ${code.device()})`,
  );
  for (const [i, part] of parts.entries()) {
    const ranges = attrs.map((each) => each.ranges[i]);
    if (ranges.some((range) => range.sizes.includes(0))) continue;
    const { index, turned } = indexOf(code, ranges, sizes);
    code.line(`${name}[${index || ":"}] = ${turned.length === 0 ? part : `${part}.flip(${turned.join(", ")})`}`);
  }
  code.giveName(tensor, name);
};

export const concat: Rule<{ readonly axis: number }> = (code, { tensor, inputs, attrs: [{ axis }] }) =>
  code.give(tensor, `torch.cat([${inputs.map((input) => code.text(input)).join(", ")}], ${axis})`);

export const unfold: Rule<UnfoldAttrs> = (code, { tensor, inputs: [from], attrs }) => {
  const { axis, size, step } = code.fixed(attrs as UnfoldAttrs[], "a sliding window");
  code.give(tensor, `${code.text(from)}.unfold(${axis}, ${size}, ${step})`);
};
