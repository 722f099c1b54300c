// Writes one function of model.py, line by line, for tensors in the order in which they depend on one another. What one other reads is written
// where that reads it, anything else gets a name.
import { ArgumentError } from "../../errors.ts";
import { type Counted, countedOf, type Known } from "../../onnx/export/counted.ts";
import { orderOf } from "../../onnx/export/known.ts";
import { type Affine, affineOf, keyOf, type Size, sameSizes, sizesFrom } from "../../onnx/export/sizes.ts";
import { findTwins, type Twins } from "../../onnx/export/twins.ts";
import { scalarOf } from "../../ops/leaf.ts";
import type { Tensor } from "../../tensor.ts";
import type { ModelFile } from "./file.ts";
import { bare, numberText, TYPES, tuple } from "./python.ts";

/** Who writes the model. */
export const NAME = "toPytorch";

/** What a tensor is in Python. */
interface Value {
  readonly text: string;
  /** A plain number, which takes part in arithmetic as it is and is no tensor. */
  readonly isNumber?: boolean;
}

/** A tensor to be written: its op's inputs, its attributes at each batch, its sizes. */
export interface Node<A = unknown> {
  readonly tensor: Tensor;
  readonly inputs: readonly Tensor[];
  readonly attrs: readonly A[];
  readonly sizes: readonly Size[];
}

/** How ops are written: a rule gives a tensor of its op what it is in Python. */
export type Rule<A = unknown> = (code: Code, node: Node<A>) => void;

/** What a function is written from. */
export interface Source {
  readonly batches: readonly number[];
  readonly twins: Map<Tensor, Twins>;
  /** What is read, of a tensor that is not written by its op. */
  needsOf(tensor: Tensor): readonly Tensor[] | undefined;
  emit(code: Code, tensor: Tensor): void;
}

/** Characters of an expression that stands within another one, at the most. */
const WITHIN = 70;

/** Names that lines have already. */
const RESERVED = ["self", "torch", "nn", "F", "batch", "device", "math", "load", "Model"];

export class Code {
  readonly file: ModelFile;
  readonly source: Source;
  readonly lines: string[] = [];
  /** Items that somebody reads of a node of several outputs. */
  readonly wanted = new Map<Tensor, Set<number>>();
  usesBatch = false;
  usesDevice = false;
  #indent = "";
  #scopes: Map<Tensor, Value>[] = [new Map()];
  readonly #items = new Map<Tensor, readonly string[]>();
  readonly #booleans = new Map<Tensor, string>();
  readonly #later = new Map<Tensor, () => string>();
  readonly #uses = new Map<Tensor, number>();
  readonly #names = new Set<string>(RESERVED);
  readonly #measured = new Map<string, string>();

  constructor(file: ModelFile, source: Source) {
    this.file = file;
    this.source = source;
  }

  // Tensors at several batches

  twinsOf(tensor: Tensor): Twins {
    const count = Math.max(1, this.source.batches.length);
    return this.source.twins.get(tensor) ?? Array.from({ length: count }, () => tensor);
  }

  sizesOf(tensor: Tensor): Size[] {
    return sizesFrom(this.twinsOf(tensor).map(({ shape }) => shape));
  }

  nodeOf(tensor: Tensor): Node<never> {
    const { inputs } = tensor;
    const attrs = this.twinsOf(tensor).map((twin) => twin.attrs as never);
    return { tensor, inputs, attrs, sizes: this.sizesOf(tensor) };
  }

  /** What is the same at every batch. @throws ArgumentError where it is not */
  fixed<T>(values: readonly T[], what: string): T {
    const [first] = values;
    const text = JSON.stringify(first);
    if (values.some((value) => JSON.stringify(value) !== text))
      throw new ArgumentError(`${NAME}: ${what} depends on the batch in a way that is not written`);
    return first;
  }

  /** Finds the twins of tensors that are no part of the model's own graph, one list a batch. */
  meet(roots: readonly (readonly Tensor[])[]): void {
    if (roots[0].some((each) => !this.source.twins.has(each))) findTwins(roots, this.source.twins, NAME);
  }

  // Sizes

