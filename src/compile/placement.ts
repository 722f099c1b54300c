// Placement: which results are written straight to where they are wanted (an output, a variable), and which need a copy; and with
// that the tasks of a scope with all they must wait for: values they read, and readers of what they overwrite.

import { MAX_OUTPUTS } from "../../assembly/isa/sizes.ts";
import type { Buffer } from "../program/lir.ts";
import type { Tensor } from "../tensor.ts";
import type { Fused, Group } from "./fuse.ts";
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
  readonly assignments: readonly Overwrite[];
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
  const placed = new Map<Tensor, Buffer>();
  const also = new Map<Tensor, Buffer[]>();
  const written = new Map<Group, number>();
  const tasks: Task[] = [];
  const taskOf = new Map<Group, Task>();
  const readers = new Map<Tensor, Set<Task>>(); // of leaves
  const last = fused.order.length;

  const addTask = (priority: number, run: () => void, level = 0): Task => {
    const task = { priority, level, after: new Set<Task>(), run };
    tasks.push(task);
    return task;
  };
  /** `task` reads what lies in the memory of `base`: it waits for its maker, or is noted as a reader of a leaf. */
  const read = (task: Task, base: Tensor): void => {
    const group = groupMaking(fused, base);
    if (group === undefined) {
      const list = readers.get(base);
      if (list === undefined) readers.set(base, new Set([task]));
      else list.add(task);
      return;
    }
    const maker = taskOf.get(group) as Task;
    if (maker !== task) task.after.add(maker);
  };

  /** Has the instructions of `group` write its result `base` to `target`, if they can: at once, or beside where it goes already. */
  const write = (group: Group | undefined, base: Tensor, target: Buffer): boolean => {
    if (group === undefined) return false;
    if (!placed.has(base)) {
      placed.set(base, target);
      return true;
    }
    const count = written.get(group) ?? group.results.length;
    if (inPlace === "none" || !group.maps.includes(base) || count === MAX_OUTPUTS) return false;
    written.set(group, count + 1);
    also.set(base, [...(also.get(base) ?? []), target]);
    return true;
  };

  for (const group of fused.groups)
    taskOf.set(
      group,
      addTask(group.position, () => emission.group(group), group.level),
    );
  for (const [group, task] of taskOf) for (const base of sourcesOf(group, fused.locations)) read(task, base);

  for (const { value, target } of wanted.outputs) {
    const base = baseOf(value);
    if (!write(groupMaking(fused, base), base, target))
      read(
        addTask(last, () => emission.copy(value, target)),
        base,
      );
  }

  // Values of leaves first go to a place of their own: the leaf may be overwritten before this assignment's turn.
  const pending: { readonly task: Task; readonly assignment: Overwrite }[] = [];
  for (const assignment of wanted.assignments) {
    const { value, target, old } = assignment;
    const base = baseOf(value);
    if (base === old) continue;
    const group = groupMaking(fused, base);
    if (group === undefined) {
      const saved = emission.temporary(target);
      const save = addTask(last, () => emission.copy(value, saved));
      read(save, base);
      const task = addTask(last + 1, () => emission.copyBuffer(saved, target));
      task.after.add(save);
      pending.push({ task, assignment });
    } else if (
      mayOverwrite(group, base, old, readers.get(old), taskOf.get(group), inPlace, fused.locations) &&
      write(group, base, target)
    ) {
      pending.push({ task: taskOf.get(group) as Task, assignment });
    } else {
      const task = addTask(last + 1, () => emission.copy(value, target));
      read(task, base);
      pending.push({ task, assignment });
    }
  }
  for (const { task, assignment } of pending)
    for (const reader of readers.get(assignment.old) ?? []) if (reader !== task) task.after.add(reader);
  return { placed, also, tasks };
}

/** The group whose instructions write this node's buffer; undefined for leaves. */
function groupMaking(fused: Fused, base: Tensor): Group | undefined {
  return fused.groupOf.get(base.op.lowering.kind === "item" ? base.inputs[0] : base);
}

/** The nodes whose memory the instructions of a group read, its own apart. */
function sourcesOf({ lead, maps }: Group, locations: Locations): Tensor[] {
  const own = lead === undefined ? [] : lead.inputs.map((_, i) => locations.readFrom(lead, i));
  const operands = operandsOf(maps).map((operand) => locations.sourceOf(operand));
  return [...own, ...operands.filter((operand) => operand !== lead)];
}

/**
 * Whether `group` may write its result `base` over the leaf `old`: it reads that element by element, or is a kernel that does not read it,
 * and every other reader can come before.
 */
function mayOverwrite(
  group: Group,
  base: Tensor,
  old: Tensor,
  readers: ReadonlySet<Task> = new Set(),
  own: Task | undefined,
  inPlace: InPlace,
  locations: Locations,
): boolean {
  const { lead, maps } = group;
  const isMap = maps.includes(base);
  if (inPlace === "none" || !(isMap || (base === lead && base.op.lowering.kind === "kernel"))) return false;
  const leadReads = lead?.inputs.some((_, i) => locations.readFrom(lead, i) === old) ?? false;
  const spread = operandsOf(maps).some(
    (operand) => locations.sourceOf(operand) === old && !(isMap && isWhole(operand.shape, locations.of(operand))),
  );
  return (
    !leadReads &&
    !spread &&
    (inPlace === "eager" || [...readers].every((task) => task === own || task.level < group.level))
  );
}
