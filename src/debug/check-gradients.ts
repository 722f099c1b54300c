// checkGradients: gradients against central differences, in Float64 on the oracle. For tests of models, losses and new ops.
import { grad } from "../autodiff.ts";
import { aFunction, aNumberWithin, anInteger, checkOptions, must, oneOf } from "../check.ts";
import { compile } from "../compile/compile.ts";
import { constant, input } from "../create.ts";
import { GradientError } from "../errors.ts";
import { evaluateAll, initialise } from "../evaluate.ts";
import type { Executor, ProgramId } from "../runtime/executor.ts";
import { JsExecutor } from "../runtime/js/js-executor.ts";
import { showShape, sizeOf } from "../shape.ts";
import { aTensor, type Tensor, tensors } from "../tensor.ts";
import { Variable } from "../variable.ts";

/** How gradients are checked. */
export interface CheckGradientsOptions {
  /** 2 checks the gradients of the gradients, too. Default 1. */
  readonly order?: 1 | 2;
  /** Largest relative error; default 1e-6. */
  readonly tolerance?: number;
  /** Of the variables' first values; default 0. */
  readonly seed?: number;
}

/** A scalar that is differentiated, and what its gradients say. */
interface Level {
  readonly name: string;
  readonly value: Tensor;
  /** The sum of what the value adds up, each taken as positive: rounding errors are a fraction of it. */
  readonly magnitude: Tensor;
  readonly gradients: readonly Tensor[];
}

/** Cube root of the spacing of Float64: balances the errors of rounding and of the difference quotient (about 4e-11 each). */
const STEP = Number.EPSILON ** (1 / 3);

/** Gradients smaller than this part of the magnitude are judged by it: below, rounding is all that a quotient shows. */
const SMALLEST = 1e-3;

/**
 * Compares the gradients of a function of tensors with central differences, element by element, in Float64.
 * A result that is no scalar is weighed with fixed numbers. Inputs are taken at their values; a Variable among them, or read by the
 * function, has its first value. Ties and kinks (max, relu at 0) are no place to check.
 * Source: Press et al., Numerical Recipes (2007), section 5.7.
 * @returns the largest error, relative to the largest gradient of the same input
 * @throws GradientError where it exceeds the tolerance
 *
 * @example
 * import { constant } from "simdgrad";
 * import { checkGradients } from "simdgrad/debug";
 * const error = await checkGradients((x) => x.exp().sum(), [constant([0.5, -1])]);
 * error < 1e-6; // => true
 */
export async function checkGradients(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: CheckGradientsOptions = {},
): Promise<number> {
  aFunction(fn, "checkGradients: fn");
  tensors(inputs, "checkGradients: inputs");
  must(inputs.length > 0, inputs, "checkGradients: inputs", "at least one tensor");
  checkOptions(options, "checkGradients", { order: oneOf(1, 2), tolerance: aNumberWithin(0), seed: anInteger });
  const { order = 1, tolerance = 1e-6, seed = 0 } = options;
  const points = inputs.map((tensor) => (tensor instanceof Variable ? tensor : input(tensor.shape, tensor.dtype)));
  const wrt = points.filter(({ dtype }) => dtype === "f32");
  const result = fn(...points);
  aTensor(result, "checkGradients: the value of fn");
  const levels = levelsOf(result, wrt, order);
  const executor = new JsExecutor({ precision: "float64" });
  try {
    const values = levels.map(({ value }) => value);
    await initialise(executor, [...inputs, ...values], seed);
    const data = await evaluateAll(inputs, { executor });
    const gradients = levels.flatMap((level) => level.gradients);
    const all = [...values, ...levels.map(({ magnitude }) => magnitude), ...gradients];
    const quotients = await differences(executor, values, points, data);
    const results = await new Probe(executor, all, points, data).results();
    return largestError(levels, results, quotients, tolerance);
  } finally {
    await executor.dispose();
  }
}

function levelsOf(result: Tensor, wrt: readonly Tensor[], order: number): Level[] {
  const levels: Level[] = [];
  let parts: readonly Tensor[] = [result];
  for (let i = 1; i <= order; i++) {
    const weighed = parts.map((part, j) => part.mul(weights(part, i + j)));
    const value = weighed.map((part) => part.sum()).reduce((sum, part) => sum.add(part));
    const magnitude = weighed.map((part) => part.abs().sum()).reduce((sum, part) => sum.add(part));
    const gradients = grad(value, wrt);
    levels.push({ name: i === 1 ? "gradient" : "gradient of the gradient", value, magnitude, gradients });
    parts = gradients;
  }
  return levels;
}

