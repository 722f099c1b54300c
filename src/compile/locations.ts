// Locations: where the elements of every tensor lie: in the memory of which node, from which element on, and how far apart neighbours are
// along each axis (strides). Not every node has memory of its own:
//
//   reading through                                     writing into
//
//   x [4, 6]     memory of its own, strides 6, 1        a [2, 3]           b [2, 1]       their makers write into c's memory:
//     |  narrow(1, 2, 3)                                   \               /              a from 0 on at strides 4, 1,
//   [4, 3]       in x from 2 on, strides 6, 1               c = concatenate               b from 3 on at strides 4, 1
//     |  permute(1, 0)                                         [2, 4]                     so c itself is no instruction
//   [3, 4]       in x from 2 on, strides 1, 6
//     |
//   who reads it reads x: neither step is an instruction
//
// A location is found by following views, windows (slices, other orders of axes) and broadcasts from the node under them up to the tensor
// (`#find`, `follow`). It is of use only to readers that walk there: maps that have a mode for it (modes.ts), kernels that say so
// (`strided`), and copies. Any other reader has the window copied into memory of its own (`#readAll`, `#readBySet`). A copy changes what
// lies where, also for others: so all readers are asked again until none asks for one more. Then, from the last node to the first, parts
// are stored in what they are part of, if their makers can write there and all of their readers can read there (`#storeParts`).
import { MAX_RANK } from "../../assembly/isa/sizes.ts";
import type { Strides, Walk } from "../op.ts";
import { type Shape, sizeOf, stridesOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Domain, domainOf, isDense } from "./modes.ts";

/** Where a tensor's elements lie: how they walk through the memory of a node that has some. */
export interface Location extends Walk {
  readonly of: Tensor;
}

/** Maps that become one instruction, with the product that carries them as its epilogue, if one does. */
export interface MapSet {
  readonly maps: readonly Tensor[];
  readonly lead?: Tensor;
}

/**
 * Strides of the same elements in another shape; undefined where no strides lead through them. [2, 3, 4] at 24, 4, 1 is [2, 12] at 24, 1,
 * but cannot be [6, 4]: from row to row it is 4, but 16 from the third to the fourth.
 */
export function reshaped(from: Shape, strides: readonly number[], to: Shape): readonly number[] | undefined {
  if (sizeOf(from) === 0) return stridesOf(to);
  // Axes that are one in memory, innermost first.
  const runs: { size: number; readonly stride: number }[] = [];
  for (let i = from.length - 1; i >= 0; i--) {
    const last = runs[runs.length - 1];
    if (from[i] === 1) continue;
    if (last !== undefined && strides[i] === last.stride * last.size) last.size *= from[i];
    else runs.push({ size: from[i], stride: strides[i] });
  }
  const result = new Array<number>(to.length);
  let run = 0;
  let { size: left, stride } = runs[0] ?? { size: 1, stride: 1 };
  for (let i = to.length - 1; i >= 0; i--) {
    if (to[i] !== 1 && left === 1) {
      run++;
      left = runs[run].size;
      stride = runs[run].stride;
    }
    if (left % to[i] !== 0) return undefined;
    result[i] = stride;
    left /= to[i];
    stride *= to[i];
  }
  return result;
}

/** Strides of what is repeated: none along the axes it is repeated along. */
function broadcast(from: Shape, strides: readonly number[], to: Shape): number[] {
  const lead = to.length - from.length;
  return to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : strides[i - lead]));
}

/**
 * Back through a window that changes nothing but the order of axes: strides of its input, from those with which the window is to be
 * written. Undefined for other windows.
 */
function unordered({ op, attrs, inputs: [input], shape }: Tensor, strides: readonly number[]): number[] | undefined {
  if (op.lowering.kind !== "window" || sizeOf(shape) !== sizeOf(input.shape)) return undefined;
  const own = stridesOf(input.shape);
  const walk = op.lowering.window(attrs, own);
  if (walk.start !== 0) return undefined;
  const list = own.flatMap((stride, i) => {
    const axis = walk.strides.findIndex((each, j) => each === stride && shape[j] === input.shape[i]);
    return input.shape[i] === 1 ? 1 : axis < 0 ? [] : strides[axis];
  });
  return list.length === own.length ? list : undefined;
}

