// Training on many machines over NATS.
export { type Distribution, nats, type Round } from "./distribution.ts";
export { type KeptRound, latestRound, removeRun } from "./kept.ts";
export type { RunMember } from "./member.ts";
export { NetworkError } from "./network-error.ts";
export type { NatsConnection, NatsOptions, RunOptions } from "./options.ts";
export { type MemberStatus, type RunStatus, runs, type SearchStatus, searches } from "./status.ts";
export { type ServeTrialsOptions, serveTrials } from "./trials.ts";
