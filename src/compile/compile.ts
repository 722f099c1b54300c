// compile: outputs and assignments become one Program. The passes are simplify, fuse, lower (with placement and schedule), merge, plan
// (with phases) and encode.
import { ALIGN } from "../../assembly/isa/sizes.ts";
import { aBoolean, aListOf, aMapOf, aRecordOf, aText, type Checks, checkOptions, must } from "../check.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import type { ConstantAttrs } from "../ops/leaf.ts";
import type { Buffer } from "../program/lir.ts";
import {
  ofThisThread,
  PROGRAM_VERSION,
  type Program,
  type ProgramConstant,
  type ProgramSlot,
  type ProgramVariable,
} from "../program/program.ts";
import { sameShape, showShape, sizeOf } from "../shape.ts";
import { aTensor, Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { encode } from "./encode.ts";
import { lower } from "./lower.ts";
import { mergeSmallMaps } from "./merge.ts";
import { arrange } from "./phases.ts";
import { plan, wordsOf } from "./plan.ts";
import { Buffers, Scope } from "./scope.ts";
import { simplify } from "./simplify.ts";

/** What a program takes, gives and changes. */
export interface Computation {
  /** Tensors made by `input`, written by the caller before each run. */
  readonly inputs?: Readonly<Record<string, Tensor>>;
  /** Read by the caller after a run; scalars are logged for every step. */
  readonly outputs?: Readonly<Record<string, Tensor>>;
  /** New values of variables, applied after all outputs are computed. */
  readonly assignments?: readonly (readonly [Variable, Tensor])[];
  /** Names of tensors for printing and errors, parameters' paths above all. */
  readonly names?: ReadonlyMap<Tensor, string>;
}

/** How a program is made. */
export interface CompileOptions {
  /** False keeps every op apart: no simplifying, no fusing, nothing written in place. Default true. */
  readonly optimize?: boolean;
}

export const compileOptions: Checks<CompileOptions> = { optimize: aBoolean };

/**
 * Compiles a computation into a program that any executor runs.
 * @throws ArgumentError for an input that is not declared or a variable assigned twice, ShapeError and DTypeError for
 * an assignment that does not fit its variable
 *
 * @example
 * import { compile, input, JsExecutor, Variable } from "simdgrad";
 * const x = input([2]);
 * const total = new Variable([], 0);
 * const sum = x.sum();
 * const program = compile({ inputs: { x }, outputs: { sum }, assignments: [[total, total.add(sum)]] });
 * const executor = new JsExecutor();
 * const id = await executor.load(program);
 * await executor.write({ program: id, name: "x" }, [1, 2]);
 * await executor.run([[id, 3]]).done;
 * await executor.read({ program: id, name: "sum" }); // => [3]
 * await executor.read({ variable: total.key }); // => [9]
 */
export function compile(computation: Computation, options: CompileOptions = {}): Program {
  checkOptions(computation, "compile", {
    inputs: aRecordOf(aTensor),
    outputs: aRecordOf(aTensor),
    assignments: aListOf(anAssignment),
    names: aMapOf(aText),
  });
  checkOptions(options, "compile", compileOptions);
  const { inputs = {}, outputs = {}, assignments = [], names = new Map() } = computation;
  const optimize = options.optimize ?? true;
  checkInputs(inputs, outputs);
  checkAssignments(assignments);
  const wanted = [...Object.values(outputs), ...assignments.map(([, value]) => value)];
  const values = optimize ? simplify(wanted) : wanted;
  const leaves = new Leaves(inputs, names);
  const outputEntries = Object.entries(outputs).map(([name, { shape, dtype }], i) => ({
    name,
    value: values[i],
    target: leaves.buffers.create(sizeOf(shape), dtype, name, 0, "io"),
  }));
  const scope = new Scope(leaves.buffers);
  const newValues = values.slice(outputEntries.length);
  lower(
    scope,
    {
      outputs: outputEntries,
      overwrites: assignments.map(([old], i) => ({ old, value: newValues[i], target: leaves.get(old) })),
    },
    { optimize, leaf: (node) => leaves.get(node), names },
  );
  const { items, arenaWords } = optimize
    ? arrange(mergeSmallMaps(scope.items))
    : { items: scope.items, arenaWords: plan(scope.items) };
  const state = layOut(leaves.variables, ALIGN);
  const inputSlots = layOut(leaves.inputs, 0);
  const scalarsFirst = [...outputEntries].sort(
    (a, b) => Math.min(1, a.value.shape.length) - Math.min(1, b.value.shape.length),
  );
  const outputSlots = layOut(
    scalarsFirst.map(({ name, value, target }) => ({ name, node: value, buffer: target })),
    inputSlots.words,
  );
  const constants = layOut(leaves.constants, 0);
  const { code, labels } = encode(items);
  const assigned = new Set<Tensor>(assignments.filter(([old], i) => newValues[i] !== old).map(([old]) => old));
  return ofThisThread({
    version: PROGRAM_VERSION,
    code,
    labels,
    variables: state.slots.map((slot, i): ProgramVariable => {
      const variable = leaves.variables[i].node as Variable;
      return { ...slot, key: variable.key, assigned: assigned.has(variable) };
    }),
    inputs: inputSlots.slots,
    outputs: outputSlots.slots,
    logged: outputSlots.slots.filter(({ shape }) => shape.length === 0).map(({ name }) => name),
    logOffset: inputSlots.words,
    constants: constants.slots.map(({ offset, words, dtype }, i): ProgramConstant => {
      const { data, scalar, rounded } = leaves.constants[i].node.attrs as ConstantAttrs;
      const kept = scalar === undefined && dtype === "f32" ? narrowed(data) : data;
      return { offset, words, dtype, data: kept, ...(rounded !== undefined && { rounded }) };
    }),
    stateWords: state.words,
    ioWords: outputSlots.words,
    arenaWords,
    constantWords: constants.words,
  });
}

/** A table in float32, where that loses nothing. */
function narrowed(data: ConstantAttrs["data"]): ProgramConstant["data"] {
  const narrow = Float32Array.from(data);
  return narrow.every((value, i) => Object.is(value, data[i])) ? narrow : data;
}

interface Leaf {
  readonly name: string;
  readonly node: Tensor;
  readonly buffer: Buffer;
}

/** Buffers of what exists before the program runs, made as they are met. */
class Leaves {
  readonly buffers = new Buffers();
  readonly variables: Leaf[] = [];
  readonly inputs: Leaf[] = [];
  readonly constants: Leaf[] = [];
  readonly #known = new Map<Tensor, Buffer>();
  readonly #names: ReadonlyMap<Tensor, string>;

  constructor(inputs: Readonly<Record<string, Tensor>>, names: ReadonlyMap<Tensor, string>) {
    this.#names = names;
    for (const [name, node] of Object.entries(inputs)) this.#add(this.inputs, name, node, "io");
  }

  get(node: Tensor): Buffer {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const { lowering } = node.op;
    const place = lowering.kind === "leaf" ? lowering.place : "captured";
    const name = this.#names.get(node) ?? node.label;
    if (place === "variable") return this.#add(this.variables, name || (node as Variable).key, node, "state");
    if (place === "constant") return this.#add(this.constants, name || "constant", node, "constants");
    if (place === "input")
      throw new ArgumentError(
        `compile: reads an input ${showShape(node.shape)}${name && ` ${name}`} that is not among inputs`,
      );
    throw new ArgumentError(
      `compile: a ${node.op.name} of ${showShape(node.shape)} is read outside the scan it belongs to`,
    );
  }

  #add(list: Leaf[], name: string, node: Tensor, region: Buffer["region"]): Buffer {
    const buffer = this.buffers.create(sizeOf(node.shape), node.dtype, name, 0, region);
    list.push({ name, node, buffer });
    this.#known.set(node, buffer);
    return buffer;
  }
}

