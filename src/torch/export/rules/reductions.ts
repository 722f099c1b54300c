// Reductions, running ones too, sorting, and what is normalised by reductions.
import type { CumulativeAttrs, CumulativeMaxAttrs } from "../../../ops/cumulative.ts";
import type { NormalizeAttrs } from "../../../ops/normalize.ts";
import type { ReduceAttrs } from "../../../ops/reduction.ts";
import type { SortAttrs } from "../../../ops/sort.ts";
import type { Rule } from "../code.ts";
import { each, flag, numberText } from "../python.ts";

/** A method with the axes; `options` say more. */
function reduced(write: (x: string, axes: string) => string): Rule<ReduceAttrs> {
  return (code, { tensor, inputs: [a], attrs: [{ axes }] }) => {
    if (axes.length === 0) return code.same(tensor, a);
    code.give(tensor, write(code.text(a), axes.length === 1 ? `${axes[0]}` : `(${axes.join(", ")})`));
  };
}

export const sum: Rule<ReduceAttrs> = (code, node) =>
  reduced((x, axes) => `${x}.sum(${axes}${node.tensor.dtype === "i32" ? ", dtype=torch.int32" : ""})`)(code, node);
export const norm = reduced((x, axes) => `torch.linalg.vector_norm(${x}, dim=${axes})`);
export const max = reduced((x, axes) => `torch.amax(${x}, ${axes})`);

export const argmax: Rule<ReduceAttrs> = (code, { tensor, inputs: [a], attrs: [{ axes }] }) => {
  const index = axes.length === 1 ? `argmax(${axes[0]})` : "reshape(-1).argmax(0)";
  code.give(tensor, `${code.text(a)}.${index}.int()`);
};

export const softmax: Rule = (code, { tensor, inputs: [rows] }) =>
  code.give(tensor, `torch.softmax(${code.text(rows)}, 1)`);

export const logSumExp: Rule = (code, { tensor, inputs: [rows] }) =>
  code.give(tensor, `torch.logsumexp(${code.text(rows)}, 1)`);

export const crossEntropy: Rule = (code, { tensor, inputs: [logits, target] }) =>
  code.give(tensor, `F.cross_entropy(${code.text(logits)}, ${code.text(target)}.long(), reduction="none")`);

export const cumulativeSum: Rule<CumulativeAttrs> = (code, { tensor, inputs: [a], attrs: [attrs] }) => {
  const { axis, reverse, exclusive } = attrs;
  const name = code.file.helper("running_sum");
  code.give(tensor, `${name}(${code.text(a)}, ${axis}, reverse=${flag(reverse)}, exclusive=${flag(exclusive)})`);
};

export const cumulativeMax: Rule<CumulativeMaxAttrs> = (code, { tensor, inputs: [a], attrs: [attrs] }) => {
  const { axis, smallest } = attrs;
  const [values, places] = ["values", "places"].map((stem) => code.newName(stem));
  code.line(`${values}, ${places} = torch.${smallest ? "cummin" : "cummax"}(${code.text(a)}, ${axis})`);
  code.giveItems(tensor, [values, `${places}.int()`]);
};

export const sort: Rule<SortAttrs> = (code, { tensor, inputs: [a], attrs: [{ descending }] }) => {
  const [values, places] = ["values", "places"].map((stem) => code.newName(stem));
  const options = `dim=1, descending=${flag(descending)}, stable=True`;
  code.line(`${values}, ${places} = torch.sort(${code.text(a)}, ${options})`);
  code.giveItems(tensor, [values, `${places}.int()`]);
};

export const normalizeRows: Rule<NormalizeAttrs> = (
  code,
  { tensor, inputs: [rows, epsilon], attrs: [attrs], sizes },
) => {
  const eps = code.numberOf(epsilon);
  const [, columns] = sizes;
  const isPlain = attrs.centred && eps !== undefined && typeof columns === "number";
  if (isPlain && !code.wanted.get(tensor)?.has(1)) {
    const text = `F.layer_norm(${code.text(rows)}, (${each([columns])},), eps=${numberText(eps, "f32")})`;
    code.giveItems(tensor, [code.assign("normalized", text)]);
    return;
  }
  const [values, inverse] = ["normalized_rows", "inverse"].map((stem) => code.newName(stem));
  const given = [code.text(rows), code.number(epsilon), flag(attrs.centred)];
  code.line(`${values}, ${inverse} = ${code.file.helper("normalized")}(${given.join(", ")})`);
  code.giveItems(tensor, [values, inverse]);
};

export const moments: Rule = (code, { tensor, inputs: [x] }) => {
  const names = ["mean", "rest", "squares"].map((stem) => code.newName(stem));
  code.line(`${names.join(", ")} = ${code.file.helper("moments")}(${code.text(x)})`);
  code.giveItems(tensor, names);
};

export const weightedSums: Rule = (code, { tensor, inputs: [a, b] }) => {
  const x = code.name(a);
  const products = code.wanted.get(tensor)?.has(1) ? `(${x} * ${code.text(b)}).sum(1)` : "";
  code.giveItems(tensor, [`${x}.sum(1)`, products]);
};
