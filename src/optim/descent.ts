// What all optimizers by name share: an option, its check, and the direction.
import { aBoolean, type Checks, checkOptions } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { aRate } from "./learning-rate.ts";
import { chain, type Optimizer, stateless, type Transform } from "./transform.ts";

/** What every optimizer takes besides its own options. */
export interface OptimizerOptions {
  /** Climbs instead of descending: gradients change their signs before anything else is done with them; decay still pulls to zero. */
  readonly maximize?: boolean;
}

/** @throws ArgumentError for what is no learning rate, and for options that an optimizer does not take besides its own and those of all */
export function checkOptimizerOptions<T extends OptimizerOptions>(
  learningRate: unknown,
  options: T,
  name: string,
  own: Checks<Omit<T, keyof OptimizerOptions>>,
): void {
  aRate(learningRate, name);
  const rate = Object.keys(options ?? {}).find((key) => /^(lr|learning_?rate)$/i.test(key));
  if (rate !== undefined)
    throw new ArgumentError(`${name}: unknown option ${rate}; the learning rate comes first: ${name}(0.01)`);
  checkOptions(options, name, { ...own, maximize: aBoolean } as Checks<T>);
}

/** The optimizer out of its links, in the direction that is asked for. */
export function descent({ maximize = false }: OptimizerOptions, ...links: readonly Transform[]): Optimizer {
  return maximize ? chain(turned, ...links) : chain(...links);
}

const turned = stateless((updates) => ({ updates: updates.map((update) => update.neg()) }));
