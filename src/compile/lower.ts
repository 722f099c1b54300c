// Lower: groups become instructions over symbolic buffers. One emitter a scope: the program itself, or the body of a loop.
import { ProgramError } from "../errors.ts";
import { topological } from "../graph.ts";
import type { LoopBody } from "../op.ts";
import { INSTRUCTIONS, type Opcode } from "../program/instructions.ts";
import { type Buffer, isLoop, type View } from "../program/lir.ts";
import { type Aval, type Shape, showShape, sizeOf, stridesOf } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { depthsOf, type Fused, fuse, type Group } from "./fuse.ts";
import { baseOf, type Location, type Locations, operandsOf } from "./locations.ts";
import { fillBody, mapBody } from "./map-body.ts";
import { type Emission, place, type Wanted } from "./placement.ts";
import { order } from "./schedule.ts";
import { Scope } from "./scope.ts";

export interface LowerOptions {
  readonly optimize: boolean;
  /** The buffer of a leaf that its scope does not hold yet. */
  readonly leaf: (node: Tensor) => Buffer;
  readonly names: ReadonlyMap<Tensor, string>;
}

/** Emits what is wanted of one scope; placeholders are in `scope.held` already. */
export function lower(scope: Scope, wanted: Wanted, options: LowerOptions): void {
  const fused = fuse(rootsOf(wanted), options.optimize);
  const emitter = new Emitter(scope, fused, options);
  for (const inPlace of options.optimize ? (["eager", "sure", "none"] as const) : (["none"] as const)) {
    const { placed, also, tasks } = place(fused, wanted, emitter, inPlace);
    const sequence = order(tasks);
    if (sequence === undefined) continue;
    emitter.placed = placed;
    emitter.also = also;
    for (const task of sequence) task.run();
    return;
  }
  throw new ProgramError("compile: the schedule has a circle");
}

/** Outputs, then assignments by how early they can be made: in this order their gradients are short-lived. */
function rootsOf({ outputs, assignments }: Wanted): Tensor[] {
  const values = assignments.map(({ value }) => value);
  const levels = depthsOf(topological(values));
  const sorted = values.map((value, i) => ({ value, i, level: levels.get(value) ?? 0 }));
  sorted.sort((a, b) => a.level - b.level || a.i - b.i);
  return [...outputs.map(({ value }) => value), ...sorted.map(({ value }) => value)];
}

class Emitter implements Emission {
  placed: ReadonlyMap<Tensor, Buffer> = new Map();
  also: ReadonlyMap<Tensor, readonly Buffer[]> = new Map();
  readonly #scope: Scope;
  readonly #options: LowerOptions;
  readonly #locations: Locations;
  /** Outputs of ops of several that anybody reads; without simplifying, several nodes may stand for one. */
  readonly #items = new Map<Tensor, Map<number, Tensor[]>>();
  /** What is computed again, and what is made of it, by the cotangent it waits for: panels are not kept until then. */
  readonly #again = new Map<Tensor, Tensor>();

