// Errors about what was handed over, with advice: what to hand over instead. The advice is loaded with the first of them.
import type { Samples } from "./dataset.ts";

/** An error that is to be thrown, with advice where there is some. */
export async function advised(error: unknown, given: Partial<Samples<unknown, unknown>>): Promise<unknown> {
  return (await import("./advise.ts")).advise(error, given);
}
