// The graph that a model builds for one batch when it predicts, and which of its layers ran on the way: some become nodes as a whole.

import { type Context, evaluationContext, type Layer, type Module, partsOf } from "../../nn/module.ts";
import { ofAnySize } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { Assignment } from "../../variable.ts";
import { BATCHES, outputsOf, type Signature, WITNESSES } from "./signature.ts";
import { areTwins, checkSameWork } from "./twins.ts";

/** One run of a layer. */
export interface Run {
  readonly layer: object;
  readonly given: unknown;
  readonly result: unknown;
}

/** A model at one batch. */
export interface Trace {
  readonly batch: number;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly (readonly [name: string, tensor: Tensor])[];
  /** What variables will be after a step that trains. */
  readonly assignments: readonly Assignment[];
  /** Of the layers that were watched, in the order in which they ended. */
  readonly runs: readonly Run[];
}

/** How a model is looked at. */
export interface Tracing {
  /** Of which layers runs are noted. */
  isWatched(part: object): boolean;
  /** What a noted run is to have given; default its result. */
  standIn?(run: Run): unknown;
  /** The context it runs in, which adds to assignments. Default: it predicts. */
  contextFor?(assignments: Assignment[]): Context;
}

/** Builds a model's graph. */
function traceOf(model: Layer<unknown, unknown>, signature: Signature, batch: number, tracing: Tracing): Trace {
  const { tensors, x } = ofAnySize(() => signature.inputsFor(batch));
  const runs: Run[] = [];
  const assignments: Assignment[] = [];
  const context = tracing.contextFor?.(assignments) ?? evaluationContext();
  const undo = watch(model, tracing, runs);
  try {
    // It is never run: its tensors need not fit memory.
    const run = () => (typeof model === "function" ? model(x) : model.forward(x, context));
    const result = ofAnySize(run);
    return { batch, inputs: tensors, outputs: outputsOf(result, signature), assignments, runs };
  } finally {
    undo();
  }
}

/**
 * Graphs of a model at the batches that files are made of, and then at all others that it takes, which are compared with them: of those whose
 * graphs are the same but for sizes all numbers, too. @throws ArgumentError where it does something else at one of them
 */
export function tracesOf(model: Layer<unknown, unknown>, signature: Signature, tracing: Tracing): readonly Trace[] {
  const at = (batch: number) => traceOf(model, signature, batch, tracing);
  if (signature.batch === undefined) return [at(BATCHES[0])];
  const traces = BATCHES.map(at);
  const [first, second] = traces.map(rootsOf);
  // They differ at once: who writes them says in what.
  if (!areTwins(first, second)) return traces;
  const others: (readonly Tensor[])[] = [];
  const witnesses = WITNESSES.flatMap((batch) => {
    const trace = unlessRefused(() => at(batch));
    if (trace === undefined) return [];
    // Of one row broadcasts are none, and what is made of them is told otherwise.
    if (batch > 1 && areTwins(first, rootsOf(trace))) return [trace];
    others.push(rootsOf(trace));
    return [];
  });
  const alike = [...traces, ...witnesses].map(rootsOf);
  for (const other of others) checkSameWork(alike, other, signature.caller);
  return [...traces, ...witnesses];
}

/** All that must be the same at every batch. */
export function rootsOf({ outputs, assignments, inputs }: Trace): readonly Tensor[] {
  return [...outputs.map(([, tensor]) => tensor), ...assignments.map(([, tensor]) => tensor), ...inputs];
}

/** Some models do not take every batch, as those that put rows together. */
function unlessRefused<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

/** Notes every run of some parts of a model; what it gives undoes that. */
function watch(model: unknown, tracing: Tracing, runs: Run[]): () => void {
  const undo: (() => void)[] = [];
  for (const part of partsOf(model).keys()) {
    if (!tracing.isWatched(part) || !Object.isExtensible(part)) continue;
    const { forward } = part as Module<unknown, unknown>;
    const before = Object.getOwnPropertyDescriptor(part, "forward");
    Object.defineProperty(part, "forward", {
      configurable: true,
      value(this: Module<unknown, unknown>, given: unknown, context: Context) {
        const result = forward.call(this, given, context);
        // What is made of a layer, with other weights, is another one.
        if (this !== part) return result;
        const run = { layer: part, given, result };
        const standIn = tracing.standIn === undefined ? result : tracing.standIn(run);
        runs.push({ ...run, result: standIn });
        return standIn;
      },
    });
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(part, "forward");
      else Object.defineProperty(part, "forward", before);
    });
  }
  return () => {
    for (const step of undo) step();
  };
}