export class Locations {
  readonly #users: ReadonlyMap<Tensor, readonly Tensor[]>;
  readonly #outside: ReadonlySet<Tensor>;
  /** The set that a map is in. */
  readonly #setOf = new Map<Tensor, MapSet>();
  /** The set that is a product's epilogue. */
  readonly #carriedBy = new Map<Tensor, MapSet>();
  /** Windows and broadcasts that somebody needs in memory. Broadcasts are still looked through, but for: */
  readonly #copied = new Set<Tensor>();
  /** Broadcasts under views that no strides lead through. */
  readonly #opaque = new Set<Tensor>();
  /** Results that lie in a part of another's memory. */
  readonly #stored = new Map<Tensor, Location>();

  /** `outside` are nodes that must be in memory of their own. Without `optimize` all are. */
  constructor(
    order: readonly Tensor[],
    users: ReadonlyMap<Tensor, readonly Tensor[]>,
    outside: ReadonlySet<Tensor>,
    sets: readonly MapSet[],
    optimize: boolean,
  ) {
    this.#users = users;
    this.#outside = outside;
    for (const set of sets) for (const node of set.maps) this.#setOf.set(node, set);
    for (const set of sets) if (set.lead !== undefined) this.#carriedBy.set(set.lead, set);
    const readers = order.filter(({ op: { lowering } }) => lowering.kind !== "leaf" && lowering.kind !== "map");
    for (let known = -1; known < this.#copied.size; ) {
      known = this.#copied.size;
      for (const node of outside) this.#ask(node);
      for (const node of readers) this.#readAll(node, optimize);
      for (const set of sets) this.#readBySet(set, optimize);
    }
    if (optimize) for (let i = order.length - 1; i >= 0; i--) this.#storeParts(order[i]);
  }

  /** Whether a window or a broadcast is copied into memory of its own. */
  isCopied(node: Tensor): boolean {
    return this.#copied.has(node);
  }

  /** Whether a result is written into a part of another's memory. */
  isStored(node: Tensor): boolean {
    return this.#stored.has(node);
  }

  /** The node that a reader of a tensor waits for, where it looks through windows and broadcasts. */
  sourceOf(tensor: Tensor): Tensor {
    let node = tensor;
    while (this.#isPassed(node)) node = node.inputs[0];
    return node;
  }

  /** The node whose memory input `i` of a kernel, a loop or a copy is read from. */
  readFrom(node: Tensor, i: number): Tensor {
    const base = baseOf(node.inputs[i]);
    return this.#walks(node) || !this.#isInOrder(base) ? this.sourceOf(base) : base;
  }

  /** Where a kernel finds input `i`. */
  input(node: Tensor, i: number): Location {
    const base = baseOf(node.inputs[i]);
    const { shape } = node.inputs[i];
    return this.#isInOrder(base) ? { of: base, start: 0, strides: stridesOf(shape) } : this.of(node.inputs[i]);
  }

  /** Has a product lie where its epilogue puts a result, if it can be written there. @returns whether it does */
  share(lead: Tensor, result: Tensor): boolean {
    const at = this.#stored.get(result);
    if (at === undefined) return false;
    this.#stored.set(lead, at);
    const fits = this.#kernelFits(lead) && this.#fits(this.#carriedBy.get(lead) as MapSet);
    if (!fits) this.#stored.delete(lead);
    return fits;
  }

  /** Where a tensor lies, for a reader that can walk. */
  of(tensor: Tensor): Location {
    const location = this.#find(tensor);
    if (location === undefined) throw new RangeError(`${tensor.op.name} of ${tensor.shape} lies nowhere`);
    return location;
  }

  /** Where a copied window's or broadcast's elements lie before they are copied. */
  under(node: Tensor): Location {
    return follow(node, this.of(node.inputs[0])) as Location;
  }

  /** Where the inputs of a node of parts belong in its memory. */
  partsOf(node: Tensor): Location[] {
    const { lowering } = node.op;
    if (lowering.kind !== "parts") return [];
    const { of, start, strides } = this.of(node);
    const within = (walk: Walk): Location => ({ of, start: start + walk.start, strides: walk.strides });
    return lowering.parts(node.inputs, node.attrs, strides).map(within);
  }

  /** How a map's operands and results lie in its domain. */
  domainOf(maps: readonly Tensor[], results: readonly Tensor[]): Domain {
    const { shape } = maps[0];
    const operands = operandsOf(maps).map((operand) => this.of(operand).strides);
    const domain = domainOf(
      shape,
      operands,
      results.map((node) => this.of(node).strides),
    );
    if (domain === undefined) throw new RangeError(`a map of ${shape} cannot write its results`);
    return domain;
  }

  /** Whether a node has no memory: who reads it is passed on to its input's. */
  #isPassed(node: Tensor): boolean {
    const { kind } = node.op.lowering;
    if (kind === "window") return !this.#copied.has(node);
    return kind === "view" || (kind === "broadcast" && !this.#opaque.has(node));
  }

  /** Where a tensor lies; undefined where a view would have to name elements that no strides lead through. */
  #find(tensor: Tensor): Location | undefined {
    const passed: Tensor[] = [];
    let node = tensor;
    for (; this.#isPassed(node); node = node.inputs[0]) passed.push(node);
    let location = this.#stored.get(node) ?? { of: node, start: 0, strides: stridesOf(node.shape) };
    for (let i = passed.length - 1; i >= 0; i--) {
      const next = follow(passed[i], location);
      if (next === undefined) return undefined;
      location = next;
    }
    return location;
  }

  /** Where a tensor lies, with windows copied until it lies anywhere. */
  #settled(tensor: Tensor): Location {
    for (;;) {
      const location = this.#find(tensor);
      if (location !== undefined) return location;
      // The lowest view that cannot be followed reads a window, or something under one.
      let broken = tensor;
      for (let node = tensor; this.#isPassed(node); node = node.inputs[0])
        if (this.#find(node) === undefined) broken = node;
      const under = baseOf(broken.inputs[0]);
      this.#ask(under);
      if (under.op.lowering.kind === "broadcast") this.#opaque.add(under);
    }
  }

  /** Has a tensor put into memory of its own: the window or broadcast under its views, if there is one, is copied. */
  #ask(tensor: Tensor): void {
    if (isWindowed(tensor)) this.#copied.add(baseOf(tensor));
  }

  /** Whether a node is made by copies: these read from anywhere. */
  #walks(node: Tensor): boolean {
    return node.op.lowering.kind === "parts" || this.#copied.has(node);
  }

