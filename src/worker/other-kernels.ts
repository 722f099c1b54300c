// Stands in for the build of the kernels that a worker's file does not have.
import { UnsupportedError } from "../errors.ts";

export const wasm: string = refuse();

function refuse(): never {
  throw new UnsupportedError("this worker's file has one build of the kernels, and not the one that is asked for");
}
