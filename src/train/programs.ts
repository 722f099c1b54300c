// What a training's programs are made of: graphs. Each program is a whole computation over state; only row counters change from run to run.
// What needs data is not in here (step-graph.ts), nor the compiler (step-programs.ts), so that a page begins without it.
import { input } from "../create.ts";
import { DTypeError } from "../errors.ts";
import { weighedByRows } from "../nn/losses/loss.ts";
import type { Loss } from "../nn/losses.ts";
import { type Context, evaluationContext, forward, type Layer } from "../nn/module.ts";
import type { Average, Optimizer, OptimizerState } from "../optim/transform.ts";
import type { Aval } from "../shape.ts";
import { aTensor, Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";
import { type Bundle, checkTensors, mapped } from "./bundle.ts";
import { likeParts, type partsOf } from "./dataset.ts";
import type { ByOutputs, Losses, Named, Weighing } from "./objectives.ts";

/** A layer of one tensor or of several. */
export type Model = Layer<Bundle<Tensor>, Bundle<Tensor>>;

/** A batch as the model and the loss take it. */
export interface Batch<X = Tensor, Y = Tensor> {
  readonly x: X;
  readonly y: Y;
  /** Where the samples have some. */
  readonly sampleWeight?: Tensor | ByOutputs<Y, Tensor>;
}

/** What a training makes of each batch before the model sees it, with random keys of the context. */
export type Transform<X = Bundle<Tensor>, Y = Bundle<Tensor>> = (batch: Batch<X, Y>, context: Context) => Batch<X, Y>;

/** What is trained and how: everything programs are made from. */
export interface Recipe extends Named, Weighing {
  readonly model: Model;
  readonly loss: Loss | Losses;
  readonly preprocess: (x: Bundle<Tensor>) => Bundle<Tensor>;
  readonly transform?: Transform;
  readonly parameters: ReadonlyMap<string, Variable>;
  readonly optimizer: Optimizer;
  readonly state: OptimizerState;
  readonly counters: Counters;
  readonly seed: number;
  /** Rows that are measured at once. */
  readonly evaluationBatch?: number | "all";
  /** All variables of the training, by their paths. */
  readonly names: ReadonlyMap<Variable, string>;
}

/** Where training is in its data: i32 scalars. */
export interface Counters {
  readonly epoch: Variable;
  /** Rows of this epoch already used. */
  readonly row: Variable;
}

export function newCounters(): Counters {
  const counter = (label: string) => new Variable([], 0, { dtype: "i32", label });
  return { epoch: counter("epoch"), row: counter("row") };
}

/** How the rows of a data set become batches. */
export interface Batching {
  readonly batch: number;
  /** Rows of an epoch: whole batches only when the last, ragged one is dropped. */
  readonly rows: number;
  readonly shuffle: boolean;
}

/** What is done with x unless a caller has other plans. */
export function bytesAsFloats(x: Bundle<Tensor>): Bundle<Tensor> {
  return mapped(x, (each) => (each.dtype === "u8" ? each.cast("f32") : each));
}

/** Runs a model, and looks on. */
export type Look = (x: Bundle<Tensor>, run: (x: Bundle<Tensor>) => Bundle<Tensor>) => Bundle<Tensor>;

/** From rows of x to what the model gives, without training. @throws ShapeError and the like, with the layer's path */
export function predictorOf({
  model,
  preprocess,
}: Pick<Recipe, "model" | "preprocess">): (x: Bundle<Tensor>, look?: Look) => Bundle<Tensor> {
  return (x, look = (given, run) => run(given)) => {
    const output = look(preprocess(x), (given) => forward(model, given, evaluationContext()));
    checkTensors(output, "what the model gives");
    return output;
  };
}

/** A loss, whose complaints about a dtype are about its target. */
export function lossValue(loss: Loss, prediction: Tensor, y: Tensor, weight: Tensor | undefined, path: string): Tensor {
  try {
    const value = weighedByRows(weight, () => loss(prediction, y));
    aTensor(value, "what the loss gives");
    return value;
  } catch (error) {
    if (!(error instanceof DTypeError && y instanceof Tensor)) throw error;
    throw new DTypeError(`${path}: the loss takes no targets of ${y.dtype}: ${error.message}`);
  }
}

/** Rows of a data set. */
export interface Rows {
  readonly x: Bundle<Tensor>;
  readonly y: Bundle<Tensor>;
  readonly sampleWeight?: Bundle<Tensor>;
  /** Whether some of the targets may be ignored. */
  readonly ignores: boolean;
}

/** So many rows, of which nothing is known but their shapes. */
export function inputsOf(samples: Parameters<typeof partsOf<Aval>>[0] & Pick<Rows, "ignores">, rows: number): Rows {
  const { ignores } = samples;
  return {
    ...likeParts<Aval, Tensor>(samples, ({ shape, dtype }) => input([rows, ...shape.slice(1)], dtype)),
    ignores,
  };
}

/** What an optimizer may keep averages of. */
export type Trained = Pick<Recipe, "optimizer" | "state" | "parameters">;

export function averagesOf({ optimizer, state, parameters }: Trained): readonly Average[] {
  return optimizer.averages?.(state, [...parameters.values()]) ?? [];
}