  constructor(scope: Scope, { order, locations }: Fused, options: LowerOptions) {
    this.#scope = scope;
    this.#locations = locations;
    this.#options = options;
    for (const node of order) {
      const { lowering } = node.op;
      const again = node.inputs.find((input) => this.#again.has(input));
      const waits = node.op.waits ? node.inputs[1] : again && this.#again.get(again);
      if (waits !== undefined) this.#again.set(node, waits);
      if (lowering.kind !== "item") continue;
      const items = this.#items.get(node.inputs[0]) ?? new Map<number, Tensor[]>();
      const index = lowering.index(node.attrs);
      this.#items.set(node.inputs[0], items.set(index, [...(items.get(index) ?? []), node]));
    }
  }

  copy(value: Tensor, target: Buffer): void {
    this.#scope.label = `copy ${target.label}`;
    this.#scope.copyWhole(target, this.#bufferOf(value));
  }

  copyBuffer(from: Buffer, to: Buffer): void {
    this.#scope.label = `assign ${to.label}`;
    this.#scope.copyWhole(to, from);
  }

  temporary({ size, dtype, label }: Buffer): Buffer {
    return this.#scope.temporary(size, dtype, `${label} before`);
  }

  group(group: Group): void {
    const { lead, maps, results } = group;
    this.#scope.label = labelOf(group, this.#options.names);
    this.#scope.waits = lead && this.#again.get(lead);
    if (lead?.op.lowering.kind === "loop") {
      this.#loop(lead, lead.op.lowering.body(lead.attrs));
      return;
    }
    if (lead?.op.outputs !== undefined) {
      this.#leadOfSeveral(lead, lead.op.outputs(lead.inputs, lead.attrs));
      return;
    }
    for (const node of results) if (!this.#locations.isStored(node)) this.#memoryOf(node);
    if (lead === undefined) {
      this.#scope.map(this.#mapBody(maps, results));
      return;
    }
    if (!results.includes(lead)) this.#pass(lead, group);
    const epilogue = maps.length > 0 ? this.#mapBody(maps, results) : undefined;
    this.#lead(lead);
    // An empty product is no instruction, and its epilogue is none.
    if (epilogue !== undefined && sizeOf(lead.shape) > 0) this.#attach(epilogue);
  }

  /** A product that only its epilogue reads lies where a result does, unless the epilogue reads what that memory held before. */
  #pass(lead: Tensor, { maps, results }: Group): void {
    const others = operandsOf(maps).filter((operand) => operand !== lead);
    const read = new Set(others.map((operand) => this.#viewOf(operand).buffer));
    const place = results.find((node) => !this.#locations.isStored(node) && !read.has(this.#memoryOf(node)));
    if (place !== undefined) this.#hold(lead, this.#memoryOf(place));
    else if (!results.some((node) => this.#locations.share(lead, node))) this.#hold(lead, this.#buffer(lead));
  }

  #mapBody(nodes: readonly Tensor[], results: readonly Tensor[]) {
    const own = results.filter((node) => nodes.includes(node));
    return mapBody({
      nodes,
      domain: this.#locations.domainOf(nodes, own),
      results: new Map(own.map((node) => [node, this.#viewOf(node)])),
      also: own.flatMap((node) => (this.also.get(node) ?? []).map((buffer) => [node, whole(buffer, node)] as const)),
      viewOf: (tensor) => this.#viewOf(tensor),
      copied: (operand) => {
        const label = `${baseOf(operand).op.name} copied`;
        const copy = whole(this.#scope.temporary(sizeOf(operand.shape), operand.dtype, label), operand);
        this.#scope.copy(operand.shape, copy, this.#viewOf(operand));
        return copy;
      },
      contract: this.#options.optimize,
    });
  }

  /** Hangs a map onto the instruction just emitted. Nothing is replaceable: the product is written before its epilogue reads. */
  #attach({ slots, reads, writes }: ReturnType<typeof mapBody>): void {
    const { items } = this.#scope;
    const last = items[items.length - 1];
    if (last === undefined || isLoop(last)) return;
    const { epilogue } = INSTRUCTIONS[last.opcode as Opcode];
    const head = last.slots.map((slot, i) => (i + 1 === epilogue ? slots.length : slot));
    const outer = reads.filter((buffer) => !last.writes.includes(buffer));
    items[items.length - 1] = {
      ...last,
      slots: [...head, ...slots],
      reads: [...new Set([...last.reads, ...outer])],
      writes: [...new Set([...last.writes, ...writes])],
    };
  }

  #lead(node: Tensor, outputViews: readonly View[] = [this.#viewOf(node)]): void {
    const { lowering } = node.op;
    const scope = this.#scope;
    if (lowering.kind === "broadcast" || lowering.kind === "window") this.#copyWindow(node);
    else if (lowering.kind === "parts") {
      const fill = lowering.fill?.(node.attrs);
      if (fill !== undefined) this.#fill(this.#bufferOf(node), node, fill);
      this.#locations.partsOf(node).forEach((part, i) => {
        this.#copy(node.inputs[i].shape, this.#at(part), this.#viewOf(node.inputs[i]));
      });
    } else if (lowering.kind === "kernel") {
      const views = node.inputs.map((_, i) => this.#at(this.#locations.input(node, i)));
      const [inputs, outputs] = [views, outputViews].map((list) => list.map(({ buffer }) => buffer));
      const { attrs } = node;
      lowering.emit({ inputs, views, avals: node.inputs, outputs, outputViews, aval: node, attrs, emit: scope });
    } else throw new ProgramError(`${node.op.name}: has no instructions`);
  }

  /** Into memory of its own, or the part of another's that it is stored in. */
  #copyWindow(node: Tensor): void {
    const to = this.#locations.isStored(node) ? this.#viewOf(node) : whole(this.#memoryOf(node), node);
    this.#copy(node.shape, to, this.#at(this.#locations.under(node)));
  }

  /** Copies elements to where they belong, unless their maker has put them there. */
  #copy(shape: Shape, to: View, from: View): void {
    const isThere = from.buffer === to.buffer && from.start === to.start;
    if (!isThere || shape.some((size, i) => size !== 1 && from.strides[i] !== to.strides[i]))
      this.#scope.copy(shape, to, from);
  }

  /** A kernel of several outputs has a buffer for each, whether anybody reads it or not. */
  #leadOfSeveral(lead: Tensor, avals: readonly Aval[]): void {
    const wholes = avals.map(({ shape, dtype }, i): [same: readonly Tensor[], buffer: Buffer] => {
      const same = this.#items.get(lead)?.get(i) ?? [];
      const placed = same.map((item) => this.placed.get(item)).find((target) => target !== undefined);
      return [same, placed ?? this.#scope.temporary(sizeOf(shape), dtype, `${lead.op.name} ${i}`)];
    });
    this.#lead(
      lead,
      wholes.map(([, buffer], i) => whole(buffer, avals[i])),
    );
    for (const [same, whole] of wholes) this.#holdItems(same, whole);
  }

  /** Items that are one output have its buffer, but for those that are placed elsewhere: these get copies. */
  #holdItems(same: readonly Tensor[], whole: Buffer): void {
    for (const item of same) {
      const target = this.placed.get(item) ?? whole;
      if (target !== whole) this.#scope.copyWhole(target, whole);
      this.#hold(item, target);
    }
  }

  #fill(output: Buffer, { shape, dtype }: Aval, value: number): void {
    this.#scope.map(fillBody(output, this.#bufferOf(scalar(value, dtype)), sizeOf(shape)));
  }

  #loop(node: Tensor, body: LoopBody): void {
    const { length, reverse, parameters, carries, sequences, results } = body;
    const scope = this.#scope;
    const inputs = node.inputs.map((input) => this.#bufferOf(input));
    const inner = new Scope(scope.buffers, scope);
    const items = this.#items.get(node) ?? new Map<number, Tensor[]>();
    const { label } = scope;
    const kept = (i: number) => items.get(results.length + i);
    const histories = new Map<number, Buffer>();
    const state = parameters.slice(0, carries).map((carry, i) => {
      const size = sizeOf(carry.shape);
      if (!reverse && kept(i)?.every((item) => !this.placed.has(item))) {
        // Kept as each step finds it, and once more as the last leaves it: steps read one and write the next.
        const history = scope.temporary(size * (length + 1), carry.dtype, `${label} carry ${i}`);
        histories.set(i, history);
        scope.copy([size], { buffer: history, start: 0, strides: [1] }, { buffer: inputs[i], start: 0, strides: [1] });
        return scope.buffers.element(history, size, length, false, scope.depth);
      }
      // A carry changes from iteration to iteration: it belongs to the loop, although it outlives it.
      const buffer = scope.buffers.create(size, carry.dtype, `${label} carry ${i}`, inner.depth);
      scope.copyWhole(buffer, inputs[i]);
      return buffer;
    });
    parameters.forEach((parameter, i) => {
      const whole = inputs[i];
      const size = sizeOf(parameter.shape);
      const isElement = i >= carries && i < carries + sequences;
      if (i < carries) inner.held.set(parameter, state[i]);
      else if (isElement) inner.held.set(parameter, scope.buffers.element(whole, size, length, reverse, scope.depth));
      else inner.held.set(parameter, whole);
    });
    const wholes: [same: readonly Tensor[], whole: Buffer][] = [];
    const stacked = [...results.slice(carries), ...parameters.slice(0, carries)];
    const outputs = stacked.flatMap((value, i) => {
      const same = items.get(carries + i);
      const history = histories.get(i + carries - results.length);
      if (same === undefined) return [];
      if (history !== undefined) {
        wholes.push([same, history]);
        return [];
      }
      const whole = same.map((item) => this.placed.get(item)).find((target) => target !== undefined);
      const stack = whole ?? this.#buffer(same[0]);
      wholes.push([same, stack]);
      return [{ value, target: scope.buffers.element(stack, sizeOf(value.shape), length, reverse, scope.depth) }];
    });
    const assignments = state.flatMap((target, i) => {
      const [value, history] = [results[i], histories.get(i)];
      if (history === undefined) return [{ old: parameters[i], value, target }];
      const size = sizeOf(value.shape);
      outputs.push({ value, target: scope.buffers.element(history, size, length, false, scope.depth, size) });
      return [];
    });
    lower(inner, { outputs, assignments }, this.#options);
    scope.label = label;
    scope.loop(length, inner);
    for (const [same, whole] of wholes) this.#holdItems(same, whole);
    for (let i = 0; i < carries; i++) this.#holdFinal(items.get(i) ?? [], state[i], histories.get(i), length);
  }

  /** What a carry is after the last step: its own memory, or the last of its history. */
  #holdFinal(same: readonly Tensor[], state: Buffer, history: Buffer | undefined, length: number): void {
    if (history === undefined) this.#holdItems(same, state);
    else
      for (const item of same) {
        const target = this.#memoryOf(item);
        const [start, strides] = [length * state.size, [1]];
        this.#scope.copy([state.size], { buffer: target, start: 0, strides }, { buffer: history, start, strides });
      }
  }

  /** Where a tensor lies. */
  #viewOf(tensor: Tensor): View {
    return this.#at(this.#locations.of(tensor));
  }

