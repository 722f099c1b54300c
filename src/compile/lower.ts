// Lower: groups become instructions over symbolic buffers. A scope is the program itself, or the body of a loop (lower-loop.ts).
import { ProgramError } from "../errors.ts";
import { topological } from "../graph.ts";
import { INSTRUCTIONS, type Opcode } from "../program/instructions.ts";
import { type Buffer, isLoop, type View } from "../program/lir.ts";
import { type Aval, type Shape, showShape, sizeOf } from "../shape.ts";
import { scalar, type Tensor } from "../tensor.ts";
import { depthsOf, type Fused, fuse, type Group } from "./fuse.ts";
import { baseOf, type Locations, operandsOf } from "./locations.ts";
import { lowerLoop } from "./lower-loop.ts";
import { fillBody, mapBody } from "./map-body.ts";
import { type LowerOptions, NodeMemory, whole } from "./node-memory.ts";
import { type Emission, place, type Wanted } from "./placement.ts";
import { order } from "./schedule.ts";
import type { Scope } from "./scope.ts";

/** Emits what is wanted of one scope; placeholders are in `scope.held` already. */
export function lower(scope: Scope, wanted: Wanted, options: LowerOptions): void {
  const fused = fuse(rootsOf(wanted), options.optimize);
  const writer = new ScopeWriter(scope, fused, options);
  for (const inPlace of options.optimize ? (["eager", "sure", "none"] as const) : (["none"] as const)) {
    const { placed, also, tasks } = place(fused, wanted, writer, inPlace);
    const sequence = order(tasks);
    if (sequence === undefined) continue;
    writer.memory.placed = placed;
    writer.also = also;
    for (const task of sequence) task.run();
    return;
  }
  throw new ProgramError("compile: the schedule has a circle");
}

/** Outputs, then what overwrites variables by how early they can be made: in this order their gradients are short-lived. */
function rootsOf({ outputs, overwrites }: Wanted): Tensor[] {
  const values = overwrites.map(({ value }) => value);
  const levels = depthsOf(topological(values));
  const sorted = values.map((value, i) => ({ value, i, level: levels.get(value) ?? 0 }));
  sorted.sort((a, b) => a.level - b.level || a.i - b.i);
  return [...outputs.map(({ value }) => value), ...sorted.map(({ value }) => value)];
}

/** Writes the instructions of one scope. */
class ScopeWriter implements Emission {
  readonly memory: NodeMemory;
  /** Where maps write a result once more. */
  also: ReadonlyMap<Tensor, readonly Buffer[]> = new Map();
  readonly #scope: Scope;
  readonly #options: LowerOptions;
  readonly #locations: Locations;
  /** What is computed again, and what is made of it, by the cotangent it waits for: panels are not kept until then. */
  readonly #again = new Map<Tensor, Tensor>();

