// scan: one body graph, run for every step of a sequence, as a loop instruction forward and backward. The body is closed: all it
// reads from outside is among the inputs. For backward the carries are kept, and the body is computed again from them (as by checkpoints)
// and from what it gave out.

import { aBoolean, aFunction, aWholeNumber, checkOptions } from "../check.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { dependents, topological } from "../graph.ts";
import type { LoopBody, Op, VjpContext } from "../op.ts";
import { type Aval, sameShape, showShape, sizeOf } from "../shape.ts";
import { scalar, Tensor, tensors } from "../tensor.ts";
import { item, itemsOf } from "./item.ts";
import { captured } from "./leaf.ts";
import { shownBy, totalRulesOf } from "./totals.ts";

/** Final carries; stacked step outputs; stacked carries as each step found them. */
function outputsOf(_: readonly Aval[], { length, parameters, carries, results }: LoopBody): Aval[] {
  const stacked = ({ shape, dtype }: Aval) => ({ shape: [length, ...shape], dtype });
  return [
    ...results.slice(0, carries),
    ...results.slice(carries).map(stacked),
    ...parameters.slice(0, carries).map(stacked),
  ];
}

/** A body, run for every step of a sequence. */
export const scanOp: Op<LoopBody> = {
  name: "scan",
  infer: (inputs, attrs) => outputsOf(inputs, attrs)[0],
  outputs: outputsOf,
  vjp: scanVjp,
  lowering: { kind: "loop", body: (attrs) => attrs },
  key: () => undefined,
};

/** All outputs of a scan over `inputs`. */
function scanItems(inputs: readonly Tensor[], body: LoopBody): Tensor[] {
  return itemsOf(new Tensor(scanOp as Op, inputs, body, outputsOf(inputs, body)[0]));
}

function placeholder(aval: Aval): Tensor {
  return new Tensor(captured as Op, [], aval, aval);
}

function zeros({ shape }: Aval): Tensor {
  return scalar(0).broadcastTo(shape);
}

/** A placeholder of a body, and what it stands for: the first of a carry, the whole of a sequence, or what the body captures. */
type Fed = readonly [inside: Tensor, outside: Tensor];

function pairs(insides: readonly Tensor[], outsides: readonly Tensor[]): Fed[] {
  return insides.map((inside, i) => [inside, outsides[i]]);
}

function given<T>(list: readonly (T | undefined)[]): T[] {
  return list.filter((entry) => entry !== undefined);
}

// The gradient of a loop is a loop the other way. With step (c', y) = f(c, x, w):
//
//   forward    c0 --> f --> c1 --> f --> c2 --> f --> c3    each f reads its x and the w of all, and gives its y; kept are the carries
//                                                           that the steps found: c0, c1, c2
//   backward  dc0 <-- b <- dc1 <-- b <- dc2 <-- b <- dc3    each b computes f again from the carry that was kept, pulls dc' and its dy
//                                                           back through it, and gives dc, its dx and its share of dw
//
// dw is the sum of all shares. Where it can, it is made after the loop, of stacks of what the steps give (totals.ts); else the loop carries
// it, as it does dc.
function scanVjp(context: VjpContext<LoopBody>): (Tensor | undefined)[] {
  const { length, reverse, parameters, carries, sequences } = context.attrs;
  const { carried, walked, slopes } = stepBack(context);
  const end = carries + sequences;
  const shares = given(slopes.slice(end));
  const order = topological(given(slopes.slice(carries)));

  // Stacked for a sum is what differs from step to step, but not what a loop inside b gives: products of its stacks are deep as they are,
  // and memory would grow with the product of both lengths.
  const differing = dependents(order, new Map([...carried, ...walked]).keys());
  const isStackable = (node: Tensor) => differing.has(shownBy(node)) && shownBy(node).op !== item;
  const rules = totalRulesOf(shares, isStackable);
  const summed = shares.filter((share) => !rules.has(share));
  const sums = pairs(summed.map(placeholder), summed.map(zeros));

  // The loop gives out whatever b computes for dx and shares: what of it nobody reads is not stacked.
  const captures = pairs(parameters.slice(end), context.inputs.slice(end));
  const fed = new Map([...carried, ...sums, ...walked, ...captures]);
  const items = scanItems([...fed.values()], {
    length,
    reverse: !reverse,
    parameters: [...fed.keys()],
    carries: carried.length + sums.length,
    sequences: walked.length,
    results: [...given(slopes.slice(0, carries)), ...summed.map((share, i) => sums[i][0].add(share)), ...order],
  });

  // Its items are in the order of its results: dc of the first step, sums, stacks.
  const first = slopes.slice(0, carries).map((dc) => dc && items.shift());
  const totals = new Map(pairs(summed, items.splice(0, summed.length)));
  const stacks = new Map([...pairs(order, items), ...walked]);
  const stackOf = (node: Tensor) => (stacks.get(shownBy(node)) as Tensor).reshape([length, ...node.shape]);
  const sumOf = (node: Tensor) => totals.get(node) as Tensor;
  for (const [node, rule] of rules) totals.set(node, rule(sumOf, stackOf));
  return slopes.map((slope, i) => (i < carries ? first[i] : slope && (i < end ? stackOf : sumOf)(slope)));
}