  #at({ of, start, strides }: Location): View {
    return { buffer: this.#memoryOf(of), start, strides };
  }

  #hold(node: Tensor, buffer: Buffer): void {
    this.#scope.held.set(node, buffer);
  }

  #buffer(node: Tensor): Buffer {
    const label = this.#options.names.get(node) ?? (node.label || `${node.op.name} ${showShape(node.shape)}`);
    return this.#scope.temporary(sizeOf(node.shape), node.dtype, label);
  }

  /** The buffer of a tensor that is one in order, for who cannot walk. */
  #bufferOf(tensor: Tensor): Buffer {
    return this.#memoryOf(baseOf(tensor));
  }

  /** The memory of a node: what others write parts of may be asked for before its own turn. */
  #memoryOf(node: Tensor): Buffer {
    const held = this.#scope.held.get(node);
    if (held !== undefined) return held;
    const isLeaf = node.op.lowering.kind === "leaf";
    const buffer = isLeaf ? this.#options.leaf(node) : (this.placed.get(node) ?? this.#buffer(node));
    this.#hold(node, buffer);
    return buffer;
  }
}

/** All of a buffer, in order. */
function whole(buffer: Buffer, { shape }: Aval): View {
  return { buffer, start: 0, strides: stridesOf(shape) };
}

/** `matmul+add+relu -> layers.0`: the ops of a group and the name of its last result. */
function labelOf({ lead, maps }: Group, names: ReadonlyMap<Tensor, string>): string {
  const nodes = lead === undefined ? maps : [lead, ...maps];
  const ops = [...new Set(nodes.map(({ op }) => op.name))].join("+");
  const last = nodes[nodes.length - 1];
  const name = names.get(last) ?? last.label;
  return name ? `${ops} -> ${name}` : `${ops} ${showShape(last.shape)}`;
}
