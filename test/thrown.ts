// What a call throws, as "ErrorType: message": error tables hold these texts beside the calls.
import { SimdgradError } from "../src/errors.ts";

/** Name and message of the error that `make` throws on purpose. */
export function thrown(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof SimdgradError) return `${error.name}: ${error.message}`;
    throw error;
  }
  return "nothing";
}
