// Programs over one set of variables: an agent acts by one, learns by another, and nothing is compiled again.
import { type Computation, compile, compileInit, type Executor, type TypedArray } from "simdgrad";
import { variables } from "simdgrad/nn";

/** One step of a program: all its inputs by name, and copies of its outputs. */
export type Call = (inputs?: Readonly<Record<string, ArrayLike<number>>>) => Promise<Record<string, TypedArray>>;

export interface Agent<Name extends string> {
  readonly calls: Readonly<Record<Name, Call>>;
  /** Unloads the programs, and frees their variables. */
  end(): Promise<void>;
}

/** Gives all variables of `model`, optimizers' states included, first values by the seed, and loads the programs that use them. */
export async function agentOf<Name extends string>(
  executor: Executor,
  seed: number,
  model: object,
  computations: Readonly<Record<Name, Computation>>,
): Promise<Agent<Name>> {
  const all = variables(model);
  const start = await executor.load(compileInit(all, seed));
  await executor.step(start);
  await executor.unload(start);
  const ids = new Map<string, number>();
  for (const [name, computation] of Object.entries<Computation>(computations))
    ids.set(name, await executor.load(compile(computation)));
  const calls = Object.fromEntries(
    [...ids].map(([name, id]): [string, Call] => [name, (inputs) => executor.step(id, inputs)]),
  );
  return {
    calls: calls as Record<Name, Call>,
    async end() {
      for (const id of ids.values()) await executor.unload(id);
      for (const { key } of all.values()) await executor.forget(key);
    },
  };
}
