// What a training makes of each batch before the model sees it: augmented, mixed, noisy rows. Loaded with the first data.
import { isRecord, must } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Context } from "../nn/module.ts";
import { foldIn, randomKey } from "../ops/random.ts";
import { showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Bundle, checkTensors, eachOf, mapped, memberOf } from "./bundle.ts";
import { partsOf } from "./dataset.ts";
import type { Recipe, Rows } from "./programs.ts";

/** A batch, and its targets as metrics take them: class indices where they have become probabilities. */
export interface Made extends Rows {
  readonly classes: Bundle<Tensor>;
}

/**
 * The batch as the trainer's transform makes it.
 * @throws ArgumentError where it gives something else than x, y and the weights that it was given, ShapeError for another number of rows
 */
export function transformed(recipe: Recipe, { x, y, sampleWeight, ignores }: Rows, context: Context): Made {
  const { transform, seed, state } = recipe;
  let calls = 0;
  // Streams of its own: the model's are the same with it and without.
  const key = () => foldIn(randomKey(seed, `transform ${calls++}`), state.step);
  const given = { x, y, ...(sampleWeight !== undefined && { sampleWeight }) };
  const parts = Object.keys(given).join(", ");
  const made = run(
    () => transform?.(given as Parameters<typeof transform>[0], { ...context, key }),
    parts,
  ) as typeof given;
  checkMade(given, made);
  const classes = mapped<Tensor, Tensor>(made.y, (each, name) => {
    const before = memberOf(y, name) as Tensor;
    const isSoft = before.dtype === "i32" && each.dtype === "f32" && each.shape.length === before.shape.length + 1;
    return isSoft ? each.argmax(1) : each;
  });
  return { ...made, ignores, classes };
}

/** @throws ArgumentError where JavaScript itself finds that the transform takes something else for what it is given */
function run<T>(transform: () => T, parts: string): T {
  try {
    return transform();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ArgumentError(
      `transform: ${error.message}; it is given a batch { ${parts} }, and gives one: ({ x, ...rest }) => ({ ...rest, x })`,
      {
        cause: error,
      },
    );
  }
}

function checkMade(given: Omit<Rows, "ignores">, made: Omit<Rows, "ignores">): void {
  const what = "what transform gives";
  must(isRecord(made), made, what, "a batch { x, y }");
  const names = new Set([...Object.keys(given), ...Object.keys(made)]);
  for (const name of names as Set<keyof typeof given>) {
    if (!Object.hasOwn(given, name)) throw new ArgumentError(`${what}: ${name} is nothing that it was given`);
    if (!Object.hasOwn(made, name))
      throw new ArgumentError(`${what}: ${name} is missing; the whole batch is given back: { ...batch, x }`);
    checkTensors(made[name], `${what}: ${name}`);
  }
  const [before, after] = [partsOf<Tensor>(given), partsOf<Tensor>(made)].map((parts) => parts.map(([path]) => path));
  for (const path of before)
    if (!path.startsWith("x") && !after.includes(path)) throw new ArgumentError(`${what}: ${path} is missing`);
  const [rows] = eachOf<Tensor>(given.x, "x")[0][1].shape;
  for (const [path, { shape }] of partsOf<Tensor>(made))
    if (shape[0] !== rows)
      throw new ShapeError(`${what}: ${path} ${showShape(shape)} has other rows than the batch, which has ${rows}`);
}
