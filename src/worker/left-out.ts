// Stands in for the executor, or the build of the kernels, that a worker's file does not have.
import { UnsupportedError } from "../errors.ts";

export function refuse(): never {
  throw new UnsupportedError("this worker's file has another executor, or build of the kernels, than is asked for");
}

export class WasmExecutor {
  constructor() {
    refuse();
  }
}

export { WasmExecutor as JsExecutor };
