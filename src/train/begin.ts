// How who only has weights begins: a predictor, a generator. Given a state, nothing else makes first values: a model whose first values are
// made of another's, as those of fuseBatchNorm, needs that one no more. Loaded with the first prediction.
import type { ArrayLikeData, NumericArray, TypedData } from "../data/array.ts";
import { topological } from "../graph.ts";
import { randomKey } from "../ops/random.ts";
import type { Executor } from "../runtime/executor.ts";
import type { DType } from "../shape.ts";
import { Variable } from "../variable.ts";
import { checkState } from "./check-state.ts";
import { giveFirstValues, givePlaces } from "./first-values.ts";
import { type Hold, hold, isPrepared, warnOfFirst, warnOfPreprocess } from "./hold.ts";
import { orElse } from "./load.ts";

/** Who begins. */
export interface Beginner {
  readonly name: string;
  readonly executor: Executor;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly state: Readonly<Record<string, NumericArray>> | undefined;
  /** Whose variables they are: shared ones have further paths there. */
  readonly model: unknown;
  /** Whether x goes into the model as it is. */
  readonly isPlain?: boolean;
}

/**
 * Sees to it that the variables have values: those of the state, else those that are there, else first ones, of which it warns.
 * @throws ArgumentError, ShapeError where the state does not fit
 */
export async function begin(
  { name, executor, variables, state, model, isPlain = false }: Beginner,
  array: (given: ArrayLikeData, dtype: DType, name: string) => TypedData,
): Promise<Hold> {
  const writes = state === undefined ? [] : checkState(name, state, variables, array, { model }).writes;
  const given = (fresh: ReadonlyMap<string, Variable>) => givePlaces(executor, fresh.values());
  const first = (fresh: ReadonlyMap<string, Variable>) => giveFirstValues(executor, fresh, 0);
  const held = await hold(executor, variables, state === undefined ? first : given);
  await orElse(
    () => executor.writeAll(writes),
    () => held.letGo(false),
  );
  if (state === undefined) held.tell(name);
  else held.give("state");
  const told = new Set(held.elsewhere);
  const open = state === undefined ? held.fresh.filter((path) => !told.has(path)) : [];
  const drawn = open.filter((path) => isDrawn(variables, path, held.fresh));
  if (drawn.length > 0) warnOfFirst(name, drawn);
  if (isPlain && isPrepared(executor, variables.values())) warnOfPreprocess();
  return held;
}

/**
 * Whether a first value is drawn: made by its random key, and of nothing that had a value before, that is, of no variables but those that
 * have first ones themselves. What is not drawn is told by who made the model, as by who read it from a file.
 */
function isDrawn(variables: ReadonlyMap<string, Variable>, path: string, fresh: readonly string[]): boolean {
  const variable = variables.get(path) as Variable;
  const all = new Set(fresh.map((each) => variables.get(each)));
  const key = randomKey(0, path);
  const nodes = topological([variable.initial(variable.shape, key)]);
  return (
    nodes.some((node) => key.includes(node)) && nodes.every((node) => !(node instanceof Variable) || all.has(node))
  );
}
