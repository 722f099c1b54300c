// Ops of single elements. PyTorch's broadcast as NumPy does.
import { isFlatAtZero } from "../../../ops/elementwise.ts";
import type { Rule } from "../code.ts";
import { bare } from "../python.ts";

/** A function of torch's with the op's operands. */
export function called(name: string): Rule {
  return (code, { tensor, inputs, sizes }) =>
    code.give(tensor, `torch.${name}(${code.operands(inputs, sizes).map(bare).join(", ")})`);
}

/** An operator of Python's, which takes plain numbers, too. */
export function infix(sign: string): Rule {
  return (code, { tensor, inputs, sizes }) => {
    const [a, b] = code.operands(inputs, sizes, "numbers");
    code.give(tensor, `(${a} ${sign} ${b})`);
  };
}

export const neg: Rule = (code, { tensor, inputs, sizes }) =>
  code.give(tensor, `(-${code.operands(inputs, sizes)[0]})`);

/** A function of the model's own for whole numbers, something else for floats. */
function ofWhole(name: "divided" | "remainder", floats: Rule): Rule {
  return (code, node) => {
    if (node.tensor.dtype === "f32") return floats(code, node);
    const [a, b] = code.operands(node.inputs, node.sizes);
    code.give(node.tensor, `${code.file.helper(name)}(${a}, ${b})`);
  };
}

export const div = ofWhole("divided", infix("/"));
export const remainder = ofWhole("remainder", called("remainder"));

export const root: Rule = (code, { tensor, inputs, sizes }) => {
  const [a] = code.operands(inputs, sizes);
  code.give(tensor, `${isFlatAtZero(inputs[0]) ? code.file.helper("root") : "torch.sqrt"}(${a})`);
};

/** 1 where it holds, else 0; those that choose by it read it as it is. */
export function comparison(sign: string): Rule {
  return (code, { tensor, inputs, sizes }) => {
    // What is 0 where something holds is the contrary of it.
    const isContrary = sign === "==" && code.numberOf(inputs[1]) === 0 && code.isBoolean(inputs[0]);
    const [a, b] = isContrary ? [] : code.operands(inputs, sizes, "numbers");
    const text = isContrary ? `(~${code.boolean(inputs[0])})` : `(${a} ${sign} ${b})`;
    const held = code.usesOf(tensor) > 1 ? code.assign(sign === "<" ? "is_less" : "is_equal", text) : text;
    code.later(tensor, () => `${held}.float()`);
    code.giveBoolean(tensor, held);
  };
}

export const select: Rule = (code, { tensor, inputs, sizes }) => {
  const [condition, ...values] = inputs;
  const [, a, b] = code.operands([condition, ...values], sizes);
  let from = condition;
  while (from.op.lowering.kind === "broadcast") from = from.inputs[0];
  code.give(tensor, `torch.where(${[code.boolean(from), a, b].map(bare).join(", ")})`);
};

export const cast: Rule = (code, { tensor, inputs: [a] }) => {
  if (a.dtype === tensor.dtype) code.same(tensor, a);
  else if (tensor.dtype === "f32") code.give(tensor, `${code.text(a)}.float()`);
  else if (a.dtype === "f32") code.give(tensor, `${code.file.helper("whole")}(${code.text(a)})`);
  else code.give(tensor, `${code.text(a)}.int()`);
};
