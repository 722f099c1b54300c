// Branches and loops: what is decided by constants is decided while the graph is built.
import { concat, stack } from "../../create.ts";
import { DataError, ShapeError } from "../../errors.ts";
import { flip } from "../../functions/movement.ts";
import { scan } from "../../ops/loop.ts";
import { normalizeAxis, sameShape, showShape, sizeOf } from "../../shape.ts";
import { arange, scalar, type Tensor } from "../../tensor.ts";
import type { Node } from "../node.ts";
import type { GraphProto } from "../proto.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** Up to so many turns of a loop stand in the graph one after the other; of more there is one, which a scan repeats. */
const UNROLLED = 64;

/**
 * The branch that is taken is built, and the other one left out. Where data decide, both are, if their results are alike in shape and type;
 * a condition with an element for each sample, as larger batches make of one, decides for each.
 */
function branched(node: Node): readonly Value[] {
  const build = (name: string) => node.run(node.graph(name), []);
  if (node.value(0).isKnown) return build(node.number(0) !== 0 ? "then_branch" : "else_branch");
  const given = node.tensor(0);
  const condition = sizeOf(given.shape) === 1 ? given.reshape([]) : given;
  const [taken, other] = [build("then_branch"), build("else_branch")];
  return taken.map((value, i) => {
    if (value.type !== other[i].type || !sameShape(value.shape, other[i].shape))
      throw new Refusal("which branch is taken depends on data, and their results differ in shape");
    return Value.of(condition.select(value.settled(), other[i].settled()), value.type);
  });
}

/** The results of all turns along a new first axis. */
function stacked(turns: readonly Value[]): Value {
  const [{ type }] = turns;
  return Value.of(stack(turns.map((each) => each.settled())), type);
}

function looped(node: Node): readonly (Value | undefined)[] {
  const body = node.graph("body");
  const most = node.has(0) ? node.number(0) : Number.POSITIVE_INFINITY;
  let goesOn = node.has(1) ? node.number(1) !== 0 : true;
  const initial = node.inputs.slice(2).map((_, i) => node.value(i + 2));
  if (body.output.length < 1 + initial.length)
    throw new DataError(
      `the graph ${body.name} gives no condition, or fewer than ${initial.length} tensors to go on with`,
    );
  const rolled = most > UNROLLED && most < 2 ** 31 && goesOn ? repeated(node, body, most, initial) : undefined;
  if (rolled !== undefined) return rolled;
  let carried = initial;
  const turns: Value[][] = [];
  for (let turn = 0; turn < most && goesOn; turn++) {
    const [condition, ...results] = node.run(body, [Value.whole(turn), boolean(goesOn), ...carried]);
    carried = results.slice(0, initial.length);
    turns.push(results.slice(initial.length));
    if (!condition.isKnown) throw new Refusal("how often it goes round depends on data");
    goesOn = condition.numbers()[0] !== 0;
  }
  const count = body.output.length - 1 - initial.length;
  if (turns.length === 0 && count > 0) throw new Refusal("of no turns it is not known what it stacks");
  return [...carried, ...Array.from({ length: count }, (_, i) => stacked(turns.map((each) => each[i])))];
}

function boolean(value: boolean): Value {
  return Value.of(scalar(Number(value)), "bool");
}

/** A loop that always goes on, and whose carried tensors keep their shapes, by a scan; undefined for another one. */
function repeated(node: Node, body: GraphProto, length: number, initial: readonly Value[]): Value[] | undefined {
  const types: Value["type"][] = [];
  const step = (carries: readonly Tensor[], [turn]: readonly Tensor[]) => {
    const given = carries.map((each, i) => Value.of(each, initial[i].type));
    const [condition, ...results] = node.run(body, [Value.of(turn, "int64"), boolean(true), ...given]);
    if (!condition.isKnown || condition.numbers()[0] === 0)
      throw new Refusal("how often it goes round depends on data");
    types.splice(0, types.length, ...results.map(({ type }) => type));
    const tensors = results.map((each) => each.settled());
    return { carries: tensors.slice(0, initial.length), outputs: tensors.slice(initial.length) };
  };
  const { carries, outputs } = scan(
    step,
    initial.map((each) => each.settled()),
    [arange(length)],
  );
  return [...carries, ...outputs].map((each, i) => Value.of(each, types[i]));
}

/** Along an axis first, from its end if backwards. */
function sequence(x: Tensor, axis: number, backwards: boolean): Tensor {
  const at = normalizeAxis(axis, x.shape, "Scan");
  const first = x.permute([at, ...[...x.shape.keys()].filter((each) => each !== at)]);
  return backwards ? flip(first, 0) : first;
}

/** Where the first axis stands again. */
function laid(x: Tensor, axis: number, backwards: boolean): Tensor {
  const at = normalizeAxis(axis, x.shape, "Scan");
  const turned = backwards ? flip(x, 0) : x;
  const others = [...x.shape.keys()].slice(1);
  return turned.permute([...others.slice(0, at), 0, ...others.slice(at)]);
}

