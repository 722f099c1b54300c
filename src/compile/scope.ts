// A scope is the program itself or a loop's body while it is lowered: which buffer holds which tensor, and what is emitted so far.
import { MAP } from "../../assembly/isa/opcode.ts";
import { wholePanels } from "../../assembly/isa/panels.ts";
import { MAX_DEPTH, MAX_RANK } from "../../assembly/isa/sizes.ts";
import { ProgramError, ShapeError } from "../errors.ts";
import { copy, type Description, pack, type Slots, type Values } from "../program/instructions.ts";
import type { Address, Buffer, Emitter, Instruction, Item, Matrices, MatricesSize, View } from "../program/lir.ts";
import { type DType, joinAxes, type Shape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import type { MapBody } from "./map-body.ts";

/** Makes buffers; one for a whole compilation. */
export class Buffers {
  readonly all: Buffer[] = [];

  create(size: number, dtype: DType, label: string, depth: number, region: Buffer["region"] = "arena"): Buffer {
    const buffer: Buffer = { id: this.all.length, size, dtype, region, offset: 0, depth, label };
    this.all.push(buffer);
    return buffer;
  }

  /** The part of `of`, from `first` on, that belongs to the current iteration of the loop at `depth`. */
  element(of: Buffer, size: number, length: number, reverse: boolean, depth: number, first = 0): Buffer {
    const stride = reverse ? -size : size;
    const start = first + (reverse ? (length - 1) * size : 0);
    const buffer: Buffer = {
      ...of,
      id: this.all.length,
      size,
      depth: depth + 1,
      element: { of, depth, stride, start },
    };
    this.all.push(buffer);
    return buffer;
  }
}

/** Where a view begins. */
export function addressOf({ buffer, start }: View): Address {
  return { buffer, words: start };
}

export class Scope implements Emitter {
  readonly buffers: Buffers;
  readonly parent: Scope | undefined;
  /** 0 for the program, 1 in a loop, ... */
  readonly depth: number;
  readonly items: Item[] = [];
  readonly held = new Map<Tensor, Buffer>();
  /** Named in every instruction that follows. */
  label = "";
  /** What the instructions that follow are computed again for, if they are: their panels are packed again, too. */
  waits: Tensor | undefined;
  readonly #panels = new Map<Tensor | undefined, Map<string, Buffer>>();

  constructor(buffers: Buffers, parent?: Scope) {
    this.buffers = buffers;
    this.parent = parent;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    if (this.depth > MAX_DEPTH) throw new ProgramError(`loops nest deeper than ${MAX_DEPTH}`);
  }

  instruction<S extends Slots>(
    { opcode, slots }: Description<S>,
    values: Values<S>,
    more: readonly (readonly number[])[] = [],
  ): void {
    const given = values as Readonly<Record<string, number | Buffer | Address | undefined>>;
    const [reads, writes]: Buffer[][] = [[], []];
    const words = slots.map(({ name, holds }): number | Address => {
      const value = holds === "count" ? more.length : (given[name] ?? 0);
      if (typeof value === "number") return value;
      const address = "buffer" in value ? value : { buffer: value, words: 0 };
      (holds === "write" ? writes : reads).push(address.buffer);
      return address;
    });
    this.#push({ opcode, slots: words.concat(...more), reads, writes, label: this.label });
  }

  /** A map, which comes with all of its slots. */
  map({ slots, reads, writes, replaceable }: Omit<MapBody, "replaceable"> & Partial<MapBody>): void {
    this.#push({ opcode: MAP, slots, reads, writes, label: this.label, replaceable });
  }

  #push(item: Instruction): void {
    if (item.writes.some(({ size }) => size > 0)) this.items.push(item);
  }

  temporary(size: number, dtype: DType, label: string): Buffer {
    return this.buffers.create(size, dtype, label, this.depth);
  }

  panels({ at, transposed, ...strides }: Matrices, size: MatricesSize, across = 0): Buffer {
    const { buffer } = at;
    // What is made outside this loop is packed outside: once, not in every iteration.
    if (this.parent !== undefined && buffer.depth < this.depth)
      return this.parent.panels({ at, transposed, ...strides }, size, across);
    const slots = { ...size, ...strides, transposed: transposed ? 1 : 0, across };
    const key = [buffer.id, at.words, ...Object.values(slots)].join();
    const own = this.#panels.get(this.waits) ?? new Map<string, Buffer>();
    const known = own.get(key);
    if (known !== undefined) return known;
    const { batch, heads, k, n } = size;
    const words = batch * heads * k * wholePanels(n);
    const panels = this.temporary(words, "f32", `${buffer.label} packed`);
    this.instruction(pack, { to: panels, from: at, ...slots });
    this.#panels.set(this.waits, own.set(key, panels));
    return panels;
  }

  /** Copies the elements of a shape, its axes merged as far as they go. */
  copy(shape: Shape, to: View, from: View): void {
    if (shape.includes(0)) return;
    const axes = joinAxes(shape, [to.strides, from.strides]);
    if (axes.length === 0) axes.push([1, 1, 1]);
    if (axes.length > MAX_RANK)
      throw new ShapeError(`a copy over ${axes.length} axes that do not merge (at most ${MAX_RANK})`);
    this.instruction(copy, { to: addressOf(to), from: addressOf(from) }, axes);
  }

  /** Copies the elements of a buffer, from the first on that is given, to the beginning of another. */
  copyElements(to: Buffer, from: Buffer, first = 0): void {
    const size = from.size - first;
    const words = from.dtype === "u8" ? Math.ceil(size / 4) : size;
    this.copy([words], { buffer: to, start: 0, strides: [1] }, { buffer: from, start: first, strides: [1] });
  }

  loop(count: number, body: Scope): void {
    if (count > 0 && body.items.length > 0)
      this.items.push({ count, depth: this.depth, body: body.items, label: this.label });
  }
}
