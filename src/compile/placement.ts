// Placement: which results are written straight to where they are wanted (an output, a variable), and which need a copy; and with
// that the tasks of a scope with all they must wait for: values they read, and readers of what they overwrite.

import { MAX_OUTPUTS } from "../../assembly/isa/sizes.ts";
import type { Buffer } from "../program/lir.ts";
import type { Tensor } from "../tensor.ts";
import type { Fused, Group } from "./fuse.ts";
import { addTo } from "./lists.ts";
import { baseOf, isWhole, type Locations, operandsOf } from "./locations.ts";
import type { Task } from "./schedule.ts";

/** A value that must end up in a buffer. */
export interface Output {
  readonly value: Tensor;
  readonly target: Buffer;
}

/** A value that replaces what a leaf's buffer holds, once nobody reads the old one any more. */
export interface Overwrite extends Output {
  readonly old: Tensor;
}

/** What a scope must get done. */
export interface Wanted {
  readonly outputs: readonly Output[];
  readonly overwrites: readonly Overwrite[];
}

/** How tasks are carried out. */
export interface Emission {
  group(group: Group): void;
  copy(value: Tensor, target: Buffer): void;
  /** A buffer like `target` for a value on its way there. */
  temporary(target: Buffer): Buffer;
  copyBuffer(from: Buffer, to: Buffer): void;
}

export interface Placement {
  /** Where results go that do not get a buffer of their own. */
  readonly placed: ReadonlyMap<Tensor, Buffer>;
  /** Where maps write a result once more: copies that are no instructions. */
  readonly also: ReadonlyMap<Tensor, readonly Buffer[]>;
  readonly tasks: readonly Task[];
}

/**
 * Which assignments are written over the old value at once: all that no reader's data stands against ("eager", which can leave tasks
 * waiting for each other in a circle), those whose readers surely come before ("sure", never a circle), or none.
 */
export type InPlace = "eager" | "sure" | "none";

/** Places results and makes the tasks of a scope. */
export function place(fused: Fused, wanted: Wanted, emission: Emission, inPlace: InPlace): Placement {
  const placer = new Placer(fused, emission, inPlace);
  for (const output of wanted.outputs) placer.output(output);
  const writers = wanted.overwrites.map((each) => placer.overwrite(each));
  // Not before all are placed: the copies among these tasks are readers, too.
  wanted.overwrites.forEach(({ old }, i) => {
    placer.waitForReaders(writers[i], old);
  });
  return placer;
}

/** Where a value goes is asked in this order: can its makers write it there (`#write`)? If not, a task of its own copies it later. */
class Placer implements Placement {
  readonly placed = new Map<Tensor, Buffer>();
  readonly also = new Map<Tensor, Buffer[]>();
  readonly tasks: Task[] = [];
  readonly #fused: Fused;
  readonly #emission: Emission;
  readonly #inPlace: InPlace;
  readonly #taskOf = new Map<Group, Task>();
  /** Who reads a leaf. */
  readonly #readers = new Map<Tensor, Set<Task>>();
  /** How many results a group writes that writes one more than once. */
  readonly #written = new Map<Group, number>();

