// Writes the nodes of an ONNX graph for tensors, in the order in which tensors depend on one another. What a tensor is there is a value, or
// several of the same elements in the same order and of different shapes: a reshape is no node but where somebody reads its shape, and a
// broadcast none where all its readers broadcast by themselves.
import { ArgumentError } from "../../errors.ts";
import type { DType } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { type Counted, countedOf, type Known } from "./counted.ts";
import { type Attributes, type ElementType, type Graph, type Initial, type Port, rename } from "./graph.ts";
import { BATCHES } from "./signature.ts";
import { type Affine, affineOf, keyOf, type Size, sameSizes, sizeFrom, sizesFrom } from "./sizes.ts";
import type { Twins } from "./twins.ts";

/** Something with a name in a graph. */
export interface Value {
  readonly name: string;
  readonly sizes: readonly Size[];
  /** The graph that it is in: it is seen from there, and from bodies inside. */
  readonly scope: Graph;
}

/** All values of the same elements. */
interface Held {
  readonly values: Value[];
  /** Where they began: nobody sees them elsewhere, and a tensor that two bodies share is written in both. */
  readonly scope: Graph;
  /** Makes the first one, where it is made when it is read. */
  readonly make?: () => Value;
}

/** The items of a node. */
interface Outputs {
  readonly scope: Graph;
  readonly of: (index: number) => Value;
}

/** A tensor to be written: its op's inputs, its attributes at each batch, its sizes. */
export interface Node<A = unknown> {
  readonly tensor: Tensor;
  readonly inputs: readonly Tensor[];
  readonly attrs: readonly A[];
  readonly sizes: readonly Size[];
}

/** What nodes do to their result, of the shape it stands in, by themselves: the name of the whole, or nothing where they do not. */
type Taking = (other: Tensor, standing: readonly Size[]) => string | undefined;

/** What nodes may become together with what is done to their result. */
export interface Offer {
  /** Plus a tensor that broadcasts to it. */
  readonly add?: Taking;
  /** Times one. */
  readonly mul?: Taking;
  /** Divided by one. */
  readonly div?: Taking;
}

/** Axes of a tensor in another order. */
export interface Turn {
  readonly from: Tensor;
  readonly order: readonly number[];
}

const TYPES: Readonly<Record<DType, ElementType>> = { f32: "float32", i32: "int32", u8: "uint8" };

export function typeOf(dtype: DType): ElementType {
  return TYPES[dtype];
}

/** What all batches that models are looked at with are multiples of: rows may be put together so many at a time. */
const PARTS = 6;

/** Known tensors of so few elements are the same one where their numbers are. */
const SHARED = 64;

export class Writer {
  readonly graph: Graph = { inputs: [], outputs: [], nodes: [], initials: [] };
  /** One a graph of the model; empty where all sizes are known. */
  readonly batches: readonly number[];
  /** What values offer, by their names. */
  readonly offers = new Map<string, Offer>();
  /** What was transposed, and how, by the names of the results. */
  readonly turns = new Map<string, Turn>();
  /** Items that somebody reads of a node of several outputs. */
  readonly wanted = new Map<Tensor, Set<number>>();

  readonly #twins: Map<Tensor, Twins>;
  readonly #held = new Map<Tensor, Held>();
  readonly #booleans = new Map<Tensor, Value>();
  readonly #outputs = new Map<Tensor, Outputs>();
  readonly #names = new Set<string>();
  readonly #numbers = new Map<string, number>();
  readonly #made = new Map<Graph, Map<string, readonly string[]>>();
  readonly #shared = new Map<string, string>();
  readonly #measured = new Map<string, readonly [name: string, axis: number]>();
  #scopes: readonly Graph[] = [this.graph];
  #batch: string | undefined;
  readonly #emit: (writer: Writer, tensor: Tensor) => void;

