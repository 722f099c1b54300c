// A layer whose weight is divided by its largest singular value, followed by power iterations.
import { checkOptions, must } from "../check.ts";
import { type EpsilonOptions, epsilonChecks, epsilonOf } from "../epsilon.ts";
import { normal, randomKey } from "../ops/random.ts";
import { normalizeAxis, sizeOf } from "../shape.ts";
import { stopGradient, type Tensor } from "../tensor.ts";
import { aVariable, Variable } from "../variable.ts";
import { aDepth } from "./layers.ts";
import { aContext, aLayer, type Context, type Module } from "./module.ts";

/** Options of SpectralNorm; eps, which lengths are at least, is 1e-12 by default. */
export interface SpectralNormOptions extends EpsilonOptions {
  /** Power iterations of a step; default 1. */
  readonly nPowerIterations?: number;
  /** The axis of the weight that is the matrix's rows, the others being its columns; default that of outputs: 0, of transposed convolutions 1. */
  readonly dim?: number;
}

type Weighted<Input, Output> = Module<Input, Output> & { readonly weight: Variable; readonly transposed?: true };

/** Power iterations that make the first vectors. */
const FIRST_ITERATIONS = 15;

/** The left and the right vector. */
type Vectors = readonly [u: Tensor, v: Tensor];

/**
 * A layer whose weight is W / s, s being the largest singular value of W as a matrix, as torch.nn.utils.spectral_norm: variables
 * `weight_orig`, and `weight_u` and `weight_v`, the singular vectors, in place of its `weight`. Each step of a training iterates them once;
 * otherwise they stay. They begin near the right ones, after 15 iterations (Miyato et al. 2018).
 * @throws ArgumentError for counts below 1, ShapeError where the weight has no axis `dim`
 *
 * @example
 * import { Linear, SpectralNorm, variables } from "simdgrad/nn";
 * const layer = new SpectralNorm(new Linear(4, 3));
 * [...variables(layer)].map(([name, { shape }]) => `${name} ${shape}`); // => ["bias 3", "weight_orig 3,4", "weight_u 3", "weight_v 4"]
 */
export class SpectralNorm<Input = Tensor, Output = Tensor> implements Module<Input, Output> {
  readonly layer: Weighted<Input, Output>;
  readonly nPowerIterations: number;
  readonly dim: number;
  readonly epsilon: number;
  readonly weightOrig: Variable;
  readonly weightU: Variable;
  readonly weightV: Variable;

  constructor(layer: Weighted<Input, Output>, options: SpectralNormOptions = {}) {
    aLayer(layer, "SpectralNorm: layer");
    aVariable(layer.weight, "SpectralNorm: the layer's weight");
    const anAxis = (value: unknown, what: string) => must(Number.isInteger(value), value, what, "an axis");
    checkOptions(options, "SpectralNorm", { ...epsilonChecks, nPowerIterations: aDepth, dim: anAxis });
    const { shape, initial } = layer.weight;
    this.layer = layer;
    this.nPowerIterations = options.nPowerIterations ?? 1;
    this.dim = normalizeAxis(options.dim ?? (layer.transposed ? 1 : 0), shape, "SpectralNorm");
    this.epsilon = epsilonOf(options, 1e-12, "SpectralNorm");
    this.weightOrig = new Variable(shape, initial, { label: "weight_orig" });
    const rows = shape[this.dim];
    // Both from one vector, whatever the seed, and from the weight alone: a first value may be made of no other first value that is.
    const first = () => {
      const u = normal(randomKey(0, "weight_u"), [rows]);
      return iterated(matrixOf(this.weightOrig, this.dim), [u, u], FIRST_ITERATIONS, this.epsilon);
    };
    this.weightU = new Variable([rows], () => first()[0], { label: "weight_u", trainable: false });
    this.weightV = new Variable([sizeOf(shape) / rows], () => first()[1], { label: "weight_v", trainable: false });
    for (const vector of [this.weightU, this.weightV]) vector.sharing = "first"; // a mean of unit vectors is none
  }

  /** PyTorch's names. */
  children(): Iterable<readonly [string, unknown]> {
    const { layer } = this;
    const others = [...(layer.children?.() ?? Object.entries(layer))].filter(([, part]) => part !== layer.weight);
    return [...others, ["weight_orig", this.weightOrig], ["weight_u", this.weightU], ["weight_v", this.weightV]];
  }

  forward(x: Input, context: Context): Output {
    aContext(context, "SpectralNorm: context");
    const matrix = matrixOf(this.weightOrig, this.dim);
    const { weightU, weightV } = this;
    let [u, v]: Vectors = [weightU, weightV];
    if (context.training) {
      const before: Vectors = [context.current(weightU), context.current(weightV)];
      const [nextU, nextV] = iterated(matrix, before, this.nPowerIterations, this.epsilon);
      [u, v] = [stopGradient(nextU), stopGradient(nextV)];
      context.assign(weightU, u);
      context.assign(weightV, v);
    }
    const largest = u.mul(matrix.matmul(v)).sum();
    // The layer as it is, but for its weight.
    const view: Module<Input, Output> = Object.create(this.layer, { weight: { value: this.weightOrig.div(largest) } });
    return view.forward(x, context);
  }
}

/** The weight as a matrix, axis `dim` as rows. */
function matrixOf(weight: Tensor, dim: number): Tensor {
  const order = [dim, ...[...weight.shape.keys()].filter((axis) => axis !== dim)];
  const rows = weight.shape[dim];
  return weight.permute(order).reshape([rows, sizeOf(weight.shape) / rows]);
}

function unit(vector: Tensor, epsilon: number): Tensor {
  return vector.div(vector.norm().maximum(epsilon));
}

/** W^T u */
function transposed(matrix: Tensor, u: Tensor): Tensor {
  return u.matmul(matrix);
}

/** The vectors after so many more iterations. */
function iterated(matrix: Tensor, start: Vectors, iterations: number, epsilon: number): Vectors {
  let [u, v] = start;
  for (let i = 0; i < iterations; i++) {
    v = unit(transposed(matrix, u), epsilon);
    u = unit(matrix.matmul(v), epsilon);
  }
  return [u, v];
}
