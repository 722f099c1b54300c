// Sequences of tensors, as long as their lengths and places are known; and what is optional.
import { concat, stack } from "../../create.ts";
import { DataError } from "../../errors.ts";
import { normalizeAxis } from "../../shape.ts";
import { scalar } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";
import { typeOfCode } from "./constants.ts";

/** A place in a sequence, or behind its last; negative ones count from the back. */
function place(node: Node, i: number, count: number, otherwise: number): number {
  const at = node.number(i, otherwise);
  const index = at < 0 ? at + count : at;
  if (!(index >= 0 && index <= count)) throw new DataError(`${at} is outside a sequence of ${count}`);
  return index;
}

function made(node: Node): Value {
  const items = node.inputs.map((_, i) => node.value(i));
  return Value.sequence(items, items[0].type);
}

function inserted(node: Node): Value {
  const { items } = node.value(0);
  return Value.sequence(items.toSpliced(place(node, 2, items.length, items.length), 0, node.value(1)), node.type(1));
}

function erased(node: Node): Value {
  const { items, type } = node.value(0);
  return Value.sequence(items.toSpliced(place(node, 1, items.length, items.length - 1), 1), type);
}

function picked(node: Node): Value {
  const { items } = node.value(0);
  const item = items[place(node, 1, items.length, 0)];
  if (item === undefined) throw new DataError(`the sequence has ${items.length} tensors`);
  return item;
}

function joined(node: Node): Value {
  const { items, type } = node.value(0);
  const tensors = items.map((each) => each.settled());
  const join = node.flag("new_axis") ? stack : concat;
  return Value.of(join(tensors, node.int("axis")), type);
}

/** Parts of one size, the last one of what is left, or of sizes in a list; without any of size 1, which keep their axis or not. */
function split(node: Node): Value {
  const x = node.tensor(0);
  const axis = normalizeAxis(node.int("axis", 0), x.shape, node.op);
  const size = x.shape[axis];
  const given = node.has(1) ? node.numbers(1) : [1];
  const each = node.has(1) && node.shape(1).length > 0 ? undefined : given[0];
  if (each !== undefined && !(each > 0)) throw new DataError(`parts of ${each}`);
  const sizes =
    each === undefined
      ? given
      : Array.from({ length: Math.ceil(size / each) }, (_, i) => Math.min(each, size - i * each));
  let start = 0;
  const parts = sizes.map((part) => {
    start += part;
    const whole = x.narrow(axis, start - part, part);
    return node.like(0, node.has(1) || node.flag("keepdims", true) ? whole : whole.squeeze(axis));
  });
  return Value.sequence(parts, node.type(0));
}

/** A graph for each tensor of a sequence, beside others that are the same in all, or sequences as long. */
function mapped(node: Node): Value[] {
  const body = node.graph("body");
  const [first, ...others] = node.inputs.map((_, i) => node.value(i));
  const turns = first.items.map((item, i) =>
    node.run(body, [item, ...others.map((each) => (each.isSequence ? itemAt(each, i) : each))]),
  );
  const types = body.output.map((_, k) => turns[0]?.[k].type ?? first.type);
  return types.map((type, k) =>
    Value.sequence(
      turns.map((each) => each[k]),
      type,
    ),
  );
}

function itemAt({ items }: Value, i: number): Value {
  const item = items[i];
  if (item === undefined) throw new DataError("sequences differ in length");
  return item;
}

export const sequences: Rules = {
  ConcatFromSequence: joined,
  Optional: (node) => node.value(0),
  OptionalGetElement: (node) => node.value(0),
  OptionalHasElement: (node) => Value.of(scalar(Number(node.has(0))), "bool"),
  SequenceAt: { decides: [1], build: picked },
  SequenceConstruct: made,
  SequenceEmpty: (node) => Value.sequence([], typeOfCode(node.int("dtype", 1))),
  SequenceErase: { decides: [1], build: erased },
  SequenceInsert: { decides: [2], build: inserted },
  SequenceMap: mapped,
  SequenceLength: (node) => Value.whole(node.value(0).items.length),
  SplitToSequence: { decides: [1], build: split },
};