  constructor(batches: readonly number[], twins: Map<Tensor, Twins>, emit: (writer: Writer, tensor: Tensor) => void) {
    this.batches = batches;
    this.#twins = twins;
    this.#emit = emit;
  }

  // Tensors at several batches

  /** How many graphs there are of the model. */
  get count(): number {
    return Math.max(1, this.batches.length);
  }

  twinsOf(tensor: Tensor): Twins {
    return this.#twins.get(tensor) ?? Array.from({ length: this.count }, () => tensor);
  }

  sizesOf(tensor: Tensor): Size[] {
    return sizesFrom(this.twinsOf(tensor).map(({ shape }) => shape));
  }

  nodeOf(tensor: Tensor): Node<never> {
    const attrs = this.twinsOf(tensor).map((twin) => twin.attrs as never);
    return { tensor, inputs: tensor.inputs, attrs, sizes: this.sizesOf(tensor) };
  }

  /** What is the same at all batches. @throws ArgumentError where it is not */
  fixed<T>(values: readonly T[], what: string): T {
    const [first] = values;
    const text = JSON.stringify(first);
    if (values.some((value) => JSON.stringify(value) !== text))
      throw new ArgumentError(`toOnnx: ${what} depends on the batch, which an ONNX graph cannot say`);
    return first;
  }

  // Values of tensors

