// An executor that counts the programs that it is given to load: what was compiled, all in all.
import type { Executor, Program } from "simdgrad";

/** The programs that an executor has loaded since then, each with its outputs' names. */
export function countLoads(executor: Executor): string[][] {
  const loaded: string[][] = [];
  const load = executor.load.bind(executor);
  executor.load = (program: Program) => {
    loaded.push(program.outputs.map(({ name }) => name));
    return load(program);
  };
  return loaded;
}
