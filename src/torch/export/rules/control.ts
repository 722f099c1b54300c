// Loops, gradients that a model says itself, rows by index, random numbers.

import { input } from "../../../create.ts";
import { type Size, sizeFrom } from "../../../onnx/export/sizes.ts";
import type { LoopBody } from "../../../op.ts";
import type { CustomGradientAttrs } from "../../../ops/leaf.ts";
import type { Tensor } from "../../../tensor.ts";
import type { Code, Node, Rule } from "../code.ts";
import { TYPES } from "../python.ts";

// A loop of Python's: carries are names that each step gives anew.
export const scan: Rule<LoopBody> = (code, node) => {
  const { tensor, inputs, attrs } = node;
  const [{ parameters, carries, sequences, results, reverse }] = attrs;
  code.meet(attrs.map((each) => [...each.results, ...each.parameters]));
  const length = sizeFrom(attrs.map((each) => each.length));
  const wanted = [...(code.wanted.get(tensor) ?? [])].filter((index) => index >= carries).sort((a, b) => a - b);
  if (length === 0) {
    const nothing = (one: Tensor) =>
      `torch.zeros(${code.shape([0, ...code.sizesOf(one)])}, dtype=${TYPES[one.dtype]}, ${code.device()})`;
    const made = [...results, ...parameters.slice(0, carries)];
    code.giveItems(
      tensor,
      made.map((one, i) => (i < carries ? code.name(inputs[i]) : nothing(one))),
    );
    return;
  }
  const given = inputs.map((one, i) => (i < carries ? code.text(one) : code.name(one)));
  const names = given.slice(0, carries).map((text) => code.assign("carry", text));
  const lists = new Map(wanted.map((index) => [index, code.assign("steps", "[]")]));
  const at = code.newName("step");
  const range = `range(${code.size(length)})`;
  code.inside(`for ${at} in ${reverse ? `reversed(${range})` : range}:`, () => {
    for (const [i, parameter] of parameters.entries())
      if (i >= carries + sequences) code.same(parameter, inputs[i]);
      else if (i < carries) code.giveName(parameter, names[i]);
      else code.giveName(parameter, code.assign("now", `${given[i]}[${at}]`));
    for (const [index, list] of lists)
      if (index >= results.length) code.line(`${list}.append(${names[index - results.length]})`);
    code.write(results);
    for (const [index, list] of lists)
      if (index < results.length) code.line(`${list}.append(${code.text(results[index])})`);
    const changed = names.flatMap((name, i) => (results[i] === parameters[i] ? [] : [[name, code.text(results[i])]]));
    if (changed.length > 0)
      code.line(`${changed.map(([name]) => name).join(", ")} = ${changed.map(([, text]) => text).join(", ")}`);
  });
  const items: string[] = [...names];
  for (const [index, list] of lists)
    items[index] = code.assign("stacked", `torch.stack(${list}${reverse ? "[::-1]" : ""})`);
  code.giveItems(tensor, items);
};

/** A value whose gradient is made by lines that the model's own rule gives. */
export const customGradient: Rule<CustomGradientAttrs> = (code, node) => {
  const { tensor } = node;
  const [value, ...given] = node.inputs;
  const name = code.name(value);
  code.giveName(tensor, name); // which rules may read
  const shares = code.twinsOf(tensor).map((twin) => {
    const { vjp } = twin.attrs as CustomGradientAttrs;
    const cotangent = input(twin.shape, twin.dtype);
    return { cotangent, made: vjp(cotangent, twin.inputs.slice(1), twin) };
  });
  const told = (made: readonly (Tensor | undefined)[]) => made.filter((each) => each !== undefined);
  code.meet(shares.map(({ cotangent, made }) => [...told(made), cotangent]));
  const [{ cotangent, made }] = shares;
  const texts = given.map((each) => code.text(each));
  const kept = code.keep(told(made));
  const [rule, slope] = ["rule", "cotangent"].map((stem) => code.newName(stem));
  // A loop gives its names anew: what the rule reads is kept with it.
  code.inside(`def ${rule}(${[slope, ...kept.map((each) => `${each}=${each}`)].join(", ")}):`, () => {
    code.giveName(cotangent, slope);
    code.write(told(made));
    const results = made.map((each) => (each === undefined ? "None" : code.text(each)));
    code.line(`return ${results.join(", ")}${results.length === 1 ? "," : ""}`);
  });
  const call = `${code.file.helper("CustomGradient")}.apply(${[rule, `${name}.detach()`, ...texts].join(", ")})`;
  code.giveName(tensor, code.assign("value", call));
};

export const gather: Rule = (code, { tensor, inputs: [from, index] }) =>
  code.give(tensor, `${code.file.helper("rows")}(${code.text(from)}, ${code.text(index)})`);

export const scatterAdd: Rule<{ readonly shape: readonly number[] }> = (code, node) => {
  const { tensor, inputs, sizes } = node as Node & { readonly sizes: readonly Size[] };
  const [updates, index] = inputs;
  const given = [code.text(index), code.text(updates), code.shape(sizes)];
  code.give(tensor, `${code.file.helper("add_rows")}(${given.join(", ")})`);
};

export const item: Rule<{ readonly index: number }> = (code, { tensor, inputs: [from], attrs: [{ index }] }) => {
  const text = code.itemOf(from, index);
  if (/^\w+$/.test(text)) code.giveName(tensor, text);
  else code.give(tensor, text);
};

/** PyTorch draws numbers of its own in their place. */
export const uniform: Rule = (code: Code, { tensor, sizes }) =>
  code.give(tensor, `torch.rand(${code.shape(sizes)}, ${code.device()})`);