/**
 * One b: its carries and sequences, and what it gives for each parameter of f: dc of every float carry, dx and shares of dw where there
 * are any.
 */
function stepBack({ inputs, output, attrs: body, cotangents, needs, pullback }: VjpContext<LoopBody>) {
  const { parameters, carries, sequences, results, kept = 0 } = body;
  const found = parameters.slice(0, carries);

  // Cotangents of all that f gives, as far as there are any, and of the carries kept, for where this gradient is differentiated itself.
  const made = [...results, ...found];
  const d = made.map((value, i): Fed | undefined => {
    const cotangent = cotangents[i] ?? (i < carries && value.dtype === "f32" ? zeros(value) : undefined);
    return cotangent && [placeholder(value), cotangent];
  });

  const wrt = parameters.filter((_, i) => (i < carries ? d[i] : needs[i]));
  const seeds = d.map((fed) => fed?.[0]);
  const pulled = pullback(made, seeds, wrt);
  const slopeOf = (parameter: Tensor, i: number) =>
    pulled[wrt.indexOf(parameter)] ?? (i < carries && d[i] ? zeros(parameter) : undefined);
  const items = itemsOf(output);
  const { slopes, read } = readBack(
    parameters.map(slopeOf),
    results.slice(carries, carries + kept),
    items.slice(carries),
  );
  return {
    carried: given(d.slice(0, carries)),
    walked: [
      ...pairs(parameters.slice(carries, carries + sequences), inputs.slice(carries)),
      ...pairs(found, items.slice(results.length)),
      ...read,
      ...given(d.slice(carries)),
    ],
    slopes,
  };
}

/** Slopes that read what f gave out where they would compute it again, and what of it they read. */
function readBack(slopes: readonly (Tensor | undefined)[], outputs: readonly Tensor[], stacks: readonly Tensor[]) {
  const fed = new Map<Tensor, Fed>();
  for (const [i, value] of outputs.entries())
    if (value.inputs.length > 0 && !fed.has(value)) fed.set(value, [placeholder(value), stacks[i]]);
  const used: Fed[] = [];
  const copies = new Map<Tensor, Tensor>();
  for (const node of topological(given(slopes), (each) => fed.has(each))) {
    const stand = fed.get(node);
    if (stand !== undefined) {
      used.push(stand);
      copies.set(node, stand[0]);
      continue;
    }
    const inputs = node.inputs.map((each) => copies.get(each) as Tensor);
    const isSame = inputs.every((each, i) => each === node.inputs[i]);
    copies.set(node, isSame ? node : new Tensor(node.op, inputs, node.attrs, node, node.label));
  }
  return { slopes: slopes.map((slope) => slope && copies.get(slope)), read: used };
}

/** What one step of a scan gives. */
export interface ScanStep {
  /** The next carries, of the same shapes and dtypes. */
  readonly carries: readonly Tensor[];
  /** What is stacked over all steps. */
  readonly outputs?: readonly Tensor[];
}