/** A number for each of some tensors; 0 where it is not said. */
function one(node: Node, name: string, count: number): readonly number[] {
  const list = node.ints(name, Array<number>(count).fill(0));
  if (list.length !== count) throw new DataError(`${name} has ${list.length} numbers for ${count} tensors`);
  return list;
}

/** Whether each of some sequences is taken from its end. */
function directions(node: Node, name: string, count: number): readonly boolean[] {
  const list = one(node, name, count);
  if (list.some((each) => each !== 0 && each !== 1))
    throw new DataError(`${name} is ${showShape(list)}, and neither 0 nor 1`);
  return list.map((each) => each === 1);
}

/** A body for each element of sequences, with states that it hands on. */
function scanned(node: Node): readonly Value[] {
  const body = node.graph("body");
  const sequences = node.int("num_scan_inputs");
  if (!(sequences >= 1 && sequences <= node.inputs.length))
    throw new DataError(`num_scan_inputs is ${sequences} of ${node.inputs.length}`);
  if (node.version < 9) return scannedBatch(node, body, sequences);
  const all = node.inputs.map((_, i) => node.value(i));
  const states = all.length - sequences;
  const outputs = body.output.length - states;
  if (outputs < 0) throw new DataError(`the graph ${body.name} gives fewer than ${states} states`);
  const [axes, back] = [one(node, "scan_input_axes", sequences), directions(node, "scan_input_directions", sequences)];
  const [outAxes, outBack] = [
    one(node, "scan_output_axes", outputs),
    directions(node, "scan_output_directions", outputs),
  ];
  const given = all.slice(states).map((each, i) => Value.of(sequence(each.settled(), axes[i], back[i]), each.type));
  const results = overSteps(node, body, all.slice(0, states), given);
  return results.map((each, i) =>
    i < states ? each : Value.of(laid(each.settled(), outAxes[i - states], outBack[i - states]), each.type),
  );
}

/** Final states, and what the steps gave, stacked along a new first axis. */
function overSteps(node: Node, body: GraphProto, states: readonly Value[], given: readonly Value[]): Value[] {
  const [{ shape }] = given;
  const [length] = shape;
  if (given.some((each) => each.shape[0] !== length)) throw new ShapeError("sequences differ in length");
  if (length > UNROLLED) return scannedSteps(node, body, states, given);
  let carried = [...states];
  const steps: Value[][] = [];
  for (let step = 0; step < length; step++) {
    const elements = given.map((each) => Value.of(each.settled().narrow(0, step, 1).squeeze(0), each.type));
    const results = node.run(body, [...carried, ...elements]);
    carried = results.slice(0, states.length);
    steps.push(results.slice(states.length));
  }
  const count = body.output.length - states.length;
  if (length === 0 && count > 0) throw new Refusal(`of ${showShape(shape)} it is not known what it stacks`);
  return [...carried, ...Array.from({ length: count }, (_, i) => stacked(steps.map((each) => each[i])))];
}

function scannedSteps(node: Node, body: GraphProto, states: readonly Value[], given: readonly Value[]): Value[] {
  const inputs = [...states, ...given];
  let types: Value["type"][] = [];
  const step = (carries: readonly Tensor[], elements: readonly Tensor[]) => {
    const results = node.run(
      body,
      [...carries, ...elements].map((each, i) => Value.of(each, inputs[i].type)),
    );
    types = results.map(({ type }) => type);
    const tensors = results.map((each) => each.settled());
    return { carries: tensors.slice(0, states.length), outputs: tensors.slice(states.length) };
  };
  const tensors = (values: readonly Value[]) => values.map((each) => each.settled());
  const { carries, outputs } = scan(step, tensors(states), tensors(given));
  return [...carries, ...outputs].map((each, i) => Value.of(each, types[i]));
}

/** Version 8: every sample of a batch by itself, the sequences along the axis behind the batch. */
function scannedBatch(node: Node, body: GraphProto, sequences: number): Value[] {
  if (node.has(0)) throw new Refusal("sequences of several lengths");
  const all = node.inputs.slice(1).map((_, i) => node.value(i + 1));
  const states = all.length - sequences;
  if (states < 0) throw new DataError(`num_scan_inputs is ${sequences} of ${all.length}`);
  const back = directions(node, "directions", sequences);
  const [batch] = all[0]?.shape ?? [0];
  if (batch === 0 || all.some((each) => each.shape[0] !== batch)) throw new DataError("inputs differ in their batch");
  const samples = Array.from({ length: batch }, (_, b) => {
    const own = all.map((each) => Value.of(each.settled().narrow(0, b, 1).squeeze(0), each.type));
    const given = own.slice(states).map((each, i) => Value.of(sequence(each.settled(), 0, back[i]), each.type));
    return overSteps(node, body, own.slice(0, states), given);
  });
  return samples[0].map(({ type }, i) => Value.of(concat(samples.map((each) => each[i].settled().unsqueeze(0))), type));
}

export const control: Rules = {
  If: { decides: [0], build: branched },
  Loop: { decides: [0, 1], build: looped },
  Scan: scanned,
};
