// Stands in for the build of the kernels that a worker's file does not have.
import { refuse } from "./left-out.ts";

export const wasm: string = refuse();