  constructor(scope: Scope, fused: Fused, options: LowerOptions) {
    this.memory = new NodeMemory(scope, fused, options);
    this.#scope = scope;
    this.#locations = fused.locations;
    this.#options = options;
    for (const node of fused.order) {
      const again = node.inputs.find((input) => this.#again.has(input));
      const waits = node.op.waits ? node.inputs[1] : again && this.#again.get(again);
      if (waits !== undefined) this.#again.set(node, waits);
    }
  }

  copy(value: Tensor, target: Buffer): void {
    this.#scope.label = `copy ${target.label}`;
    this.#scope.copyElements(target, this.memory.whole(value));
  }

  copyBuffer(from: Buffer, to: Buffer): void {
    this.#scope.label = `assign ${to.label}`;
    this.#scope.copyElements(to, from);
  }

  temporary({ size, dtype, label }: Buffer): Buffer {
    return this.#scope.temporary(size, dtype, `${label} before`);
  }

  group(group: Group): void {
    const { lead, maps, results } = group;
    this.#scope.label = labelOf(group, this.#options.names);
    this.#scope.waits = lead && this.#again.get(lead);
    if (lead?.op.lowering.kind === "loop") {
      const lowerBody = (inner: Scope, wanted: Wanted) => lower(inner, wanted, this.#options);
      lowerLoop(lead, lead.op.lowering.body(lead.attrs), this.#scope, this.memory, lowerBody);
      return;
    }
    if (lead?.op.outputs !== undefined) {
      this.#leadOfSeveral(lead, lead.op.outputs(lead.inputs, lead.attrs));
      return;
    }
    for (const node of results) if (!this.#locations.isStored(node)) this.memory.of(node);
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
    const read = new Set(others.map((operand) => this.memory.view(operand).buffer));
    const place = results.find((node) => !this.#locations.isStored(node) && !read.has(this.memory.of(node)));
    if (place !== undefined) this.memory.hold(lead, this.memory.of(place));
    else if (!results.some((node) => this.#locations.share(lead, node)))
      this.memory.hold(lead, this.memory.create(lead));
  }

  #mapBody(nodes: readonly Tensor[], results: readonly Tensor[]) {
    const own = results.filter((node) => nodes.includes(node));
    return mapBody({
      nodes,
      domain: this.#locations.domainOf(nodes, own),
      results: new Map(own.map((node) => [node, this.memory.view(node)])),
      also: own.flatMap((node) => (this.also.get(node) ?? []).map((buffer) => [node, whole(buffer, node)] as const)),
      viewOf: (tensor) => this.memory.view(tensor),
      copied: (operand) => {
        const label = `${baseOf(operand).op.name} copied`;
        const copy = whole(this.#scope.temporary(sizeOf(operand.shape), operand.dtype, label), operand);
        this.#scope.copy(operand.shape, copy, this.memory.view(operand));
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

  #lead(node: Tensor, outputViews: readonly View[] = [this.memory.view(node)]): void {
    const { lowering } = node.op;
    const scope = this.#scope;
    if (lowering.kind === "broadcast" || lowering.kind === "window") this.#copyWindow(node);
    else if (lowering.kind === "parts") {
      const fill = lowering.fill?.(node.attrs);
      if (fill !== undefined) this.#fill(this.memory.whole(node), node, fill);
      this.#locations.partsOf(node).forEach((part, i) => {
        this.#copy(node.inputs[i].shape, this.memory.at(part), this.memory.view(node.inputs[i]));
      });
    } else if (lowering.kind === "kernel") {
      const views = node.inputs.map((_, i) => this.memory.at(this.#locations.input(node, i)));
      const [inputs, outputs] = [views, outputViews].map((list) => list.map(({ buffer }) => buffer));
      const { attrs } = node;
      lowering.emit({ inputs, views, avals: node.inputs, outputs, outputViews, aval: node, attrs, emit: scope });
    } else throw new ProgramError(`${node.op.name}: has no instructions`);
  }

  /** Into memory of its own, or the part of another's that it is stored in. */
  #copyWindow(node: Tensor): void {
    const to = this.#locations.isStored(node) ? this.memory.view(node) : whole(this.memory.of(node), node);
    this.#copy(node.shape, to, this.memory.at(this.#locations.under(node)));
  }

  /** Copies elements to where they belong, unless their maker has put them there. */
  #copy(shape: Shape, to: View, from: View): void {
    const isThere = from.buffer === to.buffer && from.start === to.start;
    if (!isThere || shape.some((size, i) => size !== 1 && from.strides[i] !== to.strides[i]))
      this.#scope.copy(shape, to, from);
  }

  /** A kernel of several outputs has a buffer for each, whether anybody reads it or not. */
  #leadOfSeveral(lead: Tensor, avals: readonly Aval[]): void {
    const items = this.memory.items(lead);
    const buffers = avals.map(
      ({ shape, dtype }, i) =>
        this.memory.placeOf(items.get(i)) ?? this.#scope.temporary(sizeOf(shape), dtype, `${lead.op.name} ${i}`),
    );
    this.#lead(
      lead,
      buffers.map((buffer, i) => whole(buffer, avals[i])),
    );
    buffers.forEach((buffer, i) => {
      this.memory.holdItems(items.get(i), buffer);
    });
  }

  #fill(output: Buffer, { shape, dtype }: Aval, value: number): void {
    this.#scope.map(fillBody(output, this.memory.whole(scalar(value, dtype)), sizeOf(shape)));
  }
}

/** `matmul+add+relu -> layers.0`: the ops of a group and the name of its last result. */
function labelOf({ lead, maps }: Group, names: ReadonlyMap<Tensor, string>): string {
  const nodes = lead === undefined ? maps : [lead, ...maps];
  const ops = [...new Set(nodes.map(({ op }) => op.name))].join("+");
  const last = nodes[nodes.length - 1];
  const name = names.get(last) ?? last.label;
  return name ? `${ops} -> ${name}` : `${ops} ${showShape(last.shape)}`;
}
