// In which layer an error arose. A layer that a model calls by itself, `this.norm.forward(x)`, does not know its own path, so the model is
// built once more, with somebody looking on. Loaded with the first error.
import { SimdgradError } from "../errors.ts";
import { type Context, type Module, partsOf } from "../nn/module.ts";
import type { Tensor } from "../tensor.ts";
import type { Bundle } from "./bundle.ts";
import { predictorOf, type Recipe } from "./programs.ts";

/** An error as the innermost layer threw it. */
interface Thrown {
  readonly error: unknown;
  readonly path: string;
  /** Without any path. */
  readonly message: string;
}

/** Gives an error of a model the whole path of the layer that it arose in, if the model throws it again for such an input. */
export function locate(error: unknown, recipe: Pick<Recipe, "model" | "preprocess">, x: () => Bundle<Tensor>): void {
  if (!(error instanceof SimdgradError)) return;
  const thrown = again(recipe, x);
  const before = error.path === "" ? "" : ` (${error.path})`;
  const told = thrown && `${thrown.message}${before}`;
  if (thrown === undefined || told === undefined || thrown.path === "" || !error.message.includes(told)) return;
  error.message = error.message.replace(told, () => `${thrown.message} (${thrown.path})`);
  error.path = thrown.path;
}

function again(recipe: Pick<Recipe, "model" | "preprocess">, x: () => Bundle<Tensor>): Thrown | undefined {
  let thrown: Thrown | undefined;
  const undo = watch(recipe.model, (path, error) => {
    if (thrown?.error === error || !(error instanceof SimdgradError)) return; // a layer around it
    const inner = error.path === "" ? "" : ` (${error.path})`;
    const message = error.message.slice(0, error.message.length - inner.length);
    thrown = { error, path: [path, error.path].filter((part) => part !== "").join("."), message };
  });
  try {
    predictorOf(recipe)(x());
    return undefined;
  } catch (error) {
    return thrown?.error === error ? thrown : undefined;
  } finally {
    undo();
  }
}

/** Has somebody told of every error of the parts of a model; what it gives undoes that. */
function watch(model: unknown, told: (path: string, error: unknown) => void): () => void {
  const undo: (() => void)[] = [];
  for (const [part, path] of partsOf(model)) {
    const { forward } = part as Partial<Module<unknown, unknown>>;
    if (typeof forward !== "function" || !Object.isExtensible(part)) continue;
    const before = Object.getOwnPropertyDescriptor(part, "forward");
    if (before?.configurable === false) continue;
    Object.defineProperty(part, "forward", {
      configurable: true,
      value(this: object, x: unknown, context: Context) {
        try {
          return forward.call(this as Module<unknown, unknown>, x, context);
        } catch (error) {
          told(path, error);
          throw error;
        }
      },
    });
    undo.push(() => {
      if (before === undefined) Reflect.deleteProperty(part, "forward");
      else Object.defineProperty(part, "forward", before);
    });
  }
  return () => {
    for (const step of undo) step();
  };
}
