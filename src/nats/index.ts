// Training on many machines over NATS.
export { type Distribution, nats, type Round } from "./distribution.ts";
export type { NatsOptions } from "./options.ts";
