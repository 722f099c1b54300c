import { SimdgradError } from "../errors.ts";

/**
 * A server that other members of a run are reached by, and that refuses, or was away for too long.
 *
 * @example
 * import { SimdgradError } from "simdgrad";
 * import { NetworkError } from "simdgrad/nats";
 * new NetworkError("nobody answers") instanceof SimdgradError; // => true
 */
export class NetworkError extends SimdgradError {
  override readonly name = "NetworkError";
}