  /** A size as an expression. @throws ArgumentError where it follows from the batch in no simple way */
  size(size: Size): string {
    if (typeof size === "number") return `${size}`;
    const { batches } = this.source;
    for (const parts of [1, 2, 3, 6]) {
      const found = affineOf(
        size.values.slice(0, 3).map((value) => value * parts),
        batches,
      );
      const holds = size.values.every(
        (value, g) => found && value === Math.trunc((found.times * batches[g] + found.plus) / parts),
      );
      if (found === undefined || !holds) continue;
      const sum = this.#grown(found);
      return parts === 1 ? sum : `(${sum}) // ${parts}`;
    }
    const measured = this.#measured.get(keyOf([size]));
    if (measured !== undefined) return measured;
    throw new ArgumentError(
      `${NAME}: a size of the model is ${size.values.join(", ")} for batches of ${batches.join(", ")}: only sizes that grow with each row by the same number are written`,
    );
  }

  /** Sizes as arguments. */
  sizes(sizes: readonly Size[]): string {
    return sizes.map((size) => this.size(size)).join(", ");
  }

  /** Sizes as a tuple. */
  shape(sizes: readonly Size[]): string {
    return tuple(sizes.map((size) => this.size(size)));
  }

  /** An expression in another shape: the one size that grows follows from all others, and of two shapes the last one counts. */
  reshaped(text: string, sizes: readonly Size[]): string {
    const growing = sizes.filter((size) => typeof size !== "number").length;
    const isClear = growing === 1 && !sizes.includes(0);
    const told = isClear ? sizes.map((size) => (typeof size === "number" ? size : -1)) : sizes;
    return `${text.replace(/\.reshape\([^()]*\)$/, "")}.reshape(${sizes.length === 0 ? "()" : this.sizes(told)})`;
  }

  /** An argument that puts a new tensor where the inputs are. */
  device(): string {
    this.usesDevice = true;
    return "device=device";
  }

  // Lines

  line(text: string): void {
    this.lines.push(this.#indent + text);
  }

  /** A name that nothing has yet. */
  newName(stem: string): string {
    let name = stem;
    for (let number = 1; this.#names.has(name); number++) name = `${stem}_${number}`;
    this.#names.add(name);
    return name;
  }

  /** Writes a line that gives an expression a name. */
  assign(stem: string, text: string): string {
    const name = this.newName(stem);
    this.line(`${name} = ${bare(text)}`);
    return name;
  }

  /** Writes lines that stand deeper, and forgets what they named. */
  inside(head: string, write: () => void): void {
    this.line(head);
    const before = this.#indent;
    this.#scopes.push(new Map());
    this.#indent += "    ";
    const count = this.lines.length;
    write();
    if (this.lines.length === count) this.line("pass");
    this.#indent = before;
    this.#scopes.pop();
  }

  // Values

  #held(tensor: Tensor): Value | undefined {
    return this.#scopes.findLast((scope) => scope.has(tensor))?.get(tensor);
  }

  isWritten(tensor: Tensor): boolean {
    return this.#held(tensor) !== undefined || this.#items.has(tensor);
  }

  #set(tensor: Tensor, value: Value): void {
    this.#scopes[this.#scopes.length - 1].set(tensor, value);
  }

  /** How many read a tensor. */
  usesOf(tensor: Tensor): number {
    return this.#uses.get(tensor) ?? 2;
  }

  /** Says what a tensor is. */
  give(tensor: Tensor, text: string, stem: string = tensor.op.name): void {
    if (this.usesOf(tensor) <= 1 && text.length <= WITHIN) this.#set(tensor, { text });
    else this.giveName(tensor, this.assign(snake(stem), text));
  }

