// Who takes part in a network's comparison, and the command that starts each. Adding a peer is a row here and a module in peers/.
import { fileURLToPath } from "node:url";
import { bestBlas } from "./blas.ts";
import { startChild } from "./child.ts";
import type { Network } from "./networks.ts";
import { areWritten } from "./peers/layers.mjs";
import { CHECKED_STEPS } from "./rounds.ts";

export interface Contender {
  readonly name: string;
  readonly threads: number;
  /** Given the folder with the start. */
  readonly command: (folder: string) => readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly takes?: (network: Network) => boolean;
  /** Whose loss it must have. */
  readonly oracle?: keyof typeof oracles;
  /** It trains nothing. */
  readonly isLossless?: true;
}

const path = (file: string) => fileURLToPath(new URL(file, import.meta.url));

function own(kind: string, threads = 1): Contender["command"] {
  return (folder) => [process.execPath, path("step-child.ts"), folder, kind, `${threads}`];
}

function peer(...parameters: readonly string[]): Contender["command"] {
  return (folder) => [process.execPath, path("peers/child.mjs"), folder, ...parameters];
}

const PYTHON = "/usr/bin/python3";
let blas: ReturnType<typeof bestBlas> | undefined;

function pytorch(threads: number): Contender {
  blas ??= bestBlas(PYTHON);
  return {
    name: "PyTorch",
    threads,
    command: (folder) => [PYTHON, path("peers/torch_child.py"), folder, `${threads}`],
    environment: {
      ...blas,
      OMP_NUM_THREADS: `${threads}`,
      OPENBLAS_NUM_THREADS: `${threads}`,
      // Its threads spin while they wait; where something else wants a core, steps take ten times as long.
      OMP_WAIT_POLICY: "passive",
    },
  };
}

export const isXor = ({ rows }: Network) => rows === 4;
const isLayered = ({ kind }: Network) => kind === "layers";
/** Whether the JavaScript peers have its layers. */
export const isWritten = (network: Network) => network.kind === "mlp" || areWritten(network.layers);

/** The first is what the others are compared with. `threads` is that of the rows that use several. */
export function contenders(threads: number): readonly Contender[] {
  const team = [
    { name: "wasm-relaxed", threads, command: own("wasm-relaxed", threads) },
    { name: "wasm-relaxed, idle team", threads: 1, command: own("idle-team", threads) },
  ];
  return [
    { name: "wasm-relaxed", threads: 1, command: own("wasm-relaxed") },
    { name: "wasm-portable", threads: 1, command: own("wasm-portable") },
    ...(threads > 1 ? team : []),
    { name: "floor", threads: 1, command: own("floor"), takes: isLayered, isLossless: true },
    { name: "js", threads: 1, command: own("js") },
    { name: "by hand", threads: 1, command: peer("plain"), takes: isXor },
    { name: "brain.js", threads: 1, command: peer("brain"), takes: isXor, oracle: "per-sample" },
    { name: "jax-js wasm", threads: 1, command: peer("jax"), takes: isWritten },
    { name: "tfjs wasm", threads: 1, command: peer("tfjs", "wasm"), takes: isWritten },
    { name: "tfjs cpu", threads: 1, command: peer("tfjs", "cpu"), takes: isWritten },
    pytorch(1),
    ...(threads > 1 ? [pytorch(threads)] : []),
  ];
}

const oracles = { float64: own("oracle"), "per-sample": peer("per-sample") } as const;

/** The loss that contenders must have; the oracle's process is gone before anything is timed. */
export async function expectedLoss(oracle: keyof typeof oracles, folder: string): Promise<number> {
  const child = await startChild(oracles[oracle](folder));
  if ("missing" in child) throw new Error(`the oracle ${child.missing}`);
  const { loss } = await child.ask(CHECKED_STEPS);
  await child.end();
  return loss;
}