/**
 * Runs `step` over the first axis of the sequences, handing carries on from step to step. One loop in the program, whatever the
 * length, forward and backward. Tensors the step reads from outside are captured, random keys among them: for other random numbers at every
 * step, `foldIn` a key with a carry or a sequence that counts.
 * @returns the final carries, and each step output stacked along a new first axis
 * @throws ShapeError, DTypeError where a carry changes its shape or dtype or sequences differ in length
 *
 * @example
 * import { constant, evaluate, scan } from "simdgrad";
 * const { carries, outputs } = scan(([total], [x]) => ({ carries: [total.add(x)], outputs: [total.add(x)] }), [constant(0)], [constant([1, 2, 3])]);
 * await evaluate(carries[0]); // => [6]
 * await evaluate(outputs[0]); // => [1, 3, 6]
 */
export function scan(
  step: (carries: readonly Tensor[], elements: readonly Tensor[]) => ScanStep,
  initial: readonly Tensor[],
  sequences: readonly Tensor[],
  options: { readonly length?: number; readonly reverse?: boolean } = {},
): { readonly carries: Tensor[]; readonly outputs: Tensor[] } {
  aFunction(step, "scan: step");
  tensors(initial, "scan: initial");
  tensors(sequences, "scan: sequences");
  checkOptions(options, "scan", { length: aWholeNumber(0), reverse: aBoolean });
  if (sequences.some(({ shape }) => shape.length === 0))
    throw new ShapeError("scan: a sequence of shape [] has no axis to run along");
  const length = options.length ?? sequences[0]?.shape[0];
  if (length === undefined) throw new ArgumentError("scan: needs a sequence or a length");
  for (const { shape } of sequences)
    if (shape[0] !== length)
      throw new ShapeError(`scan: a sequence of shape ${showShape(shape)} is not ${length} long`);
  const carryIn = initial.map(placeholder);
  const elements = sequences.map(({ shape, dtype }) => placeholder({ shape: shape.slice(1), dtype }));
  const made = step(carryIn, elements);
  checkOptions(made, "scan: what step gives", { carries: tensors, outputs: tensors });
  const { carries = [], outputs = [] } = made;
  if (carries.length !== initial.length)
    throw new ArgumentError(`scan: ${initial.length} carries in, ${carries.length} out`);
  carries.forEach(({ shape, dtype }, i) => {
    if (!sameShape(shape, initial[i].shape))
      throw new ShapeError(`scan: carry ${i} changes from ${showShape(initial[i].shape)} to ${showShape(shape)}`);
    if (dtype !== initial[i].dtype)
      throw new DTypeError(`scan: carry ${i} changes from ${initial[i].dtype} to ${dtype}`);
  });
  const { results, outer, inner } = close([...carries, ...outputs], [...carryIn, ...elements]);
  const items = scanItems([...initial, ...sequences, ...outer], {
    length,
    reverse: options.reverse ?? false,
    parameters: [...carryIn, ...elements, ...inner],
    carries: initial.length,
    sequences: sequences.length,
    results,
    kept: outputs.length,
  });
  return {
    carries: items.slice(0, carries.length),
    outputs: items.slice(carries.length, carries.length + outputs.length),
  };
}

/** Cuts a body off from the graph around it: what does not depend on `parameters` becomes a placeholder. */
function close(results: readonly Tensor[], parameters: readonly Tensor[]) {
  const order = topological(results);
  const depends = dependents(order, parameters);
  const outer: Tensor[] = [];
  const inner: Tensor[] = [];
  const closed = new Map<Tensor, Tensor>(parameters.map((parameter) => [parameter, parameter]));
  const inside = (node: Tensor): Tensor => {
    const known = closed.get(node);
    if (known !== undefined) return known;
    // Scalars and rows are captured as such: repeated, they would need memory, and a bias would have the gradient of a matrix.
    const { op, inputs, shape } = node;
    const [from] = inputs;
    if (op.lowering.kind === "broadcast" && sizeOf(from.shape) === (from.shape.at(-1) ?? 1))
      return inside(from).broadcastTo(shape);
    const stand = placeholder(node);
    outer.push(node);
    inner.push(stand);
    closed.set(node, stand);
    return stand;
  };
  for (const node of order)
    if (depends.has(node) && !closed.has(node))
      closed.set(node, new Tensor(node.op, node.inputs.map(inside), node.attrs, node, node.label));
  return { results: results.map(inside), outer, inner };
}
