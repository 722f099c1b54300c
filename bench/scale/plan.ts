// What a simulation is told, and what it tells.

/** What a member is like. */
export interface Nature {
  /** When it comes, and when it dies: milliseconds of the simulation. */
  readonly joins: number;
  readonly dies: number;
  /** Rounds that it takes part in before it leaves; Infinity where it stays. */
  readonly rounds: number;
  /** Milliseconds from it to the server, and as many back. */
  readonly latency: number;
  /** Bytes a millisecond to the server, and from it. */
  readonly up: number;
  readonly down: number;
  /** Milliseconds of the inner steps of its next round. */
  compute(): number;
}

/** A run and those that take part. */
export interface Plan {
  readonly members: readonly Nature[];
  /** Who comes after one that died; undefined for nobody. */
  readonly successor?: (died: Nature) => Nature | undefined;
  /** Bytes of a member's change, of the state after a round, and of the first weights. */
  readonly bytes: { readonly change: number; readonly state: number; readonly weights: number };
  readonly samples: number;
  readonly deadline: number;
  readonly minMembers: number;
  readonly heartbeat: number;
  /** Bytes a millisecond of all members together, and milliseconds for a request, for the connection and the consumer of who joins and for listing a name, one after the other. */
  readonly server: {
    readonly up: number;
    readonly down: number;
    readonly request: number;
    readonly consumer: number;
    readonly name: number;
  };
  /** Bytes a millisecond that a member stores and fetches weights with where no line holds it up: checksums, copies. */
  readonly handling: { readonly put: number; readonly get: number };
}

/** Bytes since the beginning, at the server. */
export interface Traffic {
  /** Weights and changes that came, and that went. */
  readonly weightsUp: number;
  readonly weightsDown: number;
  /** Everything else: records, signs of life, requests. */
  readonly recordsUp: number;
  readonly recordsDown: number;
}

/** A round that was closed. */
export interface Round {
  readonly round: number;
  /** Milliseconds since the beginning. */
  readonly at: number;
  /** Whose changes count, by their places in the order in which members came. */
  readonly members: readonly number[];
  /** Those that were alive, as the server knew. */
  readonly alive: number;
  /** Times that a member set about closing a round, since the beginning. */
  readonly attempts: number;
  readonly traffic: Traffic;
}

/** Eight characters, as those are that a member draws. */
export function nameOf(place: number): string {
  return `m${String(place).padStart(7, "0")}`;
}