  constructor(fused: Fused, emission: Emission, inPlace: InPlace) {
    this.#fused = fused;
    this.#emission = emission;
    this.#inPlace = inPlace;
    for (const group of fused.groups) {
      const task = this.#add(group.position, () => emission.group(group), group.level);
      this.#taskOf.set(group, task);
    }
    for (const [group, task] of this.#taskOf)
      for (const base of sourcesOf(group, fused.locations)) this.#read(task, base);
  }

  output({ value, target }: Output): void {
    const base = baseOf(value);
    if (this.#write(this.#maker(base), base, target)) return;
    const task = this.#add(this.#last, () => this.#emission.copy(value, target));
    this.#read(task, base);
  }

  /** @returns the task that overwrites the old value; none if it stays as it is */
  overwrite({ value, target, old }: Overwrite): Task | undefined {
    const base = baseOf(value);
    if (base === old) return undefined;
    const group = this.#maker(base);
    if (group === undefined) return this.#overwriteByLeaf(value, target);
    if (this.#mayOverwrite(group, base, old) && this.#write(group, base, target)) return this.#taskOf.get(group);
    const task = this.#add(this.#last + 1, () => this.#emission.copy(value, target));
    this.#read(task, base);
    return task;
  }

  /** The value of a leaf first goes to a buffer of its own: the leaf itself may be overwritten before this one's turn. */
  #overwriteByLeaf(value: Tensor, target: Buffer): Task {
    const saved = this.#emission.temporary(target);
    const save = this.#add(this.#last, () => this.#emission.copy(value, saved));
    this.#read(save, baseOf(value));
    const task = this.#add(this.#last + 1, () => this.#emission.copyBuffer(saved, target));
    task.after.add(save);
    return task;
  }

  waitForReaders(task: Task | undefined, old: Tensor): void {
    for (const reader of this.#readers.get(old) ?? []) if (reader !== task) task?.after.add(reader);
  }

  /** A place behind all groups. */
  get #last(): number {
    return this.#fused.order.length;
  }

  #add(priority: number, run: () => void, level = 0): Task {
    const task = { priority, level, after: new Set<Task>(), run };
    this.tasks.push(task);
    return task;
  }

  /** `task` reads what lies in the memory of `base`: it waits for its maker, or is noted as a reader of a leaf. */
  #read(task: Task, base: Tensor): void {
    const group = this.#maker(base);
    if (group === undefined) this.#readers.set(base, (this.#readers.get(base) ?? new Set()).add(task));
    else {
      const maker = this.#taskOf.get(group) as Task;
      if (maker !== task) task.after.add(maker);
    }
  }

  /** Has the instructions of `group` write its result `base` to `target`, if they can: at once, or beside where it goes already. */
  #write(group: Group | undefined, base: Tensor, target: Buffer): boolean {
    if (group === undefined) return false;
    if (!this.placed.has(base)) {
      this.placed.set(base, target);
      return true;
    }
    const count = this.#written.get(group) ?? group.results.length;
    if (this.#inPlace === "none" || !group.maps.includes(base) || count === MAX_OUTPUTS) return false;
    this.#written.set(group, count + 1);
    addTo(this.also, base, target);
    return true;
  }

  /** The group whose instructions write this node's buffer; undefined for leaves. */
  #maker(base: Tensor): Group | undefined {
    return this.#fused.groupOf.get(base.op.lowering.kind === "item" ? base.inputs[0] : base);
  }

  /**
   * Whether `group` may write its result `base` over the leaf `old`: it reads that element by element, or is a kernel that does not read
   * it, and every other reader can come before.
   */
  #mayOverwrite(group: Group, base: Tensor, old: Tensor): boolean {
    const { lead, maps, level } = group;
    const { locations } = this.#fused;
    const isMap = maps.includes(base);
    if (this.#inPlace === "none" || !(isMap || (base === lead && base.op.lowering.kind === "kernel"))) return false;
    if (lead?.inputs.some((_, i) => locations.readFrom(lead, i) === old)) return false;
    const reads = operandsOf(maps).filter((operand) => locations.sourceOf(operand) === old);
    if (!reads.every((operand) => isMap && isWhole(operand.shape, locations.of(operand)))) return false;
    if (this.#inPlace === "eager") return true;
    const own = this.#taskOf.get(group);
    return [...(this.#readers.get(old) ?? [])].every((task) => task === own || task.level < level);
  }
}

/** The nodes whose memory the instructions of a group read, its own apart. */
function sourcesOf({ lead, maps }: Group, locations: Locations): Tensor[] {
  const own = lead === undefined ? [] : lead.inputs.map((_, i) => locations.readFrom(lead, i));
  const operands = operandsOf(maps).map((operand) => locations.sourceOf(operand));
  return [...own, ...operands.filter((operand) => operand !== lead)];
}
