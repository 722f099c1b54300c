// A search whose trials are the same in every engine, and its last one as it was written down.
import { choice, conditional, integer, logUniform, openStudy, uniform } from "../../src/tune/index.ts";

export const LAST_TRIAL: Readonly<Record<string, unknown>> = {
  x: -1.4854999592768197,
  rate: 0.000007805637314895147,
  k: "b",
  "k.b.c": "p",
  "k.b.y": 0,
};

/** The parameters of the last of 60 trials. */
export async function lastTrial(): Promise<Readonly<Record<string, unknown>>> {
  const space = {
    x: uniform(-2, 2),
    rate: logUniform(1e-6, 1),
    k: conditional({ a: { n: integer(1, 50) }, b: { c: choice(["p", "q", "r"]), y: uniform(0, 1, { step: 0.125 }) } }),
  };
  const study = await openStudy({ space, seed: 12 });
  const history = await study.trials(60, {
    objective: ({ values: { x, rate, k } }) => x * x + Math.abs(rate - 0.01) + (k.kind === "a" ? 1 / k.n : k.y),
  });
  return history[59].parameters;
}
