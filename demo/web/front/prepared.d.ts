// What prepare.ts makes.
declare module "virtual:prepared" {
  import type { Program } from "simdgrad";

  /** Gives first weights. */
  export const first: Program;
  /** Names where the points lie. */
  export const data: Program;
  export const step: Program;
  /** Answers to `x`: `y`. */
  export const predict: Program;
  /** Which constants of `first` are halves of a parameter's key: index, path, half. */
  export const keys: readonly (readonly [index: number, path: string, half: number])[];
}
