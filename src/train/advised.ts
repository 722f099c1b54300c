// Errors about what was handed over, with advice: what to hand over instead. The advice is loaded with the first of them.
import type { Samples } from "./dataset.ts";
import type { Recipe } from "./programs.ts";

/** An error that is to be thrown, with advice where there is some, and the path of the layer. */
export async function advised(
  error: unknown,
  given: Partial<Samples<unknown, unknown>>,
  recipe: Pick<Recipe, "model" | "preprocess">,
): Promise<unknown> {
  return (await import("./advise.ts")).advise(error, given, recipe);
}
