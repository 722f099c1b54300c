// Whether a model still has the variables that it had when its trainer or predictor was made: programs of it, and the optimizer's state, are
// of those. Loaded when needed.
import { ArgumentError } from "../errors.ts";
import { variables } from "../nn/module.ts";
import type { Variable } from "../variable.ts";
import type { Recipe } from "./programs.ts";

/** What was made of a model. */
interface Made extends Pick<Recipe, "names">, Partial<Pick<Recipe, "parameters">> {
  readonly model: unknown;
}

/** How others are made. */
const another = {
  trainer: "new Trainer(model, { executor: trainer.executor, ... })",
  predictor: "new Predictor(model, { executor: predictor.executor })",
  generator: "new TokenGenerator(model, { executor: generator.executor })",
};

/** Names that a message lists. */
const MOST = 8;

/**
 * Of a trainer, which has parameters, or of who only predicts.
 * @throws ArgumentError where other layers came into the model since then, as by `mergeLora` or `replaceHead`, or trained ones went
 */
export function checkModel(
  { model, names, parameters }: Made,
  name: string,
  who: keyof typeof another = parameters === undefined ? "predictor" : "trainer",
): void {
  const now = variables(model);
  const there = new Set(now.values());
  const came = pathsOf(now, (variable) => !names.has(variable));
  const gone = pathsOf(parameters ?? new Map(), (variable) => !there.has(variable));
  if (came.length + gone.length === 0) return;
  const changes = [...listed(came, "new in it"), ...listed(gone, "no longer in it")].join("; ");
  throw new ArgumentError(
    `${name}: the model was changed since this ${who} was made: ${changes}; make another, ${another[who]}, which goes on with the values that are there`,
  );
}

function pathsOf(all: ReadonlyMap<string, Variable>, isMeant: (variable: Variable) => boolean): string[] {
  return [...all].flatMap(([path, variable]) => (isMeant(variable) ? [path] : []));
}

/** Paths, of many the first, and what became of them. */
function listed(paths: readonly string[], what: string): string[] {
  if (paths.length === 0) return [];
  const rest = paths.length > MOST ? ` and ${paths.length - MOST} more` : "";
  return [`${paths.slice(0, MOST).join(", ")}${rest} ${paths.length === 1 ? "is" : "are"} ${what}`];
}
