// One step of one program, from its inputs to its outputs, as a run.
import { isRecord, must, numbers } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import type { PlanEntry, ProgramId, RunOptions, RunResult, TypedArray } from "./executor.ts";

/** Numbers by the names of a program's inputs. */
export type Inputs = Readonly<Record<string, ArrayLike<number>>>;

/** What a program takes and gives: a part of it. */
export interface Ports {
  readonly inputs: readonly { readonly name: string }[];
  readonly outputs: readonly { readonly name: string }[];
}

/** Has a program make a step by a run that `begin` begins. @throws ArgumentError for what is no input, and for inputs that are missing */
export async function makeStep(
  { inputs, outputs }: Ports,
  program: ProgramId,
  given: Inputs,
  begin: (plan: readonly PlanEntry[], options: RunOptions) => Promise<RunResult>,
): Promise<Record<string, TypedArray>> {
  must(isRecord(given), given, "step: inputs", "an object of numbers by the inputs' names");
  const names = inputs.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ArgumentError(`step: program ${program} has no input ${unknown}; it takes ${names.join(", ") || "none"}`);
  for (const name of names) numbers(given[name], `step: ${name}`);
  const write = names.map((name) => ({ slot: { program, name }, data: given[name] }));
  const read = outputs.map(({ name }) => ({ program, name }));
  const { values = [] } = await begin([[program, 1]], { urgent: true, write, read });
  return Object.fromEntries(outputs.map(({ name }, i) => [name, values[i]]));
}