/** One after the other from `start` on. */
function layOut(leaves: readonly Leaf[], start: number): { slots: ProgramSlot[]; words: number } {
  let offset = start;
  const slots = leaves.map(({ name, node: { shape, dtype }, buffer }) => {
    const words = wordsOf(buffer.size, dtype);
    buffer.offset = offset;
    offset += words;
    return { name, shape, dtype, offset: buffer.offset, words };
  });
  return { slots, words: offset };
}

function checkInputs(inputs: Readonly<Record<string, Tensor>>, outputs: Readonly<Record<string, Tensor>>): void {
  const seen = new Map<Tensor, string>();
  for (const [name, node] of Object.entries(inputs)) {
    const { op } = node;
    if (op.lowering.kind !== "leaf" || op.lowering.place !== "input")
      throw new ArgumentError(`compile: inputs.${name} is a ${op.name}, not made by input()`);
    if (Object.hasOwn(outputs, name)) throw new ArgumentError(`compile: ${name} names an input and an output`);
    const other = seen.get(node);
    if (other !== undefined) throw new ArgumentError(`compile: inputs.${other} and inputs.${name} are one tensor`);
    seen.set(node, name);
  }
}

function anAssignment(value: unknown, what: string): void {
  const [variable, tensor] = Array.isArray(value) ? value : [];
  const holds = variable instanceof Variable && tensor instanceof Tensor;
  must(holds, value, what, "a pair of a Variable and its new value");
}

function checkAssignments(assignments: readonly (readonly [Variable, Tensor])[]): void {
  const seen = new Set<Variable>();
  for (const [variable, { shape, dtype }] of assignments) {
    const name = variable.label || variable.key;
    if (seen.has(variable)) throw new ArgumentError(`compile: variable ${name} is assigned twice`);
    seen.add(variable);
    if (!sameShape(shape, variable.shape))
      throw new ShapeError(
        `compile: ${showShape(shape)} is assigned to variable ${name} of ${showShape(variable.shape)}`,
      );
    if (dtype !== variable.dtype)
      throw new DTypeError(`compile: ${dtype} is assigned to variable ${name} of ${variable.dtype}`);
  }
}
