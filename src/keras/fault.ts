// What is wrong with a file, and what in it nobody here understands.
import { DataError } from "../errors.ts";

/** A file that says what cannot be. */
export function fault(message: string, options?: ErrorOptions): DataError {
  return new DataError(message, options);
}

/** Thrown where a layer's settings are right, but mean what is not there: all of a model's are told in one error. */
export class Unsupported extends Error {}
