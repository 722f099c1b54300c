// fromOnnx: a model in ONNX's format as a module whose initialisers are Variables.
import { aListOf, aRecordOf, aText, checkOptions, isRecord, must } from "../check.ts";
import { constant, type Nested, type ShapedNumbers } from "../create.ts";
import { bytesOf } from "../data/bytes.ts";
import { meant } from "../data/nearest.ts";
import { ArgumentError, DataError, DTypeError, ShapeError, SimdgradError, UnsupportedError } from "../errors.ts";
import { aContext, type Context, evaluationContext, type Module } from "../nn/module.ts";
import { type Shape, showAval, showShape } from "../shape.ts";
import { aTensor, Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { Builder, NO_RULE, problem, throwProblems } from "./build.ts";
import { type ElementType, elementTypeOf, elementTypes, typeName } from "./element-types.ts";
import type { Files } from "./files.ts";
import { detach } from "./numbers.ts";
import {
  type Body,
  checkFunction,
  checkNames,
  functionOf,
  type Library,
  libraryOf,
  neededNodes,
  readBy,
  rolesOf,
  subgraphs,
  versionsOf,
} from "./plan.ts";
import { type GraphProto, type ModelProto, type NodeProto, readModel, type ValueInfoProto } from "./proto.ts";
import { Refusal } from "./refusal.ts";
import { ruleOf } from "./rules.ts";
import { Value } from "./value.ts";
import { type OfInitializers, variablesOf } from "./variables.ts";

/** An input or output as its file describes it. */
export interface OnnxPort {
  readonly name: string;
  /** ONNX's element type, such as "float32" or "int64"; "" where the file does not say it. */
  readonly type: string;
  /** Sizes, names of those that are free, null for what has neither; undefined where the file does not say it. */
  readonly shape: readonly (number | string | null)[] | undefined;
}

/** How a model is read. */
export interface OnnxOptions {
  /** What `forward` gives: the name of an output, or of any tensor inside, which is then given alone; or several in a list. */
  readonly output?: string | readonly string[];
  /** Names of the inputs in the order in which `forward` takes them; tensors inside, too: there the graph is cut. */
  readonly inputs?: readonly string[];
  /** Inputs whose numbers are known now, such as sizes, by name. */
  readonly constants?: Readonly<Record<string, Nested | ArrayLike<number> | ShapedNumbers>>;
  /** Bytes of the files in which a model keeps its weights, by the names that it gives them. */
  readonly files?: Files;
}

/** What `forward` takes: one tensor, several in the order of `inputs`, or all by their names. */
export type OnnxInput = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** A model that was read from ONNX's format. */
export interface OnnxModel<Output = Tensor> extends Module<OnnxInput, Output> {
  /** What `forward` takes, in this order. */
  readonly inputs: readonly OnnxPort[];
  /** What `forward` gives. */
  readonly outputs: readonly OnnxPort[];
  /** Names of all that the file's nodes give, first to last: what `output` may name. */
  readonly tensors: readonly string[];
  /** What else the file says of the model: texts by their names, ONNX's `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** The graph for tensors of these shapes; without a context for inference. */
  forward(x: OnnxInput, context?: Context): Output;
}

class Imported<Output> implements OnnxModel<Output> {
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly tensors: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly #body: Body;
  readonly #graph: GraphProto;
  readonly #library: Library;
  readonly #files: Files;
  readonly #constants: ReadonlyMap<string, Value>;
  readonly #initializers: OfInitializers;
  readonly #isOne: boolean;

  constructor(model: ModelProto, graph: GraphProto, options: OnnxOptions) {
    const { files = {} } = options;
    checkNames(graph);
    for (const each of model.functions) checkFunction(each);
    this.#graph = graph;
    this.#library = libraryOf(model);
    this.#files = files;
    const outputs = outputsOf(graph, options.output);
    const constants = constantsOf(graph, options.constants ?? {});
    decide(model, graph, constants, files);
    const inputs = inputsOf(graph, outputs, options.inputs, constants);
    const given = new Set([...inputs, ...constants.keys()]);
    const versions = versionsOf(model);
    this.#body = { versions, nodes: neededNodes(graph.node, outputs, given) };
    throwProblems(this.#body.nodes.flatMap((node) => unknownIn(node, this.#body, this.#library)));
    this.#constants = constants;
    this.inputs = inputs.map((name) => portOf(graph, name));
    this.outputs = outputs.map((name) => portOf(graph, name));
    this.tensors = graph.node.flatMap(({ output }) => output).filter((name) => name !== "");
    this.metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
    this.#isOne = typeof options.output !== "object" && outputs.length === 1;
    const roles = rolesOf(this.#body, this.#library, inputs);
    this.#initializers = variablesOf(graph, this.#body.nodes, outputs, given, roles, files);
    detach(model, files, this.#initializers.byInitializer);
  }

  /** Variables by the names of their initialisers. */
  children(): Iterable<readonly [string, Variable]> {
    return this.#initializers.byName;
  }

  /**
   * Builds the graph for tensors of these shapes.
   * @throws UnsupportedError that names all nodes that are not understood; ShapeError, DTypeError for inputs that do not fit
   */
  forward(x: OnnxInput, context: Context = evaluationContext()): Output {
    aContext(context, "forward: context");
    const given = new Map(this.#constants);
    const tensors = this.#tensorsOf(x);
    this.inputs.forEach((port, i) => {
      given.set(port.name, givenFor(tensors[i], port));
    });
    const ground = {
      library: this.#library,
      files: this.#files,
      context,
      variables: this.#initializers.byInitializer,
    };
    const names = this.outputs.map(({ name }) => name);
    const values = new Builder(ground).outputs(this.#body, this.#graph, given, names);
    const sequence = values.findIndex((value) => value.isSequence);
    if (sequence >= 0)
      throw new UnsupportedError(`onnx: ${names[sequence]} is a sequence of tensors: name other tensors in output`);
    const results = refusing(() => values.map((value) => value.settled()));
    if (this.#isOne) return results[0] as Output;
    return Object.fromEntries(names.map((name, i) => [name, results[i]])) as Output;
  }

  /** Why a name is none of the inputs. */
  #whyNot(name: string): string {
    const has = ({ name: own }: { readonly name: string }) => own === name;
    if (this.#constants.has(name)) return `input ${name} was given in constants`;
    if (!this.#graph.input.some(has)) return `the model has no input ${name}`;
    if (this.#graph.initializer.some(has))
      return `input ${name} has its value in the file, unless it is named in inputs`;
    return `nothing that the model gives needs its input ${name}`;
  }

  #tensorsOf(x: OnnxInput): readonly Tensor[] {
    const names = this.inputs.map(({ name }) => name);
    const said = names.join(", ") || "none";
    if (x instanceof Tensor || Array.isArray(x)) {
      const list: readonly Tensor[] = x instanceof Tensor ? [x] : x;
      aListOf(aTensor)(list, "forward: x");
      if (list.length !== names.length)
        throw new ArgumentError(`forward: the model takes ${names.length} inputs (${said}), got ${list.length}`);
      return list;
    }
    must(isRecord(x), x, "forward: x", `a tensor, a list, or an object { ${said} }`);
    const record = x as Readonly<Record<string, Tensor>>;
    const unknown = Object.keys(record).find((name) => !names.includes(name));
    if (unknown !== undefined) throw new ArgumentError(`forward: ${this.#whyNot(unknown)}; it takes ${said}`);
    return names.map((name) => {
      aTensor(Object.hasOwn(record, name) ? record[name] : undefined, `forward: input ${name}`);
      return record[name];
    });
  }
}

/**
 * A model of ONNX's format as a module: `forward` builds its graph for the shapes that it is given, and what it learns are Variables under
 * the names of its initialisers, so that a Trainer trains it, `stateDict` names them, and `freeze`, `parameters` and other layers take it
 * like any module. Initialisers of float16, bfloat16 and float64 become f32. Those that are whole numbers, decide shapes, or have no
 * axes are constants; running statistics are not trained. int64 is i32 here: constants that do not fit are refused, but for those at the end of
 * the range of int64, which mean "to the end"; booleans are f32 of 0 and 1.
 *
 * `forward` takes a tensor, several in the order of `model.inputs`, or an object of all of them; it gives a tensor where the model has one
 * output or `output` is a name, else an object of tensors by name. In training, too, a node does what its file says: batch normalisation goes
 * on with its running statistics, unless the node is in training mode; dropout drops something in a training context alone.
 * @throws DataError for bytes that are no model, UnsupportedError that names every node that is not understood, with its operator and
 * version; ArgumentError for names that the model has not
 *
 * @example
 * import { input } from "simdgrad";
 * import { parameters } from "simdgrad/nn";
 * import { fromOnnx } from "simdgrad/onnx";
 * // A file of one node: y = Relu(x).
 * const file = "CAg6JAoMCgF4EgF5IgRSZWx1WgkKAXgSBAoCCAFiCQoBeRIECgIIAUIECgAQEQ==";
 * const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
 * const model = fromOnnx(bytes);
 * model.forward(input([2, 3])).shape; // => [2, 3]
 */
export function fromOnnx<Output = Tensor>(
  bytes: Uint8Array | ArrayBuffer,
  options: OnnxOptions = {},
): OnnxModel<Output> {
  const file = bytesOf(bytes, "fromOnnx: bytes");
  checkOptions(options, "fromOnnx", {
    output: (value, what) => (Array.isArray(value) ? aListOf(aText) : aText)(value, what),
    inputs: aListOf(aText),
    constants: aRecordOf(() => undefined),
    files: aRecordOf((value, what) => void bytesOf(value as Uint8Array, what)),
  });
  const model = modelIn(file);
  const { graph } = model;
  if (graph === undefined) throw new DataError("onnx: there is no graph in it: is it such a file?");
  return refusing(() => new Imported<Output>(model, graph, options));
}

function modelIn(bytes: Uint8Array): ModelProto {
  try {
    return readModel(bytes);
  } catch (cause) {
    throw new DataError(`onnx: is it such a file? ${(cause as Error).message}`, { cause });
  }
}

/** What is refused before any node is built. */
function refusing<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof Refusal) throw new DataError(`onnx: ${error.message}`);
    throw error;
  }
}

/** Leaves out branches that the constants of a model and those given decide against: what they read nobody needs. */
function decide(model: ModelProto, graph: GraphProto, constants: ReadonlyMap<string, Value>, files: Files): void {
  const body = { versions: versionsOf(model), nodes: graph.node };
  const ground = { library: libraryOf(model), context: evaluationContext(), files, variables: new Map() };
  for (const node of graph.node) {
    if (node.opType !== "If" || node.input.length !== 1) continue;
    try {
      const [condition] = new Builder(ground).outputs(body, graph, constants, node.input);
      if (!condition.isKnown) continue;
      const other = condition.numbers()[0] !== 0 ? "else_branch" : "then_branch";
      node.attribute = node.attribute.filter(({ name }) => name !== other);
    } catch (error) {
      if (!(error instanceof SimdgradError || error instanceof Refusal)) throw error; // it depends on inputs, or is told of later
    }
  }
}

/** Problems of a node and of those inside it, but for branches, of which perhaps one is taken. */
function unknownIn(node: NodeProto, body: Body, library: Library): string[] {
  if (functionOf(library, node) !== undefined) return [];
  if (ruleOf(node, body.versions) === undefined) return [problem(node, body.versions, NO_RULE)];
  const inner = subgraphs(node);
  if (node.opType === "If" && inner.length > 1) return [];
  return inner.flatMap((graph) => graph.node.flatMap((inner) => unknownIn(inner, body, library)));
}

function portOf(graph: GraphProto, name: string): OnnxPort {
  const info = [...graph.input, ...graph.output, ...graph.valueInfo].find((each) => each.name === name);
  const { shape, elemType = 0 } = tensorTypeOf(info) ?? {};
  return {
    name,
    type: elemType === 0 ? "" : typeName(elemType),
    shape: shape?.dim.map(({ value }) => {
      if (value.case === "dimValue") return Number(value.value);
      return value.case === "dimParam" ? value.value : null;
    }),
  };
}

function tensorTypeOf(info: ValueInfoProto | undefined) {
  const type = info?.type?.value;
  return type?.case === "tensorType" ? type.value : undefined;
}

/** All names that have a value in a graph. */
function namesIn(graph: GraphProto): Set<string> {
  const names = [...graph.input, ...graph.initializer].map(({ name }) => name);
  return new Set([...names, ...graph.node.flatMap(({ output }) => output)]);
}

function outputsOf(graph: GraphProto, asked: OnnxOptions["output"]): string[] {
  const own = graph.output.map(({ name }) => name);
  if (asked === undefined) return own;
  const names = typeof asked === "string" ? [asked] : [...asked];
  const all = namesIn(graph);
  for (const name of names)
    if (!all.has(name))
      throw new ArgumentError(
        `fromOnnx: output: there is no tensor ${name}${meant(name, [...all])}; outputs are ${own.join(", ")}; model.tensors lists those inside`,
      );
  return names;
}

function constantsOf(graph: GraphProto, given: NonNullable<OnnxOptions["constants"]>): Map<string, Value> {
  const all = namesIn(graph);
  return new Map(
    Object.entries(given).map(([name, data]) => {
      if (!all.has(name))
        throw new ArgumentError(`fromOnnx: constants: there is no tensor ${name}${meant(name, [...all])}`);
      const type =
        elementTypeOf(tensorTypeOf(graph.input.find((each) => each.name === name))?.elemType ?? 0) ?? "float32";
      const { dtype } = elementTypes[type];
      try {
        return [name, Value.of(constant(data, { dtype }), type)];
      } catch (error) {
        throw error instanceof SimdgradError ? error.inside(`fromOnnx: constants.${name}`) : error;
      }
    }),
  );
}

/** Inputs that somebody needs, unless they were named. Those that have an initialiser need not be given. */
function inputsOf(
  graph: GraphProto,
  outputs: readonly string[],
  asked: readonly string[] | undefined,
  constants: ReadonlyMap<string, Value>,
): string[] {
  if (asked !== undefined) {
    const all = namesIn(graph);
    const wrong = asked.find((name) => !all.has(name));
    if (wrong !== undefined)
      throw new ArgumentError(`fromOnnx: inputs: there is no tensor ${wrong}${meant(wrong, [...all])}`);
    const twice = asked.find((name, i) => asked.indexOf(name) < i || constants.has(name));
    if (twice !== undefined) throw new ArgumentError(`fromOnnx: inputs: ${twice} is given twice`);
    return [...asked];
  }
  const initial = new Set([
    ...graph.initializer.map(({ name }) => name),
    ...graph.sparseInitializer.map(({ values }) => values?.name),
  ]);
  const read = new Set([
    ...outputs,
    ...neededNodes(graph.node, outputs, constants).flatMap((node) => [...readBy(node)]),
  ]);
  return graph.input.flatMap(({ name }) =>
    read.has(name) && !initial.has(name) && !constants.has(name) ? [name] : [],
  );
}

/** A tensor that was handed over, as its port describes it. */
function givenFor(tensor: Tensor, port: OnnxPort): Value {
  const { name, shape, type: said } = port;
  checkSizes(tensor.shape, shape, name);
  const known = Object.hasOwn(elementTypes, said) ? (said as ElementType) : undefined;
  if (known === undefined && said !== "")
    throw new DTypeError(`onnx: input ${name} is ${said}, of which there are no tensors here`);
  const type = known ?? (tensor.dtype === "f32" ? "float32" : "int32");
  const { dtype } = elementTypes[type];
  if (type === "bool" && tensor.dtype !== "f32") return Value.of(tensor.cast("i32").notEqual(0), type);
  if (tensor.dtype !== dtype && tensor.dtype !== "u8")
    throw new DTypeError(`onnx: input ${name} is ${type}, which is ${dtype} here, got ${showAval(tensor)}`);
  return Value.of(tensor.cast(dtype), type);
}

/** The first axis is as long as the caller wants it: many files say there which batch they were made with. */
function checkSizes(given: Shape, said: OnnxPort["shape"], name: string): void {
  if (said === undefined) return;
  const fits = said.every((size, i) => i === 0 || typeof size !== "number" || size === given[i]);
  if (given.length !== said.length || !fits)
    throw new ShapeError(
      `onnx: input ${name} is [${said.map((size) => size ?? "?").join(", ")}], got ${showShape(given)}`,
    );
}
