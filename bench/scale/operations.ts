// What a member asks of the server, as the clients of NATS 3.4 do it with nats-server 2.9: trips there and back that follow one another, messages
// and bytes of payloads and headers beside the weights. `npm run bench:scale -- --check` measures the same anew.
import { CHUNK } from "../../src/nats/objects.ts";

/** An operation: what goes to the server and what comes back, one after the other. */
export interface Operation {
  /** Trips there and back. */
  readonly trips: number;
  /** Requests that the server serves, consumers that it makes for those who join, which cost it far more, and names that it lists. */
  readonly requests: number;
  readonly consumers: number;
  readonly names: number;
  /** Bytes to the server, and from it. */
  readonly up: number;
  readonly down: number;
}

function operation(trips: number, requests: number, consumers: number, up: number, down: number, names = 0): Operation {
  return { trips, requests, consumers, names, up, down };
}

/** Storing an object asks for an older one first, sends pieces of which each is acknowledged before the next one, and says at the end what it is. */
export function putting(bytes: number): Operation {
  const pieces = Math.ceil(bytes / CHUNK);
  return operation(2 + pieces, 2 + pieces, 0, bytes + 410, 178 + 48 * pieces);
}

/** Fetching one asks what it is, and then for one piece after the other. */
export function getting(bytes: number): Operation {
  const pieces = Math.ceil(bytes / CHUNK);
  return operation(1 + pieces, 1 + pieces, 0, 47 + 113 * pieces, bytes + 580 + 258 * pieces);
}

/** Asking who is alive is one question, answered with all names. */
export function listing(names: number): Operation {
  return operation(1, 1, 0, 50, 768 + 49 * names, names);
}

export const dropping = operation(2, 3, 0, 223, 818);
export const droppingNothing = operation(1, 1, 0, 83, 130);
export const leaving = operation(1, 1, 0, 57, 83);
/** A sign of life that says how the training goes, with its acknowledgement. */
export const beating = operation(1, 1, 0, 61, 47);
/** Connecting, and what there is of a run; making it takes a trip more for each of its three stores. */
export const joining = operation(10, 8, 1, 424, 4514);
export const founding = operation(13, 11, 1, 1154, 4613);
/** Saying the settings of a run, and hearing them. */
export const settling = operation(2, 2, 0, 313, 845);
/** Finding that a run has the same settings. */
export const agreeing = operation(2, 2, 0, 313, 658);

/** Telling of something: the text, and the acknowledgement. */
export function telling(bytes: number): Operation {
  return operation(1, 1, 0, bytes, 43);
}

/** Reading the latest round, which comes as text in base 64; there may be none. */
export function reading(bytes: number): Operation {
  return operation(1, 1, 0, 47, bytes === 0 ? 130 : 180 + 4 * Math.ceil(bytes / 3));
}

/** Of the header that says behind which message a record stands. */
export const BEHIND = 52;
