// What the page's side keeps so that another worker can go on where one died: programs, what was written, the last checkpoint.

import { END } from "../../assembly/isa/opcode.ts";
import { ALIGN } from "../../assembly/isa/sizes.ts";
import type { Program, ProgramVariable } from "../compile/program.ts";
import type { ProgramId, Slot, TypedArray } from "../runtime/executor.ts";
import type { OwnWrite } from "./arrays.ts";
import type { Checkpoint, RunId } from "./wire.ts";

export class Mirror {
  readonly #programs = new Map<ProgramId, Program>();
  /** All variables that programs have named, also those that are unloaded by now. */
  readonly #declared = new Map<string, ProgramVariable>();
  readonly #variables = new Map<string, TypedArray>();
  /** Inputs by program and name. */
  readonly #inputs = new Map<ProgramId, Map<string, TypedArray>>();
  /** What finished runs left, by program and name: no other worker has it. */
  readonly #outputs = new Map<ProgramId, Map<string, TypedArray>>();
  /** Steps of the open runs at the last checkpoint. */
  readonly #steps = new Map<RunId, number>();

  loaded(id: ProgramId, program: Program): void {
    this.#programs.set(id, program);
    for (const variable of program.variables) this.#declared.set(variable.key, variable);
  }

  wrote(writes: readonly OwnWrite[]): void {
    for (const { slot, data } of writes)
      if ("variable" in slot) this.#variables.set(slot.variable, data);
      else put(this.#inputs, slot, data);
  }

  reached({ variables }: Checkpoint, steps: Iterable<readonly [RunId, number]>): void {
    for (const [key, data] of variables) this.#variables.set(key, data);
    for (const [run, reached] of steps) this.#steps.set(run, reached);
  }

  ended(run: RunId, outputs: readonly (readonly [Slot, TypedArray])[]): void {
    this.#steps.delete(run);
    for (const [slot, data] of outputs) if ("program" in slot) put(this.#outputs, slot, data);
  }

  unloaded(id: ProgramId): void {
    this.#programs.delete(id);
    this.#inputs.delete(id);
    this.#outputs.delete(id);
  }

  forgot(variable: string): void {
    this.#variables.delete(variable);
    this.#declared.delete(variable);
  }

  /** Where to go on with a run. */
  stepsOf(run: RunId): number | undefined {
    return this.#steps.get(run);
  }

  /** What to load, in this order. */
  programs(): Iterable<readonly [ProgramId, Program]> {
    return this.#programs;
  }

  /** A program that does nothing but name all variables. */
  declaration(): Program {
    let words = ALIGN;
    const variables = Array.from(this.#declared.values(), (variable) => {
      const offset = words;
      words += variable.words;
      return { ...variable, offset, assigned: false };
    });
    return {
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

  /** What to write after that. */
  *writes(): Generator<OwnWrite> {
    for (const [variable, data] of this.#variables) yield { slot: { variable }, data };
    for (const [program, inputs] of this.#inputs)
      for (const [name, data] of inputs) yield { slot: { program, name }, data };
  }

  /** An output of a finished run. */
  output(slot: Slot): TypedArray | undefined {
    return "program" in slot ? this.#outputs.get(slot.program)?.get(slot.name) : undefined;
  }
}

function put(
  places: Map<ProgramId, Map<string, TypedArray>>,
  { program, name }: { readonly program: ProgramId; readonly name: string },
  data: TypedArray,
): void {
  const place = places.get(program);
  if (place === undefined) places.set(program, new Map([[name, data]]));
  else place.set(name, data);
}
