// From a model's graphs to one ONNX graph: what is known is computed, tensors are written in their order, layers with nodes of their own
// as a whole.
import { ArgumentError } from "../../errors.ts";
import type { Op } from "../../op.ts";
import { ops } from "../../ops/index.ts";
import type { ConstantAttrs } from "../../ops/leaf.ts";
import { type DType, ofAnySize, showShape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { Variable } from "../../variable.ts";
import type { Known } from "./counted.ts";
import type { Graph, Port } from "./graph.ts";
import { allOf, computesMuch, knownUnder, numbersOf, orderOf } from "./known.ts";
import { type Plan, planOf } from "./layers.ts";
import type { Rule } from "./rules/rule.ts";
import { type Around, type Rules, rulesFor } from "./rules.ts";
import { BATCHES, type Signature } from "./signature.ts";
import { keyOf, type Size } from "./sizes.ts";
import { rootsOf, type Trace } from "./trace.ts";
import { findTwins, type Twins } from "./twins.ts";
import type { Weights } from "./weights.ts";
import { typeOf, Writer } from "./writer.ts";

const NAME = "toOnnx";

/** Element types of whole numbers that go in and come out. */
export type Integers = "int32" | "int64";

/** What all is written by. */
interface Source {
  readonly integers: Integers;
  readonly twins: Map<Tensor, Twins>;
  readonly plans: ReadonlyMap<Tensor, Plan>;
  readonly known: Map<Tensor, Known>;
  readonly weights: Weights;
  readonly inputs: ReadonlyMap<Tensor, string>;
}

/** An ONNX graph of a model that was traced at several batches, or at one. */
export async function graphOf(
  all: readonly Trace[],
  signature: Signature,
  weights: Weights,
  integers: Integers,
): Promise<Graph> {
  // Those that only bear witness must not decide what is computed beforehand.
  const traces = all.filter(
    (trace, i) => i < BATCHES.length || !computesMuch(trace.outputs.map(([, tensor]) => tensor)),
  );
  const twins = new Map<Tensor, Twins>();
  findTwins(traces.map(rootsOf), twins, NAME);
  const plans = plansOf(traces, twins);
  const [{ inputs, outputs }] = traces;
  const results = outputs.map(([, tensor]) => tensor);
  const known = await knownUnder(results, twins, plans, NAME);
  const source: Source = {
    integers,
    twins,
    plans,
    known,
    weights,
    inputs: new Map(inputs.map((tensor, i) => [tensor, signature.leaves[i].name])),
  };
  const batches = signature.batch === undefined ? [] : traces.map(({ batch }) => batch);
  return ofAnySize(() => written(source, batches, signature, outputs));
}

/** Plans for tensors that layers with nodes of their own gave, of the first batch. */
function plansOf(traces: readonly Trace[], twins: ReadonlyMap<Tensor, Twins>): Map<Tensor, Plan> {
  const plans = new Map<Tensor, Plan>();
  const [{ runs }] = traces;
  for (const run of runs) {
    const plan = planOf(run);
    // What is not reached may be anything.
    if (plan === undefined || !plan.results.some((each) => twins.has(each))) continue;
    for (const result of plan.results) if (!plans.has(result)) plans.set(result, plan);
  }
  return plans;
}

function written(
  source: Source,
  batches: readonly number[],
  signature: Signature,
  outputs: readonly (readonly [name: string, tensor: Tensor])[],
): Graph {
  const { twins, plans, known, weights, inputs, integers } = source;
  const outside = (dtype: DType) => (dtype === "i32" ? integers : typeOf(dtype));
  const rules: { current?: ReadonlyMap<Op, Rule> } = {};
  const emit = (writer: Writer, tensor: Tensor) => {
    if (writer.isWritten(tensor)) return;
    const plan = plans.get(tensor);
    const numbers = known.get(tensor);
    if (numbers !== undefined) knownTensor(tensor, allOf(numbers, writer.count));
    else if (plan !== undefined) plan.write(writer);
    else {
      const rule = rules.current?.get(tensor.op);
      if (rule === undefined) throw new ArgumentError(`toOnnx: there is no rule for ${tensor.op.name}`);
      rule(writer, writer.nodeOf(tensor));
    }
  };
  const writer = new Writer(batches, twins, emit);
  const writeAll = (roots: readonly Tensor[]) => {
    const order = orderOf(roots, (node) => {
      if (writer.isWritten(node) || known.has(node)) return [];
      return plans.get(node)?.needs ?? node.inputs;
    });
    for (const {
      op,
      inputs: [from],
      attrs,
    } of order)
      if (op.lowering.kind === "item") {
        const items = writer.wanted.get(from) ?? new Set<number>();
        items.add(op.lowering.index(attrs));
        writer.wanted.set(from, items);
      }
    for (const node of order) emit(writer, node);
  };
  /** A tensor whose numbers are known, for all graphs to see; of others than simple ones, what they are made of. */
  const knownTensor = (tensor: Tensor, numbers: Known) =>
    writer.outside(() => {
      const value = writer.constant(tensor, numbers);
      if (value !== undefined) writer.giveValue(tensor, value);
      else if (tensor.op.lowering.kind === "leaf") throw otherNumbers(tensor);
      else {
        known.delete(tensor);
        writeAll([tensor]);
      }
    });
  const around: Around = {
    leaf: (_, { tensor }) => {
      const { lowering } = tensor.op;
      if (lowering.kind === "leaf" && lowering.place === "constant") {
        const numbers = writer.twinsOf(tensor).map(({ attrs }) => numbersOf(attrs as ConstantAttrs));
        knownTensor(tensor, numbers);
        return;
      }
      writer.outside(() => {
        const name = nameOf(tensor);
        const isCast = inputs.has(tensor) && outside(tensor.dtype) !== typeOf(tensor.dtype);
        writer.give(tensor, isCast ? writer.cast(name, typeOf(tensor.dtype)) : name);
      });
    },
    knownOf: (tensor) => knownNumbers(tensor, known, writer),
    bodies: {
      meet: (roots) => {
        if (roots[0].some((each) => !twins.has(each))) findTwins(roots, twins, NAME);
      },
      write: writeAll,
    },
    writeNew: (_, roots) => {
      findTwins(roots, twins, NAME);
      writeAll(roots[0]);
    },
  };
  const nameOf = (tensor: Tensor): string => {
    const input = inputs.get(tensor);
    if (input !== undefined) return input;
    const weight = tensor instanceof Variable ? weights.get(tensor) : undefined;
    if (weight === undefined)
      throw new ArgumentError(
        `toOnnx: ${tensor.label || tensor.op.name} ${showShape(tensor.shape)} is no input and in no field of the model (private ones and closures hide theirs)`,
      );
    return weight.name;
  };
  rules.current = tableOf(rulesFor(around));
  for (const { name, shape, dtype } of signature.leaves)
    writer.graph.inputs.push({ name, shape, type: outside(dtype) });
  begin(writer, signature, outputs, weights);
  writeAll(outputs.map(([, tensor]) => tensor));
  const ports = outputs.map(([name, tensor]): Port => {
    const isBatch = (size: Size) => keyOf([size]) === keyOf([{ values: batches }]);
    // Sizes that only follow from the batch have no name.
    const shape = writer
      .sizesOf(tensor)
      .map((size) => (typeof size === "number" ? size : isBatch(size) ? (signature.batch as string) : ""));
    return { name, type: outside(tensor.dtype), shape };
  });
  const values = outputs.map(([, tensor], i) => {
    const value = writer.value(tensor);
    return ports[i].type === typeOf(tensor.dtype) ? value : writer.cast(value, ports[i].type);
  });
  writer.results(ports, values);
  return writer.graph;
}

/** Weights, and the names of inputs and outputs. */
function begin(
  writer: Writer,
  { leaves }: Signature,
  outputs: readonly (readonly [name: string, tensor: Tensor])[],
  weights: Weights,
): void {
  for (const { name } of leaves) writer.claim(name, "an input");
  for (const [name] of outputs) writer.claim(name, "an output");
  for (const [{ shape, dtype }, { name, data }] of weights) {
    writer.claim(name, "a weight");
    const own =
      dtype === "i32" ? Int32Array.from(data) : dtype === "u8" ? Uint8Array.from(data) : Float32Array.from(data);
    writer.graph.initials.push({ name, type: typeOf(dtype), shape, data: own });
  }
}

function otherNumbers({ dtype, shape }: Tensor): ArgumentError {
  return new ArgumentError(
    `toOnnx: a constant of ${dtype}${showShape(shape)} has other numbers for every batch; give it as an input, or write sizes that are all numbers`,
  );
}

/** Rules by the ops themselves. */
function tableOf(rules: Rules): Map<Op, Rule> {
  return new Map(Object.entries(rules).map(([name, rule]) => [ops[name as keyof typeof ops] as Op, rule as never]));
}

/** Numbers of a tensor that is a view or a broadcast of what is known. */
function knownNumbers(tensor: Tensor, known: ReadonlyMap<Tensor, Known>, writer: Writer): Known | undefined {
  let node = tensor;
  while (!known.has(node) && node.op.lowering.kind === "view") node = node.inputs[0];
  const numbers = known.get(node);
  return numbers && allOf(numbers, writer.count);
}
