// Who is measured, and where each runs: in a worker of its own.

export interface Contender {
  readonly name: string;
  /** The peers' workers are loaded for those who ask for them. */
  readonly worker: "own" | "peer";
  /** What the worker is told. */
  readonly kind: "wasm" | "js" | "jax" | "tfjs";
  readonly setting: string;
  readonly threads: number;
}

export const contenders = {
  one: { name: "simdgrad, 1 thread", worker: "own", kind: "wasm", setting: "", threads: 1 },
  all: { name: "simdgrad, all threads", worker: "own", kind: "wasm", setting: "", threads: 0 },
  js: { name: "Plain TypeScript", worker: "own", kind: "js", setting: "", threads: 1 },
  tfwasm: { name: "TensorFlow.js, WebAssembly", worker: "peer", kind: "tfjs", setting: "wasm", threads: 1 },
  tfcpu: { name: "TensorFlow.js, JavaScript", worker: "peer", kind: "tfjs", setting: "cpu", threads: 1 },
  jax: { name: "jax-js, WebAssembly", worker: "peer", kind: "jax", setting: "alone", threads: 1 },
} satisfies Readonly<Record<string, Contender>>;

export type ContenderName = keyof typeof contenders;
export const contenderNames = Object.keys(contenders) as ContenderName[];

/** Those that are measured where they are asked for. */
export const peerNames = ["tfwasm", "tfcpu", "jax"] as const satisfies readonly ContenderName[];

/** Who takes part: teams of threads only where the page may have them. */
export function takingPart(peers: readonly ContenderName[], threads: number): ContenderName[] {
  return contenderNames.filter((name) => {
    if (name === "all") return threads > 1;
    return contenders[name].worker === "own" || peers.includes(name);
  });
}
