// scan: one body graph, run for every step of a sequence, as a loop instruction forward and backward. The body is closed: all it
// reads from outside is among the inputs. Backward saves the carries alone and computes the body again (as checkpointing does).

import { aBoolean, aFunction, aWholeNumber, checkOptions } from "../check.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { topological } from "../graph.ts";
import type { LoopBody, Op, VjpContext } from "../op.ts";
import { type Aval, sameShape, showShape } from "../shape.ts";
import { scalar, Tensor, tensors } from "../tensor.ts";
import { itemsOf } from "./item.ts";
import { captured } from "./leaf.ts";

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

// With step (c', y) = f(c, x, p): walk the steps backwards, carrying dc and the sum of dp; each step pulls (dc', dy) back through f.
function scanVjp({
  inputs,
  output,
  attrs: body,
  cotangents,
  needs,
  pullback,
}: VjpContext<LoopBody>): (Tensor | undefined)[] {
  const { length, reverse, parameters, carries, sequences, results } = body;
  const isFloat = ({ dtype }: Aval) => dtype === "f32";
  const [carryIn, elements] = [parameters.slice(0, carries), parameters.slice(carries, carries + sequences)];
  const captures = parameters.slice(carries + sequences);
  const floatCarries = carryIn.filter(isFloat);
  const floatElements = elements.filter((_, i) => needs[carries + i]);
  const floatCaptures = captures.filter((_, i) => needs[carries + sequences + i]);
  const stepOutputs = results.slice(carries);
  const outputCotangents = cotangents.slice(carries, carries + stepOutputs.length);
  const stackCotangents = cotangents.slice(carries + stepOutputs.length);

  const carryGradients = floatCarries.map(placeholder);
  const captureSums = floatCaptures.map(placeholder);
  const outputGradients = stepOutputs.map((step, i) => (outputCotangents[i] ? placeholder(step) : undefined));
  const stackGradients = carryIn.map((carry, i) => (stackCotangents[i] ? placeholder(carry) : undefined));

  const seeds = [...carryIn.map((carry) => carryGradients[floatCarries.indexOf(carry)]), ...outputGradients];
  const wrt = [...floatCarries, ...floatElements, ...floatCaptures];
  const pulled = pullback(results, seeds, wrt);
  const plus = (a: Tensor | undefined, b: Tensor | undefined, like: Aval) =>
    a && b ? a.add(b) : (a ?? b ?? zeros(like));
  const newCarries = floatCarries.map((carry, i) => plus(pulled[i], stackGradients[carryIn.indexOf(carry)], carry));
  const newElements = floatElements.map((element, i) => pulled[floatCarries.length + i] ?? zeros(element));
  const newSums = floatCaptures.map((_, i) =>
    plus(captureSums[i], pulled[floatCarries.length + floatElements.length + i], captureSums[i]),
  );

  const given = <T>(list: readonly (T | undefined)[]) => list.filter((entry) => entry !== undefined);
  const stackStart = carries + stepOutputs.length;
  const stacks = itemsOf(output).slice(stackStart);
  const finals = floatCarries.map((carry) => cotangents[carryIn.indexOf(carry)] ?? zeros(carry));
  const backward = scanItems(
    [
      ...finals,
      ...captureSums.map(zeros),
      ...inputs.slice(carries, carries + sequences),
      ...stacks,
      ...given(outputCotangents),
      ...given(stackCotangents),
      ...inputs.slice(carries + sequences),
    ],
    {
      length,
      reverse: !reverse,
      parameters: [
        ...carryGradients,
        ...captureSums,
        ...elements,
        ...carryIn,
        ...given(outputGradients),
        ...given(stackGradients),
        ...captures,
      ],
      carries: carryGradients.length + captureSums.length,
      sequences: sequences + carries + given(outputGradients).length + given(stackGradients).length,
      results: [...newCarries, ...newSums, ...newElements],
    },
  );
  const find = (list: readonly Tensor[], parameter: Tensor, start: number) => {
    const index = list.indexOf(parameter);
    return index < 0 ? undefined : backward[start + index];
  };
  return [
    ...carryIn.map((carry) => find(floatCarries, carry, 0)),
    ...elements.map((element) => find(floatElements, element, floatCarries.length + floatCaptures.length)),
    ...captures.map((capture) => find(floatCaptures, capture, floatCarries.length)),
  ];
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
  });
  return {
    carries: items.slice(0, carries.length),
    outputs: items.slice(carries.length, carries.length + outputs.length),
  };
}

/** Cuts a body off from the graph around it: what does not depend on `parameters` becomes a placeholder. */
function close(results: readonly Tensor[], parameters: readonly Tensor[]) {
  const depends = new Set(parameters);
  const order = topological(results);
  for (const node of order) if (node.inputs.some((input) => depends.has(input))) depends.add(node);
  const outer: Tensor[] = [];
  const inner: Tensor[] = [];
  const closed = new Map<Tensor, Tensor>(parameters.map((parameter) => [parameter, parameter]));
  const inside = (node: Tensor): Tensor => {
    const known = closed.get(node);
    if (known !== undefined) return known;
    // A scalar is captured as such: repeated, it would need memory.
    const { op, inputs, shape } = node;
    if (op.lowering.kind === "broadcast" && inputs[0].shape.length === 0) return inside(inputs[0]).broadcastTo(shape);
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
