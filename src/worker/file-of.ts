// Workers of pages have three files, so that a page loads no kernels that do not run there.
import { hasRelaxedSimd, hasSimd } from "../runtime/features.ts";
import type { Settings } from "./wire.ts";

/** The file with what executors of such settings need: workers have what their pages have. */
export function fileOf({ executor = "auto", build = "auto" }: Settings): `worker-${"relaxed" | "portable" | "js"}.js` {
  if (executor === "js" || (executor === "auto" && !hasSimd())) return "worker-js.js";
  const isRelaxed = build === "relaxed" || (build === "auto" && hasRelaxedSimd());
  return isRelaxed ? "worker-relaxed.js" : "worker-portable.js";
}