  /** Says that a tensor has a name, or is an expression as short as one. */
  giveName(tensor: Tensor, text: string): void {
    this.#set(tensor, { text });
    if (this.#scopes.length > 1 || !/^\w+$/.test(text)) return;
    for (const [axis, size] of this.sizesOf(tensor).entries())
      if (typeof size !== "number" && !this.#measured.has(keyOf([size])))
        this.#measured.set(keyOf([size]), `${text}.shape[${axis}]`);
  }

  /** Says that a tensor has the elements of another one, in the same shape. */
  same(tensor: Tensor, from: Tensor): void {
    this.#set(tensor, this.#value(from));
  }

  /** Says which argument an input is. */
  giveInput(tensor: Tensor, name: string): void {
    this.#names.add(name);
    this.giveName(tensor, name);
  }

  /** Says how a tensor is made where it is read. */
  later(tensor: Tensor, make: () => string): void {
    this.#later.set(tensor, make);
    this.#set(tensor, { text: "" });
  }

  /** Says that a tensor is a number everywhere. */
  filled(tensor: Tensor, number: Tensor): void {
    const sizes = this.sizesOf(tensor);
    const type = TYPES[tensor.dtype];
    if (sizes.length === 0) {
      this.same(tensor, number);
      return;
    }
    this.later(
      tensor,
      () => `torch.full(${this.shape(sizes)}, ${this.number(number)}, dtype=${type}, ${this.device()})`,
    );
  }

  giveBoolean(tensor: Tensor, text: string): void {
    this.#booleans.set(tensor, text);
  }

  /** A tensor of 0 and 1 as booleans. */
  boolean(tensor: Tensor): string {
    const known = this.#held(tensor) && this.#booleans.get(tensor);
    return known ?? `(${this.text(tensor)} != 0)`;
  }

  isBoolean(tensor: Tensor): boolean {
    return this.#held(tensor) !== undefined && this.#booleans.has(tensor);
  }

  giveItems(tensor: Tensor, names: readonly string[]): void {
    this.#items.set(tensor, names);
  }

  itemOf(tensor: Tensor, index: number): string {
    const found = this.#items.get(tensor)?.[index];
    if (found === undefined) throw new Error(`${tensor.op.name} has no output ${index}`);
    return found;
  }

  #value(tensor: Tensor): Value {
    if (this.#held(tensor) === undefined) this.write([tensor]);
    const held = this.#held(tensor) as Value;
    const make = held.text === "" ? this.#later.get(tensor) : undefined;
    return make ? { text: make() } : held;
  }

  /** A tensor as an expression, which may be a plain number. */
  number(tensor: Tensor): string {
    return this.#value(tensor).text;
  }

  isNumber(tensor: Tensor): boolean {
    return this.#value(tensor).isNumber === true;
  }

  giveNumber(tensor: Tensor, value: number): void {
    this.#set(tensor, { text: numberText(value, tensor.dtype), isNumber: true });
  }

  /** A tensor as an expression that is one. */
  text(tensor: Tensor): string {
    const { text, isNumber } = this.#value(tensor);
    if (!isNumber) return text;
    return tensor.dtype === "f32" ? `torch.tensor(${text})` : `torch.tensor(${text}, dtype=${TYPES[tensor.dtype]})`;
  }

  /** A tensor as something short, which may be read several times. */
  name(tensor: Tensor): string {
    const { text, isNumber } = this.#value(tensor);
    if (isNumber || /^\w+$|^self\[[^\]]*\]$|^self\.\w+$/.test(text)) return this.text(tensor);
    const name = this.assign(snake(tensor.op.name), text);
    this.giveName(tensor, name);
    return name;
  }

  // Graphs

  /** Writes tensors, and all that they are made of. */
  write(roots: readonly Tensor[]): void {
    const order = orderOf(roots, (node) => (this.isWritten(node) ? [] : this.#needsOf(node)));
    this.#count(roots, order);
    for (const node of order) if (!this.isWritten(node)) this.source.emit(this, node);
  }

  #needsOf(node: Tensor): readonly Tensor[] {
    return this.source.needsOf(node) ?? node.inputs;
  }

  #count(roots: readonly Tensor[], order: readonly Tensor[]): void {
    const add = (tensor: Tensor, uses: number) => this.#uses.set(tensor, (this.#uses.get(tensor) ?? 0) + uses);
    for (const root of roots) add(root, 1);
    for (const node of order.toReversed()) {
      if (this.isWritten(node)) continue;
      const { op, inputs, attrs } = node;
      const { kind } = op.lowering;
      const isPassed = kind === "broadcast" || kind === "view";
      for (const input of this.#needsOf(node)) add(input, isPassed ? Math.max(1, this.#uses.get(node) ?? 1) : 1);
      if (op.lowering.kind !== "item") continue;
      const items = this.wanted.get(inputs[0]) ?? new Set<number>();
      items.add(op.lowering.index(attrs));
      this.wanted.set(inputs[0], items);
    }
  }

  /** Names of tensors under some that are written already: what a function that is written for later keeps. */
  keep(roots: readonly Tensor[]): string[] {
    const order = orderOf(roots, (node) => (this.isWritten(node) ? [] : this.#needsOf(node)));
    const names = order.flatMap((node) => (this.#held(node) && !this.isNumber(node) ? [this.name(node)] : []));
    return [...new Set(names.filter((name) => /^\w+$/.test(name)))];
  }

  /** Tensors as operands of an op that broadcasts by itself: as they were before, if all together have the shape. */
  operands(inputs: readonly Tensor[], sizes: readonly Size[], write: "numbers" | "tensors" = "tensors"): string[] {
    const before = inputs.map(unrepeated);
    const shapes = before.map((each) => this.sizesOf(each));
    const isCovered = sizes.every((size, axis) =>
      shapes.some((shape) => {
        const own = shape[axis - sizes.length + shape.length];
        return own !== undefined && sameSizes([own], [size]);
      }),
    );
    const some = before.map((each, i) => (!isCovered && i === 0 ? inputs[0] : each));
    const isAllNumbers = some.every((each) => this.isNumber(each));
    return some.map((each, i) => {
      const isFree = write === "numbers" && !(isAllNumbers && i === 0);
      return isFree ? this.number(each) : this.text(each);
    });
  }

  /** The number that a tensor is everywhere, at all batches. */
  numberOf(tensor: Tensor): number | undefined {
    const values = this.twinsOf(tensor).map((twin) => scalarOf(twin)?.rounded);
    return values.every((value) => value === values[0]) ? values[0] : undefined;
  }

  // Constants

  /** Gives a tensor numbers that are known at each batch; false where they follow from it in no simple way. */
  giveKnown(tensor: Tensor, numbers: Known): boolean {
    const { dtype } = tensor;
    const sizes = this.sizesOf(tensor);
    const [first] = numbers;
    const isFixed = sizes.every((size) => typeof size === "number");
    const value = first[0] ?? 0;
    if (numbers.every((list) => isFilled(list, value))) {
      if (sizes.length === 0) this.giveNumber(tensor, value);
      else
        this.give(
          tensor,
          `torch.full(${this.shape(sizes)}, ${numberText(value, dtype)}, dtype=${TYPES[dtype]}, ${this.device()})`,
        );
      return true;
    }
    if (isFixed && numbers.every((list) => isSame(list, first))) {
      this.giveName(tensor, this.file.constant(first, sizes as number[], dtype));
      return true;
    }
    const counted = dtype === "u8" ? undefined : countedOf(sizes, numbers, this.source.batches);
    if (counted === undefined) return false;
    const { steps, starts } = counted;
    if (sizes.length > 0)
      this.give(tensor, `${this.#counted(counted, sizes)}.expand(${this.sizes(sizes)}).to(${TYPES[dtype]})`);
    else if (steps.length === 0)
      this.#set(tensor, { text: `${dtype === "f32" ? "float" : ""}(${this.#grown(starts[0])})`, isNumber: true });
    return true;
  }

  /** A number that follows from the batch. */
  #grown({ times, plus }: Affine): string {
    if (times === 0) return `${plus}`;
    this.usesBatch = true;
    const product = times === 1 ? "batch" : `${times} * batch`;
    return plus === 0 ? product : `${product} ${plus < 0 ? "-" : "+"} ${Math.abs(plus)}`;
  }

  /** Whole numbers that go up by steps along axes that grow. */
  #counted({ steps, starts, shape }: Counted, sizes: readonly Size[]): string {
    const constant = (of: "times" | "plus") => {
      const values = starts.map((start) => start[of]);
      return values.every((value) => value === 0) ? [] : [this.file.constant(values, shape, "i32")];
    };
    const parts = steps.flatMap(([axis, step]) => {
      if (step.times === 0 && step.plus === 0) return [];
      const line = `torch.arange(${this.size(sizes[axis])}, ${this.device()})`;
      const stood = `${line}.reshape(${sizes.map((_, i) => (i === axis ? -1 : 1)).join(", ")})`;
      const by = this.#grown(step);
      return [by === "1" ? stood : `${stood} * (${by})`];
    });
    for (const times of constant("times")) {
      this.usesBatch = true;
      parts.push(`batch * ${times}`);
    }
    parts.push(...constant("plus"));
    // All of them are 0 otherwise, which is a number that fills them.
    return `(${parts.join(" + ")})`;
  }
}

/** A tensor before it was broadcast. */
export function unrepeated(tensor: Tensor): Tensor {
  let node = tensor;
  while (node.op.lowering.kind === "broadcast") node = node.inputs[0];
  return node;
}

/** Names that are Python's own, and what is said in their place. */
const OTHERS: Readonly<Record<string, string>> = {
  abs: "size",
  max: "largest",
  pow: "power",
  round: "rounded",
  slice: "part",
  sum: "total",
};

/** As Python writes names. */
export function snake(name: string): string {
  return (OTHERS[name] ?? name).replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function isFilled(numbers: ArrayLike<number>, value: number): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Object.is(numbers[i], value)) return false;
  return true;
}

function isSame(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
