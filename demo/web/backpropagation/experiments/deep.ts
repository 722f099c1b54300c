// Ten layers, and how large the gradient is in each: what an activation and first weights do to it.
import {
  type Assignment,
  compile,
  compileInit,
  type Executor,
  grad,
  type Initializer,
  input,
  type Tensor,
  Variable,
} from "simdgrad";
import { init } from "simdgrad/nn";

export const LAYERS = 10;
const UNITS = 8;
const ROWS = 16;
const RATE = 0.1;

export const activations: Readonly<Record<string, { readonly name: string; readonly of: (z: Tensor) => Tensor }>> = {
  sigmoid: { name: "sigmoid", of: (z) => z.sigmoid() },
  tanh: { name: "tanh", of: (z) => z.tanh() },
  relu: { name: "ReLU", of: (z) => z.relu() },
};

export const beginnings: Readonly<Record<string, { readonly name: string; readonly of: Initializer }>> = {
  small: { name: "small: between −0.2 and 0.2", of: init.uniform(-0.2, 0.2) },
  xavier: { name: "Xavier: sizes that keep sums as large", of: init.xavierUniform() },
  he: { name: "He: twice the variance, for ReLU", of: init.kaimingUniform({ nonlinearity: "relu" }) },
};

/** One update: the loss before it, and the mean size of the gradients of each layer's weights, first layer first. */
export interface DeepUpdate {
  readonly loss: number;
  readonly gradients: readonly number[];
  /** How far rounding may have moved these: gradients are sums over all samples, whose terms cancel at the end of a training. */
  readonly roundings: readonly number[];
}

/** By how much a 32-bit number is rounded, as a share of it, at the most. */
const ROUNDING = 2 ** -24;

export class DeepTraining {
  readonly #executor: Executor;
  readonly #id: number;
  readonly #weights: readonly Variable[];

  private constructor(executor: Executor, id: number, weights: readonly Variable[]) {
    this.#executor = executor;
    this.#id = id;
    this.#weights = weights;
  }

  static async create(activation: string, beginning: string, executor: Executor): Promise<DeepTraining> {
    const weights = Array.from(
      { length: LAYERS },
      (_, layer) => new Variable([layer === LAYERS - 1 ? 1 : UNITS, UNITS], beginnings[beginning].of),
    );
    const x = input([ROWS, UNITS]);
    let a: Tensor = x;
    const passed = weights.map((weight, layer) => {
      const before = a;
      const z = a.matmul(weight, { transposeB: true });
      a = layer === LAYERS - 1 ? z : activations[activation].of(z);
      return { before, z };
    });
    const target = x.mean(1, { keepDims: true });
    const loss = a.sub(target).square().mean().mul(0.5);
    const gradients = grad(loss, weights);
    const slopes = grad(
      loss,
      passed.map(({ z }) => z),
    );
    const sizes = gradients.flatMap((gradient, layer) => {
      const terms = slopes[layer].abs().matmul(passed[layer].before.abs(), { transposeA: true }).mean();
      return [
        [`layer${layer + 1}`, gradient.abs().mean()],
        [`rounding${layer + 1}`, terms.mul(ROUNDING)],
      ] as const;
    });
    const assignments = weights.map((weight, i): Assignment => [weight, weight.sub(gradients[i].mul(RATE))]);
    const first = await executor.load(compileInit(new Map(weights.map((weight, i) => [`weight${i}`, weight])), 0));
    await executor.step(first);
    await executor.unload(first);
    const id = await executor.load(
      compile({ inputs: { x }, outputs: { loss, ...Object.fromEntries(sizes) }, assignments }),
    );
    return new DeepTraining(executor, id, weights);
  }

  async update(): Promise<DeepUpdate> {
    const given = await this.#executor.step(this.#id, { x: rows });
    const each = (name: string) => this.#weights.map((_, i) => given[name + (i + 1)][0]);
    return { loss: given.loss[0], gradients: each("layer"), roundings: each("rounding") };
  }

  /** The weights of each layer, for whoever computes their gradients in another way. */
  weights(): Promise<ArrayLike<number>[]> {
    return Promise.all(this.#weights.map(({ key }) => this.#executor.read({ variable: key })));
  }

  async dispose(): Promise<void> {
    await this.#executor.unload(this.#id);
    await Promise.all(this.#weights.map(({ key }) => this.#executor.forget(key)));
  }
}

/** Samples between -1 and 1. */
export const rows = Float32Array.from({ length: ROWS * UNITS }, (_, i) => ((i * 37) % 41) / 20 - 1);
