// Lowers a loop. What its body reads and writes lies so, with T steps of which each reads part t (T - 1 - t in reverse):
//
//   a sequence, stacked outputs   [0][1] ... [T-1]      step t reads or writes part t
//   what the body captures        [ ]                   all steps read it whole
//   a carry                       [ ]                   each step overwrites it
//   a carry whose history is read [0][1] ... [T-1][T]   step t reads part t and writes part t + 1; part T is what the last one leaves
import type { LoopBody } from "../op.ts";
import type { Buffer } from "../program/lir.ts";
import { sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { NodeMemory } from "./node-memory.ts";
import type { Output, Overwrite, Wanted } from "./placement.ts";
import { Scope } from "./scope.ts";

interface Carry {
  /** What a step reads, and overwrites if there is no history. */
  readonly buffer: Buffer;
  readonly history?: Buffer;
}

export function lowerLoop(
  node: Tensor,
  body: LoopBody,
  scope: Scope,
  memory: NodeMemory,
  lowerBody: (inner: Scope, wanted: Wanted) => void,
): void {
  const { length, reverse, parameters, sequences, results } = body;
  const { buffers, depth, label } = scope;
  const inner = new Scope(buffers, scope);
  const items = memory.items(node);
  const inputs = node.inputs.map((input) => memory.whole(input));
  const part = (stack: Buffer, { shape }: Tensor) => buffers.element(stack, sizeOf(shape), length, reverse, depth);

  const carries = parameters.slice(0, body.carries).map(({ shape, dtype }, i): Carry => {
    const size = sizeOf(shape);
    const name = `${label} carry ${i}`;
    if (!reverse && items.get(results.length + i)?.every((item) => !memory.placed.has(item))) {
      const history = scope.temporary(size * (length + 1), dtype, name);
      scope.copyElements(history, inputs[i]);
      return { buffer: buffers.element(history, size, length, false, depth), history };
    }
    // It changes from step to step: it belongs to the loop, although it outlives it.
    const buffer = buffers.create(size, dtype, name, inner.depth);
    scope.copyElements(buffer, inputs[i]);
    return { buffer };
  });
  parameters.forEach((parameter, i) => {
    const isSequence = i < carries.length + sequences;
    inner.held.set(parameter, carries[i]?.buffer ?? (isSequence ? part(inputs[i], parameter) : inputs[i]));
  });

  // Stacks that somebody reads: of what the steps give out, then of the carries as they found them.
  const outputs: Output[] = [];
  const stacks: [same: readonly Tensor[], stack: Buffer][] = [];
  [...results.slice(carries.length), ...parameters.slice(0, carries.length)].forEach((value, i) => {
    const same = items.get(carries.length + i);
    if (same === undefined) return;
    const history = carries[carries.length + i - results.length]?.history;
    const stack = history ?? memory.placeOf(same) ?? memory.create(same[0]);
    stacks.push([same, stack]);
    if (history === undefined) outputs.push({ value, target: part(stack, value) });
  });
  const overwrites: Overwrite[] = [];
  carries.forEach(({ buffer, history }, i) => {
    const value = results[i];
    if (history === undefined) overwrites.push({ old: parameters[i], value, target: buffer });
    else outputs.push({ value, target: buffers.element(history, buffer.size, length, false, depth, buffer.size) });
  });

  lowerBody(inner, { outputs, overwrites });
  scope.label = label;
  scope.loop(length, inner);
  for (const [same, stack] of stacks) memory.holdItems(same, stack);
  carries.forEach(({ buffer, history }, i) => {
    if (history === undefined) memory.holdItems(items.get(i), buffer);
    else for (const item of items.get(i) ?? []) scope.copyElements(memory.of(item), history, buffer.size * length);
  });
}
