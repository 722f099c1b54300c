// Space: who lives where in a machine's memory. State by identity, a block for each program, one arena for all.
// Synchronous; LocalExecutor calls it between steps.

import { ArgumentError, DisposedError, MemoryError, ProgramError } from "../errors.ts";
import type { Program, ProgramSlot } from "../program/program.ts";
import { type DType, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { ProgramId, Slot, TeamInfo, TypedArray, Write } from "./executor.ts";
import { Layout, type Room } from "./layout.ts";
import type { Loaded, Machine } from "./machine.ts";
import { checkElements, fetchSlot, storeSlot } from "./memory.ts";
import { relocate } from "./relocate.ts";

export { makeStep } from "./step.ts";

interface PlacedVariable {
  readonly place: Room;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A slot found: where it is and what it holds. */
interface FoundSlot {
  readonly at: number;
  readonly shape: Shape;
  readonly dtype: DType;
}

export class Space {
  readonly #machine: Machine;
  /** Fill arena and io with NaN wherever a program must not rely on them. */
  readonly #poisons: boolean;
  #variables = new Map<string, PlacedVariable>();
  readonly #programs = new Map<ProgramId, Loaded>();
  #layout: Layout;
  #arena: Room;
  #nextId = 1;

  constructor(machine: Machine, poisons: boolean) {
    this.#machine = machine;
    this.#poisons = poisons;
    this.#layout = new Layout(machine.start);
    this.#arena = this.#layout.take(0);
  }

  /**
   * Refuses before it keeps anything: whatever it throws leaves everything as it was. `id`: a number that nothing has had.
   * @throws ProgramError if it disagrees with a known variable or its code is none, ArgumentError if it needs an unknown one; MemoryError
   */
  load(program: Program, id = this.#nextId): ProgramId {
    const missing = program.needs?.find((key) => !this.#variables.has(key));
    if (missing !== undefined)
      throw new ArgumentError(`variable ${nameIn(program, missing)} has no value on this executor`);
    for (const { key, shape, dtype } of program.variables) {
      const known = this.#variables.get(key);
      if (known !== undefined && (known.dtype !== dtype || !sameShape(known.shape, shape)))
        throw new ProgramError(
          `load: variable ${key} is ${dtype} ${showShape(shape)}, but an earlier program has it as ${known.dtype} ${showShape(known.shape)}`,
        );
    }
    const layout = this.#layout.copy();
    const fresh = program.variables
      .filter(({ key }) => !this.#variables.has(key))
      .map((variable) => ({
        key: variable.key,
        shape: variable.shape,
        dtype: variable.dtype,
        place: layout.take(variable.words),
      }));
    const place = layout.take(program.ioWords + program.constantWords + this.#machine.ownWords(program));
    const arena = this.#widenArena(layout, program.arenaWords);
    const variables = new Map([...this.#variables, ...fresh.map((variable) => [variable.key, variable] as const)]);
    const loaded = placed(program, place);
    this.#relocate(loaded, variables, arena);
    this.#reserve(layout.end, program);

    this.#layout = layout;
    this.#variables = variables;
    for (const variable of fresh) this.#fill(variable.place.at, variable.place.words, 0);
    this.#fillIn(loaded);
    this.#programs.set(id, loaded);
    this.#nextId = Math.max(this.#nextId, id + 1);
    const moved = arena.at !== this.#arena.at;
    this.#arena = arena;
    if (moved) for (const each of this.#programs.values()) this.#relocate(each, variables, arena);
    for (const each of moved ? this.#programs.values() : [loaded]) this.#machine.install(each);
    return id;
  }

  #fill(at: number, words: number, value: number): void {
    this.#machine.memory.f.fill(value, at, at + words);
  }

  /** The arena, or a larger one: nothing in it outlives a step, so it may lie elsewhere. */
  #widenArena(layout: Layout, words: number): Room {
    if (words <= this.#arena.words) return this.#arena;
    layout.free(this.#arena);
    return layout.take(words);
  }

  #reserve(words: number, program: Program): void {
    const { limit } = this.#machine;
    try {
      if (words > limit) throw new RangeError(`${gibibytes(limit)} can be addressed`);
      this.#machine.grow(words);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new MemoryError(
        `load: ${gibibytes(words)} of memory are needed: ${error.message}. Largest: ${this.#largest(program).join(", ")}`,
        { cause: error },
      );
    }
  }

  /** The three largest buffers of the loaded programs and one more, variables by the names that programs give them. */
  #largest(program: Program): string[] {
    const found = new Map<string, { readonly label: string; readonly words: number }>();
    for (const [key, { place, shape }] of this.#variables)
      found.set(key, { label: `${key} ${showShape(shape)}`, words: place.words });
    let arena = 0;
    for (const each of [...Array.from(this.#programs.values(), (loaded) => loaded.program), program]) {
      for (const { key, name, shape, words } of each.variables)
        found.set(key, { label: `${name} ${showShape(shape)}`, words });
      for (const { name, shape, words } of [...each.inputs, ...each.outputs])
        found.set(`${found.size}: ${name}`, { label: `${name} ${showShape(shape)}`, words });
      arena = Math.max(arena, each.arenaWords);
    }
    found.set("arena", { label: "intermediate results", words: arena });
    const sorted = [...found.values()].sort((a, b) => b.words - a.words).slice(0, 3);
    return sorted.map(({ label, words }) => `${label} (${gibibytes(words)})`);
  }

  /** What a program's block holds before its first run. */
  #fillIn({ program, io, constants, own }: Loaded): void {
    this.#fill(io, own - io, this.#poisons ? Number.NaN : 0);
    for (const { offset, shape, dtype } of program.inputs) {
      const elements = sizeOf(shape);
      this.#fill(io + offset, dtype === "u8" ? Math.ceil(elements / 4) : elements, 0);
    }
    const { memory } = this.#machine;
    for (const { offset, dtype, data, rounded } of program.constants) {
      const isRounded = rounded !== undefined && memory.f instanceof Float32Array;
      storeSlot(memory, dtype, constants + offset, isRounded ? [rounded] : data);
    }
  }

  #relocate({ program, io, constants, code }: Loaded, places: ReadonlyMap<string, PlacedVariable>, arena: Room): void {
    const variables = program.variables.map(({ key }) => places.get(key)?.place.at ?? 0);
    relocate(program, { io, constants, arena: arena.at, variables }, this.#machine.addressUnit, code);
  }

  /** Frees the program's block and what only it needed of the arena. @throws DisposedError */
  unload(id: ProgramId): void {
    const loaded = this.loaded(id);
    loaded.live = false;
    this.#programs.delete(id);
    this.#layout.free(loaded.place);
    this.#machine.release?.(loaded);
    let needed = 0;
    for (const { program } of this.#programs.values()) needed = Math.max(needed, program.arenaWords);
    const { at, words } = this.#arena;
    if (needed < words) {
      this.#layout.free({ at: at + needed, words: words - needed });
      this.#arena = { at, words: needed };
    }
  }

  /** Frees a variable that no loaded program names. @throws ArgumentError */
  forget(key: string): void {
    const { place } = this.#variable(key);
    for (const [id, { program }] of this.#programs) {
      if (program.variables.some((variable) => variable.key === key))
        throw new ArgumentError(`forget: variable ${key} belongs to program ${id}, which is loaded`);
    }
    this.#layout.free(place);
    this.#variables.delete(key);
  }

  /** Of all loaded programs. */
  teams(): TeamInfo[] {
    return Array.from(this.#programs, ([program, loaded]) => ({
      program,
      ...(this.#machine.shared?.(loaded) ?? { threads: 1, compared: {} }),
    }));
  }

  /** @throws DisposedError */
  loaded(id: ProgramId): Loaded {
    const loaded = this.#programs.get(id);
    if (loaded === undefined) throw new DisposedError(`program ${id} is not loaded`);
    return loaded;
  }

  /** Checks all before it stores the first. Outputs are for `restore` alone. @throws ArgumentError, DisposedError */
  writeAll(writes: readonly Write[], action: "write" | "restore" = "write"): void {
    const found = this.check(writes, action);
    for (const [i, { at, dtype }] of found.entries()) storeSlot(this.#machine.memory, dtype, at, writes[i].data);
  }

  /** Where they would be stored. @throws what `writeAll` throws */
  check(writes: readonly Write[], action: "write" | "restore" = "write"): FoundSlot[] {
    return writes.map(({ slot, data }) => {
      const place = this.#find(slot, action);
      const size = sizeOf(place.shape);
      if (data.length !== size)
        throw new ArgumentError(
          `write: ${nameOf(slot)} ${showShape(place.shape)} has ${size} elements, got ${data.length}`,
        );
      checkElements(place.dtype, data, nameOf(slot));
      return place;
    });
  }

  write(slot: Slot, data: ArrayLike<number>): void {
    this.writeAll([{ slot, data }]);
  }

  read(slot: Slot): TypedArray {
    const { at, shape, dtype } = this.#find(slot, "read");
    return fetchSlot(this.#machine.memory, dtype, at, sizeOf(shape));
  }

  /** Fills the arena with NaN (as integers: no index of anything). */
  poisonArena(): void {
    this.#machine.memory.f.fill(Number.NaN, this.#arena.at, this.#arena.at + this.#arena.words);
  }

  #find(slot: Slot, action: "read" | "write" | "restore"): FoundSlot {
    if ("variable" in slot) {
      const { place, shape, dtype } = this.#variable(slot.variable);
      return { at: place.at, shape, dtype };
    }
    const { program, io } = this.loaded(slot.program);
    const found =
      slotOf(program.inputs, slot.name) ?? (action === "write" ? undefined : slotOf(program.outputs, slot.name));
    if (found === undefined)
      throw new ArgumentError(
        `${action}: program ${slot.program} has no ${action === "write" ? "input" : "slot"} ${slot.name}`,
      );
    return { at: io + found.offset, shape: found.shape, dtype: found.dtype };
  }

  #variable(key: string): PlacedVariable {
    const variable = this.#variables.get(key);
    if (variable === undefined) throw new ArgumentError(`no loaded program has named a variable ${key}`);
    return variable;
  }
}

/** A program in its place, its code still to be written. */
function placed(program: Program, place: Room): Loaded {
  const constants = place.at + program.ioWords;
  return {
    program,
    code: new Int32Array(program.code.length),
    place,
    io: place.at,
    constants,
    own: constants + program.constantWords,
    logTypes: program.logged.map((name) => slotOf(program.outputs, name)?.dtype ?? "f32"),
    live: true,
  };
}

function nameIn({ variables }: Program, key: string): string {
  return variables.find((variable) => variable.key === key)?.name ?? key;
}

function slotOf(slots: readonly ProgramSlot[], name: string): ProgramSlot | undefined {
  return slots.find((slot) => slot.name === name);
}

function nameOf(slot: Slot): string {
  return "variable" in slot ? `variable ${slot.variable}` : slot.name;
}

function gibibytes(words: number): string {
  return `${(words / 2 ** 28).toFixed(2)} GiB`;
}
