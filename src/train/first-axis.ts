// Layers of sequences that take time first, and get rows first: what looks like a training then learns nothing of any row by itself. Certain
// where the axis of time is as long as there are rows: the model is built for two numbers of them, with somebody looking on.
import { type Context, type Module, partsOf } from "../nn/module.ts";
import { Tensor } from "../tensor.ts";
import type { CheckedSamples } from "./dataset.ts";
import { inputsOf, predictorOf, type Recipe } from "./programs.ts";

/** Models that were looked at. */
const seen = new WeakSet<object>();

/** Warns of such layers, once a model. */
export function warnOfFirstAxis(recipe: Recipe, samples: CheckedSamples): void {
  const { model } = recipe;
  const layers = [...partsOf(model)].filter(([part]) => takesTimeFirst(part));
  if (layers.length === 0 || seen.has(model)) return;
  seen.add(model);
  const shapes = [2, 3].map((rows) => shapesFor(recipe, samples, rows, layers));
  const wrong = layers.filter((_, i) => {
    const [few, more] = shapes.map((each) => each[i]);
    return few?.length === 3 && more?.length === 3 && few[0] !== more[0] && few[1] === more[1];
  });
  if (wrong.length === 0) return;
  const [[layer, path]] = wrong;
  const name = [path, layer.constructor.name].filter((each) => each !== "").join(" ");
  console.warn(
    `simdgrad: ${name} takes time first, [T, N, features], and gets rows first, so that rows are taken for times and depend on one another: ` +
      "{ batchFirst: true } takes [N, T, features]",
  );
}

/** A layer of sequences, RNN, GRU, LSTM, attention or what is made of these, without batchFirst. */
function takesTimeFirst(part: object): boolean {
  const { batchFirst, stack } = part as {
    readonly batchFirst?: unknown;
    readonly stack?: { readonly batchFirst?: unknown };
  };
  return batchFirst === false || stack?.batchFirst === false;
}

/** Shapes of the sequences that layers get first, undefined for one that does not run. */
function shapesFor(
  recipe: Recipe,
  samples: CheckedSamples,
  rows: number,
  layers: readonly (readonly [part: object, path: string])[],
): (Tensor["shape"] | undefined)[] {
  const found: (Tensor["shape"] | undefined)[] = layers.map(() => undefined);
  const own = layers.map(([part]) => Object.getOwnPropertyDescriptor(part, "forward"));
  for (const [i, [part]] of layers.entries()) {
    if (!Object.isExtensible(part)) continue;
    const { forward } = part as Module<unknown, unknown>;
    const value = function (this: Module<unknown, unknown>, x: unknown, context: Context) {
      found[i] ??= sequenceOf(x)?.shape;
      return forward.call(this, x, context);
    };
    Object.defineProperty(part, "forward", { configurable: true, value });
  }
  try {
    predictorOf(recipe)(inputsOf(samples, rows).x);
  } catch {
    // Whatever it is, it is said where the step is tried.
  } finally {
    for (const [i, [part]] of layers.entries()) {
      const before = own[i];
      if (before !== undefined) Object.defineProperty(part, "forward", before);
      else Reflect.deleteProperty(part, "forward");
    }
  }
  return found;
}

function sequenceOf(x: unknown): Tensor | undefined {
  const { input, query } = (x ?? {}) as { readonly input?: unknown; readonly query?: unknown };
  return [x, input, query].find((each) => each instanceof Tensor) as Tensor | undefined;
}
