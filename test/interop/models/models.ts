// Real models of other libraries, each read, compared with its own runtime, trained further and written again. Run by npm run test:interop;
// alone: node test/interop/models/models.ts, with parts of names.
import { problemsOfOnnx } from "./onnx.ts";
import { realModels } from "./table.ts";
import { layersModels } from "./tfjs.ts";

/** A model's name, and what finds its problems. */
export const models: Readonly<Record<string, () => Promise<string[]>>> = {
  ...Object.fromEntries(Object.entries(realModels).map(([name, model]) => [name, () => problemsOfOnnx(model)])),
  ...layersModels,
};

if (import.meta.main)
  for (const [name, run] of Object.entries(models)) {
    if (process.argv.length > 2 && !process.argv.slice(2).some((part) => name.includes(part))) continue;
    const began = performance.now();
    const problems = await run().catch((error: Error) => [`${error.stack}`]);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    console.log(
      problems.length === 0 ? "ok    " : "failed",
      name,
      `(${seconds} s)`,
      ...problems.map((each) => `\n        ${each}`),
    );
  }
