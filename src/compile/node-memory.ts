// The memory of a scope's nodes: which buffer a node lies in, and how a tensor lies there. A buffer is made when it is first asked for.
import type { Buffer, View } from "../program/lir.ts";
import { type Aval, showShape, sizeOf, stridesOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { Fused } from "./fuse.ts";
import { addTo } from "./lists.ts";
import { baseOf, type Location, type Locations } from "./locations.ts";
import type { Scope } from "./scope.ts";

export interface LowerOptions {
  readonly optimize: boolean;
  /** The buffer of a leaf that its scope does not hold yet. */
  readonly leaf: (node: Tensor) => Buffer;
  readonly names: ReadonlyMap<Tensor, string>;
}

/** Items of an op of several outputs that somebody reads, by the output they are; without simplifying, several may be one output. */
export type Items = ReadonlyMap<number, readonly Tensor[]>;

export class NodeMemory {
  /** Where results go that do not get a buffer of their own. */
  placed: ReadonlyMap<Tensor, Buffer> = new Map();
  readonly #scope: Scope;
  readonly #options: LowerOptions;
  readonly #locations: Locations;
  readonly #items = new Map<Tensor, Map<number, Tensor[]>>();

  constructor(scope: Scope, { order, locations }: Fused, options: LowerOptions) {
    this.#scope = scope;
    this.#locations = locations;
    this.#options = options;
    for (const node of order) {
      const { lowering } = node.op;
      if (lowering.kind !== "item") continue;
      const items = this.#items.get(node.inputs[0]) ?? new Map<number, Tensor[]>();
      addTo(items, lowering.index(node.attrs), node);
      this.#items.set(node.inputs[0], items);
    }
  }

  /** The buffer of a node. Of one that others write parts of it is asked for before the node's own turn. */
  of(node: Tensor): Buffer {
    const held = this.#scope.held.get(node);
    if (held !== undefined) return held;
    const isLeaf = node.op.lowering.kind === "leaf";
    const buffer = isLeaf ? this.#options.leaf(node) : (this.placed.get(node) ?? this.create(node));
    this.hold(node, buffer);
    return buffer;
  }

  /** The buffer of a tensor that fills one in order, for who reads nothing else. */
  whole(tensor: Tensor): Buffer {
    return this.of(baseOf(tensor));
  }

  /** Where a tensor lies. */
  view(tensor: Tensor): View {
    return this.at(this.#locations.of(tensor));
  }

  at({ of, start, strides }: Location): View {
    return { buffer: this.of(of), start, strides };
  }

  hold(node: Tensor, buffer: Buffer): void {
    this.#scope.held.set(node, buffer);
  }

  /** A new buffer for a node. */
  create(node: Tensor): Buffer {
    const label = this.#options.names.get(node) ?? (node.label || `${node.op.name} ${showShape(node.shape)}`);
    return this.#scope.temporary(sizeOf(node.shape), node.dtype, label);
  }

  items(node: Tensor): Items {
    return this.#items.get(node) ?? new Map();
  }

  /** Where one of these items is placed, if any is. */
  placeOf(items: readonly Tensor[] = []): Buffer | undefined {
    return items.map((item) => this.placed.get(item)).find((target) => target !== undefined);
  }

  /** Items that are one output have its buffer, but for those that are placed elsewhere: these get copies. */
  holdItems(items: readonly Tensor[] | undefined = [], output: Buffer): void {
    for (const item of items) {
      const target = this.placed.get(item) ?? output;
      if (target !== output) this.#scope.copyElements(target, output);
      this.hold(item, target);
    }
  }
}

/** All of a buffer, in order. */
export function whole(buffer: Buffer, { shape }: Aval): View {
  return { buffer, start: 0, strides: stridesOf(shape) };
}
