// The executor for callers that did not choose one.
import type { Executor } from "./executor.ts";
import { JsExecutor } from "./js/js-executor.ts";

export function defaultExecutor(): Executor {
  return new JsExecutor();
}