  /** Whether a node's memory is its own, in order. */
  #isInOrder(node: Tensor): boolean {
    return !this.#stored.has(node) && (!isWindowed(node) || this.#copied.has(node));
  }

  /** Whether a kernel reads and writes where everything lies. */
  #kernelFits(node: Tensor): boolean {
    const { lowering } = node.op;
    if (lowering.kind !== "kernel" || lowering.strided === undefined) return false;
    const isFound = node.inputs.every((input) => this.#isInOrder(baseOf(input)) || this.#find(input) !== undefined);
    if (!isFound) return false;
    const strides: Strides = {
      inputs: node.inputs.map((_, i) => this.input(node, i).strides),
      outputs: [this.of(node).strides],
    };
    return lowering.strided(strides, node.inputs, node.attrs);
  }

  /** What a kernel, a loop or a copy reads. */
  #readAll(node: Tensor, optimize: boolean): void {
    const { kind } = node.op.lowering;
    if (kind === "view" || kind === "item") return;
    if (kind === "window" && !optimize) this.#copied.add(node);
    const walks = this.#walks(node);
    if (isWindowed(node) && !walks) return;
    if (optimize && this.#kernelFits(node)) return;
    for (const input of node.inputs)
      if (!walks || this.#settled(input).strides.length > MAX_RANK || !optimize) this.#ask(input);
  }

  /** Windows that a map has no mode for are copied; broadcasts it copies itself. */
  #readBySet({ maps }: MapSet, optimize: boolean): void {
    const operands = operandsOf(maps);
    if (!operands.some(isWindowed)) return;
    for (;;) {
      const strides = operands.map((operand) => this.#settled(operand).strides);
      const { modes } = domainOf(maps[0].shape, strides, []) as Domain;
      const hard = operands.find((operand, i) => (modes[i] === undefined || !optimize) && this.#windowUnder(operand));
      if (hard === undefined) return;
      this.#copied.add(this.#windowUnder(hard) as Tensor);
    }
  }

  /** The first window on the way to a tensor's memory that is not copied yet. */
  #windowUnder(tensor: Tensor): Tensor | undefined {
    let node = tensor;
    for (; this.#isPassed(node); node = node.inputs[0]) if (node.op.lowering.kind === "window") return node;
    return undefined;
  }

  /** Has the makers of a node's parts write them where they belong. */
  #storeParts(node: Tensor): void {
    const { lowering } = node.op;
    if (lowering.kind === "parts") {
      if (lowering.fill?.(node.attrs) !== undefined) return;
      for (const [i, part] of this.partsOf(node).entries()) this.#store(node.inputs[i], part);
    } else if (lowering.kind === "window" && this.#copied.has(node)) {
      const { of, start, strides } = this.of(node);
      const own = unordered(node, strides);
      if (own !== undefined) this.#store(node.inputs[0], { of, start, strides: own });
    }
  }

  /** Has a tensor's maker write it at a location, if it can, and all readers can read it there. */
  #store(tensor: Tensor, at: Location): void {
    let node = tensor;
    let strides: readonly number[] | undefined = at.strides;
    for (; strides !== undefined && this.#isPassed(node); node = node.inputs[0])
      strides =
        node.op.lowering.kind === "view"
          ? reshaped(node.shape, strides, node.inputs[0].shape)
          : unordered(node, strides);
    if (strides === undefined || this.#outside.has(node) || this.#stored.has(node) || sizeOf(node.shape) === 0) return;
    this.#stored.set(node, { of: at.of, start: at.start, strides });
    if (!this.#canWrite(node) || !this.#canBeRead(node)) this.#stored.delete(node);
  }

  /** Whether the maker of a node can write it where it is stored. */
  #canWrite(node: Tensor): boolean {
    const { lowering } = node.op;
    const set = this.#setOf.get(node);
    if (set !== undefined) return this.#fits(set);
    if (lowering.kind === "parts") return lowering.fill?.(node.attrs) === undefined;
    if (lowering.kind === "window") return this.#copied.has(node);
    const carried = this.#carriedBy.get(node);
    return this.#kernelFits(node) && (carried === undefined || this.#fits(carried));
  }

  /** Whether a set of maps can do all it does where everything lies. */
  #fits({ maps }: MapSet): boolean {
    const operands = operandsOf(maps);
    const found = operands.flatMap((operand) => this.#find(operand) ?? []);
    if (found.length < operands.length) return false;
    const domain = domainOf(
      maps[0].shape,
      found.map(({ strides }) => strides),
      maps.flatMap((node) => (this.#stored.has(node) ? [this.of(node).strides] : [])),
    );
    return domain?.modes.includes(undefined) === false;
  }

  /** Whether all readers of a node can read it where it is stored; those that cannot walk, because it is `copied` for them. */
  #canBeRead(node: Tensor, copied = false): boolean {
    return (this.#users.get(node) ?? []).every((user) => {
      const { kind } = user.op.lowering;
      const set = this.#setOf.get(user);
      if (set !== undefined) return this.#fits(set);
      const isCopy = this.#walks(user);
      if (isCopy && user.shape.length > MAX_RANK) return false;
      if (!this.#isPassed(user)) return isCopy || copied || this.#kernelFits(user);
      return this.#find(user) !== undefined && this.#canBeRead(user, isCopy || (copied && kind === "view"));
    });
  }
}

/** The node whose memory a tensor is, views looked through. */
export function baseOf(tensor: Tensor): Tensor {
  let node = tensor;
  while (node.op.lowering.kind === "view") node = node.inputs[0];
  return node;
}

/** Whether a tensor is read through a window somewhere, or repeated. */
function isWindowed(tensor: Tensor): boolean {
  const { kind } = baseOf(tensor).op.lowering;
  return kind === "window" || kind === "broadcast";
}

/** What maps read from outside, each once. */
export function operandsOf(maps: readonly Tensor[]): Tensor[] {
  const members = new Set(maps);
  return [...new Set(maps.flatMap(({ inputs }) => inputs.filter((input) => !members.has(input))))];
}

/** Where a view, window or broadcast lies whose input lies there. */
function follow({ op: { lowering }, attrs, inputs: [input], shape }: Tensor, at: Location): Location | undefined {
  if (lowering.kind === "window") {
    const { start, strides } = lowering.window(attrs, at.strides);
    return { of: at.of, start: at.start + start, strides };
  }
  if (lowering.kind === "broadcast") return { ...at, strides: broadcast(input.shape, at.strides, shape) };
  const strides = reshaped(input.shape, at.strides, shape);
  return strides && { ...at, strides };
}

/** Whether a location is the whole memory of its node in order. */
export function isWhole(shape: Shape, { of, start, strides }: Location): boolean {
  return start === 0 && sizeOf(shape) === sizeOf(of.shape) && isDense(shape, strides);
}