/** Numbers of no pattern, none of them near 0 for long: a scalar counts as it is. */
function weights({ shape }: Tensor, phase: number): Tensor {
  return constant(
    Float64Array.from({ length: sizeOf(shape) }, (_, i) => (shape.length === 0 ? 1 : Math.cos(phase + i))),
    { shape },
  );
}

/** A loaded program of these outputs over inputs that may be moved. */
class Probe {
  readonly #executor: Executor;
  readonly #outputs: readonly Tensor[];
  readonly #points: readonly Tensor[];
  readonly #id: Promise<ProgramId>;

  constructor(
    executor: Executor,
    outputs: readonly Tensor[],
    points: readonly Tensor[],
    data: readonly ArrayLike<number>[],
  ) {
    this.#executor = executor;
    this.#outputs = outputs;
    this.#points = points;
    this.#id = this.#load(data);
  }

  async #load(data: readonly ArrayLike<number>[]): Promise<ProgramId> {
    const named = (prefix: string, list: readonly Tensor[], wanted: (tensor: Tensor) => boolean) =>
      Object.fromEntries(list.flatMap((tensor, i) => (wanted(tensor) ? [[`${prefix}${i}`, tensor]] : [])));
    const inputs = named("x", this.#points, (tensor) => !(tensor instanceof Variable));
    const id = await this.#executor.load(compile({ inputs, outputs: named("y", this.#outputs, () => true) }));
    for (let i = 0; i < this.#points.length; i++) await this.#write(id, i, data[i]);
    return id;
  }

  async #write(program: ProgramId, i: number, data: ArrayLike<number>): Promise<void> {
    const point = this.#points[i];
    const slot = point instanceof Variable ? { variable: point.key } : { program, name: `x${i}` };
    await this.#executor.write(slot, data);
  }

  async move(i: number, data: ArrayLike<number>): Promise<void> {
    await this.#write(await this.#id, i, data);
  }

  async results(): Promise<ArrayLike<number>[]> {
    const program = await this.#id;
    await this.#executor.run([[program, 1]]).done;
    return Promise.all(this.#outputs.map((_, i) => this.#executor.read({ program, name: `y${i}` })));
  }
}

/** For each scalar of `values`, for each f32 point: its difference quotients, element by element. */
async function differences(
  executor: Executor,
  values: readonly Tensor[],
  points: readonly Tensor[],
  data: readonly ArrayLike<number>[],
): Promise<Float64Array[][]> {
  const probe = new Probe(executor, values, points, data);
  const found: Float64Array[][] = values.map(() => []);
  for (let i = 0; i < points.length; i++) {
    if (points[i].dtype !== "f32") continue;
    const moved = Float64Array.from(data[i]);
    for (const list of found) list.push(new Float64Array(moved.length));
    for (let j = 0; j < moved.length; j++) {
      const x = moved[j];
      const h = STEP * Math.max(1, Math.abs(x));
      const [above, below] = [x + h, x - h];
      moved[j] = above;
      await probe.move(i, moved);
      const high = await probe.results();
      moved[j] = below;
      await probe.move(i, moved);
      const low = await probe.results();
      moved[j] = x;
      found.forEach((list, k) => {
        list[list.length - 1][j] = (high[k][0] - low[k][0]) / (above - below);
      });
    }
    await probe.move(i, moved);
  }
  return found;
}

/** @param results values of all levels, then their magnitudes, then their gradients */
function largestError(
  levels: readonly Level[],
  results: readonly ArrayLike<number>[],
  quotients: readonly (readonly Float64Array[])[],
  tolerance: number,
): number {
  let worst = 0;
  let position = 2 * levels.length;
  levels.forEach(({ name, gradients }, k) => {
    const magnitude = results[levels.length + k][0];
    gradients.forEach(({ shape }, i) => {
      const [exact, quotient] = [results[position++], quotients[k][i]];
      let scale = SMALLEST * magnitude;
      for (let j = 0; j < quotient.length; j++) scale = Math.max(scale, Math.abs(exact[j]), Math.abs(quotient[j]));
      for (let j = 0; j < quotient.length; j++) {
        const difference = Math.abs(exact[j] - quotient[j]);
        const error = difference === 0 ? 0 : difference / scale;
        if (!(error <= tolerance))
          throw new GradientError(
            `checkGradients: the ${name} of input ${i} ${showShape(shape)} is ${exact[j]} at element ${j}, differences say ${quotient[j]}`,
          );
        worst = Math.max(worst, error);
      }
    });
  });
  return worst;
}
