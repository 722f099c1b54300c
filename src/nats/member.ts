import type { Distribution } from "./distribution.ts";
import type { NatsOptions } from "./options.ts";

/**
 * What `simdgrad worker` hands to the `train` that a module exports: who this member is, and its way into the run.
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import type { RunMember } from "simdgrad/nats";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 *
 * export async function train({ name, signal, nats }: RunMember) {
 *   const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 *   await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 *   await trainer.fit({ batch: 3, epochs: 100, distribute: nats({ innerSteps: 50 }), signal });
 *   console.log(`${name} is done`);
 * }
 * typeof train; // => "function"
 */
export interface RunMember {
  /** What `--name` says, or a random one. */
  readonly name: string;
  /** What `--run` says. */
  readonly run: string;
  /** Aborted by Ctrl-C and SIGTERM: `fit` and `trials` take it, and end in good order. */
  readonly signal: AbortSignal;
  /** What `distribute` takes: `nats` of simdgrad/nats, with server, run and name of the command line. */
  nats(options?: Omit<NatsOptions, "servers" | "connection" | "run" | "member">): Distribution;
}
