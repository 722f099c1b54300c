// Epsilon: the small number that keeps a divisor or a root away from 0. PyTorch calls it eps, papers epsilon: options take either name.
import { aNumberWithin, type Checks } from "./check.ts";
import { ArgumentError } from "./errors.ts";

/** Options of what adds a small number to a divisor or a root. */
export interface EpsilonOptions {
  /** At least 0; each function says its default. */
  readonly epsilon?: number;
  /** The same by PyTorch's name. */
  readonly eps?: number;
}

function notNegative(value: unknown, what: string): void {
  aNumberWithin(0)(value, what);
}

export const epsilonChecks: Checks<EpsilonOptions> = { epsilon: notNegative, eps: notNegative };

/** The number under either name. @throws ArgumentError if both are given */
export function epsilonOf({ epsilon, eps }: EpsilonOptions, standard: number, name: string): number {
  if (epsilon !== undefined && eps !== undefined)
    throw new ArgumentError(`${name}: eps and epsilon are two names of one option; give one of them`);
  return epsilon ?? eps ?? standard;
}
