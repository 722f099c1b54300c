// The other libraries' contenders, which bench/peers has in JavaScript.

declare module "*/bench/peers/runner.mjs" {
  /** Makes so many steps: milliseconds of one, and the last loss. */
  export function answer(run: (steps: number) => Promise<number>, steps: number): Promise<{ ms: number; loss: number }>;
}

declare module "*/bench/peers/jax.mjs" {
  export function startPeer(start: object): Promise<(steps: number) => Promise<number>>;
}

declare module "*/bench/peers/tfjs.mjs" {
  export function startPeer(
    start: object,
    backend: string,
    wasmPaths: Readonly<Record<string, string>>,
  ): Promise<(steps: number) => Promise<number>>;
}
