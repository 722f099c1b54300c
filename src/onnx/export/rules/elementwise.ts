// Ops of single elements. ONNX's broadcast as NumPy does.
import type { Tensor } from "../../../tensor.ts";
import type { Node, Offer, Value, Writer } from "../writer.ts";
import { numberOf, operands, type Rule, unrepeated } from "./rule.ts";

/** A node with the op's operands. */
export function plain(op: string): Rule {
  return (writer, { tensor, inputs, sizes }) => writer.give(tensor, writer.add(op, operands(writer, inputs, sizes)));
}

/** A few nodes of the op's operands. */
function made(make: (writer: Writer, values: readonly string[], node: Node) => string): Rule {
  return (writer, node) =>
    writer.give(node.tensor, make(writer, operands(writer, node.inputs, node.sizes), node as Node));
}

/** What the nodes that an operand comes from make of the other one, too. */
function taken(writer: Writer, of: Tensor, other: Tensor, kind: keyof Offer): Value | undefined {
  if (unrepeated(of) !== of) return undefined;
  const standing = writer.sizesOf(of);
  for (const { name, sizes } of writer.valuesOf(of)) {
    const whole = writer.offers.get(name)?.[kind]?.(other, standing);
    if (whole !== undefined) return writer.here(whole, sizes);
  }
  return undefined;
}

/** As `plain`, unless one operand's nodes can do it by themselves. */
function offered(op: string, kind: keyof Offer, isCommutative: boolean): Rule {
  const usual = plain(op);
  return (writer, node) => {
    const [a, b] = node.inputs;
    const found = taken(writer, a, b, kind) ?? (isCommutative ? taken(writer, b, a, kind) : undefined);
    if (found === undefined) usual(writer, node);
    else writer.giveValue(node.tensor, found);
  };
}

export const add: Rule = offered("Add", "add", true);
export const mul: Rule = offered("Mul", "mul", true);

/** Whether an i32 operand is a number other than 0 and -1, with which nothing can go wrong. */
function isSafe(writer: Writer, divisor: Tensor): boolean {
  const value = numberOf(writer, divisor);
  return value !== undefined && value !== 0 && value !== -1;
}

/** Of i32: a divisor that is neither 0 nor -1, and where it is one of them. */
function divisorOf(writer: Writer, b: string) {
  const isZero = writer.add("Equal", [b, writer.scalar(0, "i32")]);
  const isMinus = writer.add("Equal", [b, writer.scalar(-1, "i32")]);
  const isEither = writer.add("Or", [isZero, isMinus]);
  return { isZero, isMinus, isEither, safe: writer.add("Where", [isEither, writer.scalar(1, "i32"), b]) };
}

const divF32 = offered("Div", "div", false);

// ONNX rounds quotients of whole numbers towards zero, the library down: to one less where something is left and the signs differ.
export const div: Rule = (writer, node) => {
  if (node.tensor.dtype === "f32") return divF32(writer, node);
  const [a, b] = operands(writer, node.inputs, node.sizes);
  const zero = writer.scalar(0, "i32");
  const quotient = (by: string) => {
    const signs = [a, by].map((each) => writer.add("Sign", [each]));
    const isBelow = writer.add("Less", [writer.add("Mul", signs), zero]);
    const isWhole = writer.add("Equal", [writer.add("Mod", [a, by]), zero]);
    const isLess = writer.add("And", [isBelow, writer.add("Not", [isWhole])]);
    return writer.add("Sub", [writer.add("Div", [a, by]), writer.cast(isLess, "int32")]);
  };
  if (isSafe(writer, node.inputs[1])) return writer.give(node.tensor, quotient(b));
  const { safe, isZero, isMinus } = divisorOf(writer, b);
  const usual = writer.add("Where", [isMinus, writer.add("Neg", [a]), quotient(safe)]);
  writer.give(node.tensor, writer.add("Where", [isZero, zero, usual]));
};

