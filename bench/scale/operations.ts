// What a member asks of the server, as the clients of NATS 3.4 do it with nats-server 2.9: trips there and back that follow one another, messages
// and bytes of payloads and headers beside the weights. `npm run bench:scale -- --check` measures the same anew.

/** An operation: what goes to the server and what comes back, one after the other. */
export interface Operation {
  /** Trips there and back. */
  readonly trips: number;
  /** Requests that the server serves, and consumers that it makes for them, which cost it far more. */
  readonly requests: number;
  readonly consumers: number;
  /** Bytes to the server, and from it. */
  readonly up: number;
  readonly down: number;
}

/** Bytes of a piece in which objects travel; each is acknowledged before the next one. */
const PIECE = 128 * 1024;

function operation(trips: number, requests: number, consumers: number, up: number, down: number): Operation {
  return { trips, requests, consumers, up, down };
}

/** Storing an object asks for an older one first, and says at the end what it is. */
export function putting(bytes: number): Operation {
  const pieces = Math.ceil(bytes / PIECE);
  return operation(2 + pieces, 2 + pieces, 0, bytes + 381, 166 + 40 * pieces);
}

/** Fetching one asks what it is, makes a consumer, and gets all pieces in a row. */
export function getting(bytes: number): Operation {
  return operation(3, 1, 1, 434, bytes + 1304);
}

/** Asking who is alive makes a consumer that gets one message a name. */
export function listing(names: number): Operation {
  return operation(3, 1, 1, 414, 1424 + 71 * names);
}

export const dropping = operation(3, 3, 0, 391, 742);
export const droppingNothing = operation(1, 1, 0, 61, 130);
export const leaving = operation(1, 1, 0, 31, 46);
/** A sign of life, with its acknowledgement. */
export const beating = operation(1, 1, 0, 66, 40);
/** Connecting, and what there is of a run; making it takes five trips more. */
export const joining = operation(9, 8, 1, 434, 4571);
export const founding = operation(14, 11, 1, 960, 4817);
/** Finding that a run has the same settings. */
export const agreeing = operation(2, 2, 0, 268, 591);

/** Telling of something: the text, and the acknowledgement. */
export function telling(bytes: number): Operation {
  return operation(1, 1, 0, bytes, 34);
}

/** Reading the latest round, which comes as text in base 64. */
export function reading(bytes: number): Operation {
  return operation(1, 1, 0, 42, 180 + Math.ceil((4 * bytes) / 3));
}

/** Of the header that says behind which message a record stands. */
export const BEHIND = 52;