  #heldOf(tensor: Tensor): Held {
    const known = this.#seen(this.#held.get(tensor));
    if (known !== undefined) return known;
    this.#emit(this, tensor);
    return this.#held.get(tensor) as Held;
  }

  /** What is seen here. */
  #seen<T extends { readonly scope: Graph }>(given: T | undefined): T | undefined {
    return given && this.#scopes.includes(given.scope) ? given : undefined;
  }

  isWritten(tensor: Tensor): boolean {
    return (this.#seen(this.#held.get(tensor)) ?? this.#seen(this.#outputs.get(tensor))) !== undefined;
  }

  /** All values of a tensor's elements that are seen here. */
  valuesOf(tensor: Tensor): readonly Value[] {
    const held = this.#heldOf(tensor);
    const seen = () => held.values.filter(({ scope }) => this.#scopes.includes(scope));
    if (seen().length === 0 && held.make) held.values.push(held.make());
    return seen();
  }

  /** The value of a tensor in its own shape. */
  value(tensor: Tensor): string {
    return this.as(tensor, this.sizesOf(tensor));
  }

  /** The value of a tensor's elements in another shape. */
  as(tensor: Tensor, sizes: readonly Size[]): string {
    const values = this.valuesOf(tensor);
    const found = values.find((value) => sameSizes(value.sizes, sizes));
    if (found !== undefined) return found.name;
    const name = this.reshaped(values[0], sizes);
    this.#heldOf(tensor).values.push({ name, sizes, scope: this.scope });
    return name;
  }

  /** A value in another shape, as a node. */
  reshaped({ name, sizes: from }: Pick<Value, "name" | "sizes">, sizes: readonly Size[]): string {
    const isGrowing = (size: Size) => typeof size !== "number";
    const isEmpty = sizes.includes(0) || from.includes(0);
    // A size that follows from all others is -1, one that stays in its place is 0.
    const stays = (size: Size, i: number) => i < from.length && sameSizes([size], [from[i]]);
    const open = sizes.filter((size, i) => isGrowing(size) && !stays(size, i)).length;
    const growing = sizes.filter(isGrowing).length;
    if (isEmpty) return this.add("Reshape", [name, this.ints(sizes)], { allowzero: 1 });
    if (growing <= 1) return this.add("Reshape", [name, this.ints(sizes.map((size) => (isGrowing(size) ? -1 : size)))]);
    if (open > 1) return this.add("Reshape", [name, this.ints(sizes)]);
    const told = sizes.map((size, i) => (isGrowing(size) ? (stays(size, i) ? 0 : -1) : size));
    return this.add("Reshape", [name, this.ints(told)]);
  }

  /** Says what a tensor's value is, in its own shape or in another one. */
  give(tensor: Tensor, name: string, sizes: readonly Size[] = this.sizesOf(tensor)): void {
    this.giveValue(tensor, this.here(name, sizes));
  }

  giveValue(tensor: Tensor, value: Value): void {
    this.#held.set(tensor, { values: [value], scope: value.scope });
  }

  /** Says that a tensor has the elements of another one. */
  same(tensor: Tensor, from: Tensor): void {
    this.#held.set(tensor, this.#heldOf(from));
  }

  /** Says how a tensor's value is made once it is read. */
  later(tensor: Tensor, make: () => Value): void {
    this.#held.set(tensor, { values: [], scope: this.scope, make });
  }

  /** Says that a tensor of 0 and 1 is a boolean, too. */
  giveBoolean(tensor: Tensor, value: Value): void {
    this.#booleans.set(tensor, value);
  }

  booleanOf(tensor: Tensor): Value | undefined {
    return this.#seen(this.#booleans.get(tensor));
  }

  /** Says what the items of a node of several outputs are. */
  giveOutputs(tensor: Tensor, of: Outputs["of"]): void {
    this.#outputs.set(tensor, { scope: this.scope, of });
  }

  outputOf(tensor: Tensor, index: number): Value {
    const known = this.#seen(this.#outputs.get(tensor));
    if (known === undefined) throw new Error(`${tensor.op.name} has no outputs`);
    return known.of(index);
  }

  here(name: string, sizes: readonly Size[]): Value {
    return { name, sizes, scope: this.scope };
  }

  // Nodes

  get scope(): Graph {
    return this.#scopes[this.#scopes.length - 1];
  }

  /** Writes into the body of a loop. */
  inside(body: Graph, write: () => void): void {
    this.#within([...this.#scopes, body], write);
  }

  /** Writes into the outermost graph, what bodies read at every step. */
  outside<T>(write: () => T): T {
    return this.#within([this.graph], write);
  }

  #within<T>(scopes: readonly Graph[], write: () => T): T {
    const before = this.#scopes;
    this.#scopes = scopes;
    try {
      return write();
    } finally {
      this.#scopes = before;
    }
  }

  /** A name that nothing has yet. */
  newName(stem: string): string {
    for (let number = this.#numbers.get(stem) ?? 0; ; number++) {
      const name = number === 0 ? stem : `${stem}_${number}`;
      if (this.#names.has(name)) continue;
      this.#numbers.set(stem, number + 1);
      this.#names.add(name);
      return name;
    }
  }

  /** Takes a name that must be this one. @throws ArgumentError where something else has it */
  claim(name: string, what: string): void {
    if (this.#names.has(name))
      throw new ArgumentError(
        `toOnnx: ${what} cannot be called ${name}: that is the name of another input, output or weight`,
      );
    this.#names.add(name);
  }

  /** A node of one output, or the one of the same inputs and attributes that is there. */
  add(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.addAll(op, inputs, 1, attributes)[0];
  }

  /** A node of several outputs. */
  addAll(op: string, inputs: readonly string[], count: number, attributes: Attributes = {}): readonly string[] {
    const hasBody = Object.values(attributes).some((each) => typeof each === "object" && "graph" in each);
    const key = hasBody ? "" : JSON.stringify([op, inputs, attributes, count]);
    for (const scope of hasBody ? [] : this.#scopes) {
      const known = this.#made.get(scope)?.get(key);
      if (known !== undefined) return known;
    }
    const outputs = Array.from({ length: count }, () => this.newName(op.toLowerCase()));
    this.scope.nodes.push({ op, inputs, outputs, attributes });
    const made = this.#made.get(this.scope) ?? new Map<string, readonly string[]>();
    this.#made.set(this.scope, made);
    if (!hasBody) made.set(key, outputs);
    return outputs;
  }

  /** Calls values as outputs are called: what a node gives by that name, anything else and what has two names by one more node. */
  results(outputs: readonly Port[], values: readonly string[]): void {
    const { graph } = this;
    const others = new Map([...graph.inputs, ...graph.initials].map(({ name }) => [name, name]));
    for (const [i, { name }] of outputs.entries()) {
      const known = others.get(values[i]);
      if (known === undefined) rename(graph, values[i], name);
      else graph.nodes.push({ op: "Identity", inputs: [known], outputs: [name], attributes: {} });
      others.set(values[i], known ?? name);
    }
    graph.outputs.push(...outputs);
  }

  // Known tensors

  /** A known tensor, or the one of the same numbers that is there. */
  known(data: Initial["data"], shape: readonly number[], type: ElementType): string {
    const key = data.length > SHARED ? undefined : `${type} ${shape} ${Array.from(data, exactly)}`;
    const found = key === undefined ? undefined : this.#shared.get(key);
    if (found !== undefined) return found;
    const name = this.newName("constant");
    this.graph.initials.push({ name, type, shape, data });
    if (key !== undefined) this.#shared.set(key, name);
    return name;
  }

  /** A number of f32 or i32. */
  scalar(value: number, dtype: DType = "f32"): string {
    return this.numbers([value], [], dtype);
  }

  numbers(values: ArrayLike<number>, shape: readonly number[], dtype: DType): string {
    if (dtype === "f32") return this.known(Float32Array.from(values), shape, "float32");
    if (dtype === "i32") return this.known(Int32Array.from(values), shape, "int32");
    return this.known(Uint8Array.from(values), shape, "uint8");
  }

  int64(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.known(BigInt64Array.from(values, BigInt), shape, "int64");
  }

  /** Sizes as a list of int64, known or made of the batch when the model runs. */
  ints(sizes: readonly Size[]): string {
    if (sizes.every((size) => typeof size === "number")) return this.int64(sizes as number[]);
    return this.outside(() => {
      const parts: string[] = [];
      let run: number[] = [];
      const close = () => {
        if (run.length > 0) parts.push(this.int64(run));
        run = [];
      };
      for (const size of sizes)
        if (typeof size === "number") run.push(size);
        else {
          close();
          parts.push(this.#grown(size.values));
        }
      close();
      return parts.length === 1 ? parts[0] : this.add("Concat", parts, { axis: 0 });
    });
  }

  /** A size as an int64 of no axes. */
  int(size: Size): string {
    if (typeof size === "number") return this.int64([size], []);
    return this.outside(() => this.add("Squeeze", [this.ints([size]), this.int64([0])]));
  }

  /** Says that sizes can be read off a value, such as those that are rounded down on the way. */
  measured(name: string, sizes: readonly Size[]): void {
    if (this.scope !== this.graph) return;
    for (const [axis, size] of sizes.entries())
      if (typeof size !== "number") this.#measured.set(keyOf([size]), [name, axis]);
  }

  // (times batch + plus) / parts, without what is behind the point
  #grown(values: readonly number[]): string {
    const affine = [1, PARTS].map((parts) => {
      const few = values.slice(0, BATCHES.length).map((value) => value * parts);
      const found = affineOf(few, this.batches);
      const holds = values.every(
        (value, g) => found && value === Math.trunc((found.times * this.batches[g] + found.plus) / parts),
      );
      return found && holds ? { ...found, parts } : undefined;
    });
    const measured = affine[0] ? undefined : this.#measured.get(keyOf([{ values }]));
    if (measured !== undefined) return this.add("Shape", [measured[0]], { start: measured[1], end: measured[1] + 1 });
    const found = affine[0] ?? affine[1];
    if (found === undefined)
      throw new ArgumentError(
        `toOnnx: a size of the model is ${values.join(", ")} for batches of ${this.batches.join(", ")}: only sizes that grow with each row by the same number are written`,
      );
    const { times, plus, parts } = found;
    const product = times === 1 ? this.batchSize() : this.add("Mul", [this.batchSize(), this.int64([times])]);
    const sum = plus === 0 ? product : this.add("Add", [product, this.int64([plus])]);
    return parts === 1 ? sum : this.add("Div", [sum, this.int64([parts])]);
  }

  /** The batch when the model runs: a list of one int64. */
  batchSize(): string {
    if (this.#batch !== undefined) return this.#batch;
    for (const { name, shape } of this.graph.inputs) {
      const axis = shape.findIndex((size) => typeof size === "string");
      if (axis < 0) continue;
      this.#batch = this.outside(() => this.add("Shape", [name], { start: axis, end: axis + 1 }));
      return this.#batch;
    }
    throw new ArgumentError("toOnnx: no input has a size with a name");
  }

  /** Whole numbers 0, 1, ... as int64. */
  range(count: Size): string {
    if (typeof count === "number") return this.int64(Array.from({ length: count }, (_, i) => i));
    return this.outside(() => this.add("Range", [this.int64([0], []), this.int(count), this.int64([1], [])]));
  }

  /** Of a known tensor, whose numbers are those of each batch; undefined where they follow from it in no simple way. */
  constant(tensor: Tensor, numbers: Known): Value | undefined {
    const { dtype } = tensor;
    const sizes = this.sizesOf(tensor);
    return this.outside(() => {
      const [first] = numbers;
      const isFixed = sizes.every((size) => typeof size === "number");
      if (isFixed && numbers.every((each) => sameNumbers(each, first)))
        return this.here(this.numbers(first, sizes as number[], dtype), sizes);
      const value = first[0] ?? 0;
      if (numbers.every((each) => isFilled(each, value)))
        return this.here(this.add("Expand", [this.scalar(value, dtype), this.ints(sizes)]), sizes);
      const size = sizeFrom(numbers.map((each) => each[0]));
      if (numbers.every((each) => isFilled(each, each[0])) && this.#measured.has(keyOf([size])))
        return this.here(this.add("Expand", [this.cast(this.int(size), typeOf(dtype)), this.ints(sizes)]), sizes);
      const counted = countedOf(sizes, numbers, this.batches);
      return counted && this.here(this.cast(this.#counted(counted, sizes), typeOf(dtype)), sizes);
    });
  }

  #counted({ steps, starts, shape }: Counted, sizes: readonly Size[]): string {
    const parts = steps.flatMap(([axis, { times, plus }]) => {
      if (times === 0 && plus === 0) return [];
      const step = this.ints([times === 0 ? plus : { values: this.batches.map((batch) => times * batch + plus) }]);
      const line = this.add("Mul", [this.range(sizes[axis]), step]);
      return this.add("Reshape", [line, this.int64(sizes.map((_, i) => (i === axis ? -1 : 1)))]);
    });
    const list = (of: (start: Affine) => number) => this.int64(starts.map(of), shape);
    if (starts.some(({ times }) => times !== 0))
      parts.push(this.add("Mul", [list(({ times }) => times), this.batchSize()]));
    parts.push(list(({ plus }) => plus));
    const sum = parts.reduce((a, b) => this.add("Add", [a, b]));
    return this.add(sizes.length === 0 ? "Reshape" : "Expand", [sum, this.ints(sizes)]);
  }

  cast(name: string, type: ElementType): string {
    return this.add("Cast", [name], { to: CODES[type] });
  }

  /** Whether two shapes, at all batches, are the same. */
  areSame(a: readonly Size[], b: readonly Size[]): boolean {
    return keyOf(a) === keyOf(b);
  }
}

/** ONNX's numbers for element types. */
export const CODES: Readonly<Record<ElementType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9 };

function isFilled(numbers: ArrayLike<number>, value: number): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Object.is(numbers[i], value)) return false;
  return true;
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}

/** -0 is not 0. */
function exactly(value: number | bigint): string {
  return Object.is(value, -0) ? "-0" : `${value}`;
}
