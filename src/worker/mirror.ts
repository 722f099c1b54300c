// What the page's side keeps so that another worker can go on where one died: the state at the last checkpoint, and a journal of what was
// done since then, in its order. Both together are what the page was told, and nothing else.
import { END } from "../../assembly/isa/opcode.ts";
import { ALIGN } from "../../assembly/isa/sizes.ts";
import { PROGRAM_VERSION, type Program, type ProgramVariable } from "../program/program.ts";
import type { ProgramId, TypedArray } from "../runtime/executor.ts";
import type { OwnWrite } from "./arrays.ts";
import type { Stretch } from "./stretch.ts";

/** Something that a worker did and its successor does, too. */
export type Deed =
  | { readonly call: "load"; readonly id: ProgramId; readonly program: Program }
  | { readonly call: "unload"; readonly id: ProgramId }
  | { readonly call: "forget"; readonly variable: string }
  | { readonly call: "write" | "restore"; readonly writes: readonly OwnWrite[] }
  | { readonly call: "repeat"; readonly stretch: Stretch };

/** Id of the program that names all variables to a new worker. */
const DECLARATION: ProgramId = 0;

export class Mirror {
  readonly #programs = new Map<ProgramId, Program>();
  /** All variables that programs have named, also those that are unloaded by now. */
  readonly #declared = new Map<string, ProgramVariable>();
  readonly #variables = new Map<string, TypedArray>();
  /** Inputs and outputs by program and name. */
  readonly #slots = new Map<ProgramId, Map<string, TypedArray>>();
  /** Since the checkpoint, from the first steps on: what came before them changed nothing but the state above. */
  #journal: Deed[] = [];

  /** It was done after all that was done before. */
  did(deed: Deed): void {
    const last = this.#journal.at(-1);
    if (last === undefined && deed.call !== "repeat") this.#apply(deed);
    else if (deed.call === "repeat" && last?.call === "repeat" && follows(last.stretch, deed.stretch))
      this.#journal[this.#journal.length - 1] = {
        ...last,
        stretch: { ...last.stretch, steps: last.stretch.steps + deed.stretch.steps },
      };
    else this.#journal.push(deed);
  }

  /** All that steps changed is known: no step needs to be made again. */
  reached(values: readonly OwnWrite[]): void {
    for (const deed of this.#journal) this.#apply(deed);
    this.#journal = [];
    this.#store(values);
  }

  /** What another worker does to stand where the one before stood. */
  *deeds(): Generator<Deed> {
    yield { call: "load", id: DECLARATION, program: this.#declaration() };
    for (const [id, program] of this.#programs) yield { call: "load", id, program };
    yield { call: "unload", id: DECLARATION };
    yield { call: "restore", writes: [...this.#values()] };
    yield* this.#journal;
  }

  #apply(deed: Deed): void {
    switch (deed.call) {
      case "load":
        this.#programs.set(deed.id, deed.program);
        for (const variable of deed.program.variables) this.#declared.set(variable.key, variable);
        break;
      case "unload":
        this.#programs.delete(deed.id);
        this.#slots.delete(deed.id);
        break;
      case "forget":
        this.#declared.delete(deed.variable);
        this.#variables.delete(deed.variable);
        break;
      case "write":
      case "restore":
        this.#store(deed.writes);
        break;
      case "repeat": // a checkpoint has what it changed
        break;
    }
  }

  #store(writes: readonly OwnWrite[]): void {
    for (const { slot, data } of writes)
      if ("variable" in slot) this.#variables.set(slot.variable, data);
      else {
        const slots = this.#slots.get(slot.program) ?? new Map<string, TypedArray>();
        this.#slots.set(slot.program, slots.set(slot.name, data));
      }
  }

  *#values(): Generator<OwnWrite> {
    for (const [variable, data] of this.#variables) yield { slot: { variable }, data };
    for (const [program, slots] of this.#slots)
      for (const [name, data] of slots) yield { slot: { program, name }, data };
  }

  /** A program that does nothing but name all variables. */
  #declaration(): Program {
    let words = ALIGN;
    const variables = Array.from(this.#declared.values(), (variable) => {
      const offset = words;
      words += variable.words;
      return { ...variable, offset, assigned: false };
    });
    return {
      version: PROGRAM_VERSION,
      code: Int32Array.of(END | (1 << 8)),
      variables,
      inputs: [],
      outputs: [],
      logged: [],
      logOffset: 0,
      constants: [],
      stateWords: words,
      ioWords: 0,
      arenaWords: 0,
      constantWords: 0,
      labels: ["end"],
    };
  }
}

/** Whether a stretch goes on where another ended. */
function follows(before: Stretch, after: Stretch): boolean {
  return before.plan === after.plan && before.from + before.steps === after.from;
}
