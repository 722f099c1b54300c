// First values, and what is done where a variable has no value that a program or another's first one needs. Loaded when that is so.
import { compile } from "../compile/compile.ts";
import { compileInit } from "../compile/init.ts";
import { ArgumentError } from "../errors.ts";
import { topological } from "../graph.ts";
import { randomKey } from "../ops/random.ts";
import { ofThisThread } from "../program/program.ts";
import type { Executor, ProgramId, Write } from "../runtime/executor.ts";
import { Variable } from "../variable.ts";
import { orElse } from "./load.ts";

/** Names that a message lists. */
const MOST = 3;

/** The error about a program that reads a variable without a value. */
export function ofProgram({ message }: ArgumentError): ArgumentError {
  return new ArgumentError(
    `trainer: ${message}: it is in no field of the model (private ones and closures hide theirs) and not named in hyperparameters, or it came into the model after the trainer was made`,
  );
}

/** What a state that was handed over has for variables, checked. */
export type GivenState = () => Promise<{ readonly writes: readonly Write[] }>;

/**
 * Begins anew, whatever variables hold. Where a first value is made of a variable that has no value here, as by `fuseBatchNorm`, what is
 * given takes its place.
 * @throws ArgumentError where there is nothing in its place: it would silently be zero
 */
export async function giveFirstValues(
  executor: Executor,
  variables: ReadonlyMap<string, Variable>,
  seed: number,
  given?: GivenState,
): Promise<void> {
  const program = compileInit(variables, seed);
  const own = new Set(Array.from(variables.values(), ({ key }) => key));
  const needs = program.variables.map(({ key }) => key).filter((key) => !own.has(key));
  let id: ProgramId;
  try {
    id = await executor.load(needs.length === 0 ? program : ofThisThread({ ...program, needs }));
  } catch (error) {
    if (!(error instanceof ArgumentError)) throw error;
    return beginByState(error, executor, variables, seed, given ? (await given()).writes : []);
  }
  const done = () => executor.unload(id);
  await orElse(() => executor.run([[id, 1]]).done, done);
  await done();
}

/** Begins with what a state has; whatever it does not have begins as ever. */
async function beginByState(
  error: ArgumentError,
  executor: Executor,
  variables: ReadonlyMap<string, Variable>,
  seed: number,
  writes: readonly Write[],
): Promise<void> {
  const given = new Map(writes.map((write) => [(write.slot as { readonly variable?: string }).variable, write]));
  const [written, others] = [true, false].map(
    (isGiven) => new Map([...variables].filter(([, { key }]) => given.has(key) === isGiven)),
  );
  if (written.size === 0)
    throw new ArgumentError(
      `${madeOfOthers(variables)}: the first values are made of other variables, as by mergeLora and fuseBatchNorm, and ${error.message}: the model begins with its state, by loadStateDict or a Predictor's state, or on the executor that trained`,
    );
  await givePlaces(executor, written.values());
  await executor.writeAll(Array.from(written.values(), ({ key }) => given.get(key) as Write));
  if (others.size > 0) await giveFirstValues(executor, others, seed);
}

/** Paths of variables whose first values are made of variables that are none of these; of many the first. */
function madeOfOthers(variables: ReadonlyMap<string, Variable>): string {
  const own = new Set<unknown>(variables.values());
  const paths = [...variables].flatMap(([path, variable]) => {
    const nodes = topological([variable.initial(variable.shape, randomKey(0, path))]);
    return nodes.some((node) => node instanceof Variable && !own.has(node)) ? [path] : [];
  });
  return paths.length > MOST ? `${paths.slice(0, MOST).join(", ")} and ${paths.length - MOST} more` : paths.join(", ");
}

/** Gives variables their places, with zeros there until something is written. */
export async function givePlaces(executor: Executor, variables: Iterable<Variable>): Promise<void> {
  const assignments = Array.from(variables, (each) => [each, each.like(0)] as const);
  const id = await executor.load(compile({ assignments }));
  const done = () => executor.unload(id);
  await orElse(() => executor.run([[id, 1]]).done, done);
  await done();
}