// Mod of floats is C's fmod, with the sign of a: b more where the signs differ.
export const remainder: Rule = made((writer, [a, b], { tensor, inputs }) => {
  if (tensor.dtype === "i32") {
    if (isSafe(writer, inputs[1])) return writer.add("Mod", [a, b]);
    const { safe, isEither } = divisorOf(writer, b);
    return writer.add("Where", [isEither, writer.scalar(0, "i32"), writer.add("Mod", [a, safe])]);
  }
  const rest = writer.add("Mod", [a, b], { fmod: 1 });
  const signs = [rest, b].map((each) => writer.add("Sign", [each]));
  const isApart = writer.add("Less", [writer.add("Mul", signs), writer.scalar(0)]);
  return writer.add("Where", [isApart, writer.add("Add", [rest, b]), rest]);
});

export const rsqrt: Rule = made((writer, [a]) => writer.add("Reciprocal", [writer.add("Sqrt", [a])]));
export const expm1: Rule = made((writer, [a]) => writer.add("Sub", [writer.add("Exp", [a]), writer.scalar(1)]));
export const log1p: Rule = made((writer, [a]) => writer.add("Log", [writer.add("Add", [a, writer.scalar(1)])]));
export const log2: Rule = made((writer, [a]) => writer.add("Div", [writer.add("Log", [a]), writer.scalar(Math.LN2)]));
export const log10: Rule = made((writer, [a]) => writer.add("Div", [writer.add("Log", [a]), writer.scalar(Math.LN10)]));

/** Whether numbers are below 0, as -0 is. */
function isBelow(writer: Writer, x: string): string {
  const zero = writer.scalar(0);
  return writer.add("Or", [writer.add("Less", [x, zero]), writer.add("Less", [writer.add("Reciprocal", [x]), zero])]);
}

// The angle whose tangent is the smaller of two sizes by the larger one, turned to where the point is. Two infinities are as large.
export const atan2: Rule = made((writer, [y, x]) => {
  const [down, right] = [writer.add("Abs", [y]), writer.add("Abs", [x])];
  const [least, most] = [writer.add("Min", [down, right]), writer.add("Max", [down, right])];
  const isEven = writer.add("Equal", [least, most]);
  const slope = writer.add("Where", [isEven, writer.add("Sign", [most]), writer.add("Div", [least, most])]);
  const flat = writer.add("Atan", [slope]);
  const isSteep = writer.add("Less", [right, down]);
  const steep = writer.add("Where", [isSteep, writer.add("Sub", [writer.scalar(Math.PI / 2), flat]), flat]);
  const behind = writer.add("Sub", [writer.scalar(Math.PI), steep]);
  const around = writer.add("Where", [isBelow(writer, x), behind, steep]);
  return writer.add("Where", [isBelow(writer, y), writer.add("Neg", [around]), around]);
});

/** 1 where it holds, else 0; those that choose by it read it as it is. */
function comparison(op: string): Rule {
  return (writer, { tensor, inputs, sizes }) => {
    const name = writer.add(op, operands(writer, inputs, sizes));
    writer.giveBoolean(tensor, writer.here(name, sizes));
    writer.later(tensor, () => writer.here(writer.cast(name, "float32"), sizes));
  };
}

export const less: Rule = comparison("Less");
export const equal: Rule = comparison("Equal");

/** A condition as a boolean. */
function conditionOf(writer: Writer, condition: Tensor): string {
  const known = writer.booleanOf(condition);
  if (known !== undefined) return known.name;
  const { op, inputs } = condition;
  const before = op.lowering.kind === "view" ? writer.booleanOf(inputs[0]) : undefined;
  if (before !== undefined) return writer.reshaped(before, writer.sizesOf(condition));
  return writer.cast(writer.value(condition), "bool");
}

export const select: Rule = (writer, { tensor, inputs, sizes }) => {
  const [condition, ...values] = inputs;
  const names = operands(writer, [...values, condition], sizes);
  const chosen = conditionOf(writer, unrepeated(condition));
  writer.give(tensor, writer.add("Where", [chosen, names[0], names[1]]));
};

export const cast: Rule = (writer, { tensor, inputs: [a] }) => {
  if (a.dtype === tensor.dtype) return writer.same(tensor, a);
  writer.give(tensor, writer.cast(writer.value(a), tensor.dtype === "f32" ? "float32" : "int32"));
};
