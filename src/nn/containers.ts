// Layers made of layers: one after the other, side by side, around a shortcut; and a layer whose weight is made from others.
import { aFunction, aListOf, checkOptions, must, nullOr } from "../check.ts";
import { concat } from "../create.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { normalizeAxis, sameShape, showShape } from "../shape.ts";
import { aTensor, type Tensor } from "../tensor.ts";
import { aVariable, Variable } from "../variable.ts";
import { aLayer, type Context, forward, type Layer, type Module } from "./module.ts";

/** Runs a layer inside another. @throws ArgumentError where more are in one another than the stack holds: one that holds itself, some thousands */
function run(layer: Layer, x: Tensor, context: Context, name: string): Tensor {
  try {
    return forward(layer, x, context, name);
  } catch (error) {
    if (!/call stack|much recursion/.test(`${error}`)) throw error; // as engines say it
    const told = new ArgumentError("layers stand too deep in one another, or one in itself");
    throw Object.assign(told, { inside: () => told }); // a path of thousands of names would say nothing
  }
}

/**
 * Layers one after the other; their variables are named `0.weight`, `2.bias`, ... by place.
 *
 * @example
 * import { evaluationContext, Flatten, Linear, relu, Sequential } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const model = new Sequential(new Flatten(), new Linear(784, 128), relu, new Linear(128, 10));
 * model.forward(input([64, 28, 28]), evaluationContext()).shape; // => [64, 10]
 */
export class Sequential implements Module {
  readonly layers: readonly Layer[];

  constructor(...layers: readonly Layer[]) {
    aListOf(aLayer)(layers, "Sequential: layers");
    this.layers = layers;
  }

  children(): Iterable<readonly [string, Layer]> {
    return this.layers.map((layer, i) => [String(i), layer] as const);
  }

  forward(x: Tensor, context: Context): Tensor {
    return this.layers.reduce((value, layer, i) => run(layer, value, context, String(i)), x);
  }
}

/**
 * x + body(x): a layer around which its input passes unchanged (He et al. 2016). Its variables are named `body. ...`.
 * @throws ShapeError from forward where the body changes the shape
 *
 * @example
 * import { evaluationContext, Linear, relu, Residual, Sequential } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const block = new Residual(new Sequential(new Linear(16, 64), relu, new Linear(64, 16)));
 * block.forward(input([8, 16]), evaluationContext()).shape; // => [8, 16]
 */
export class Residual implements Module {
  readonly body: Layer;

  constructor(body: Layer) {
    aLayer(body, "Residual: body");
    this.body = body;
  }

  forward(x: Tensor, context: Context): Tensor {
    aTensor(x, "Residual: x");
    const change = run(this.body, x, context, "body");
    aTensor(change, "Residual: what the body gives");
    if (!sameShape(change.shape, x.shape))
      throw new ShapeError(`Residual: the body makes ${showShape(change.shape)} of ${showShape(x.shape)}`);
    return x.add(change);
  }
}

/**
 * Several layers over the same input, their results put together: along `axis` (default the last), or by a function of the list, such as
 * a sum. Their variables are named `0.weight`, `1.bias`, ... by place.
 * @throws ArgumentError for no layers
 *
 * @example
 * import { Branches, evaluationContext, Linear } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * const x = input([8, 4]);
 * new Branches([new Linear(4, 3), new Linear(4, 5)]).forward(x, evaluationContext()).shape; // => [8, 8]
 * const sum = new Branches([new Linear(4, 3), new Linear(4, 3)], { combine: ([a, b]) => a.add(b) });
 * sum.forward(x, evaluationContext()).shape; // => [8, 3]
 */
export class Branches<Output = Tensor> implements Module<Tensor, Output> {
  readonly layers: readonly Layer[];
  readonly combine: (results: readonly Tensor[]) => Output;

  constructor(
    layers: readonly Layer[],
    options: { readonly axis?: number; readonly combine?: (results: readonly Tensor[]) => Output } = {},
  ) {
    aListOf(aLayer)(layers, "Branches: layers");
    must(layers.length > 0, layers, "Branches: layers", "at least one layer");
    checkOptions(options, "Branches", { axis: anAxis, combine: aFunction });
    if (options.axis !== undefined && options.combine !== undefined)
      throw new ArgumentError("Branches: axis says nothing beside combine: it is where results are joined");
    this.layers = layers;
    const { axis = -1 } = options;
    const joined = (results: readonly Tensor[]) => concat(results, normalizeAxis(axis, results[0].shape, "Branches"));
    this.combine = options.combine ?? (joined as unknown as (results: readonly Tensor[]) => Output);
  }

  children(): Iterable<readonly [string, Layer]> {
    return this.layers.map((layer, i) => [String(i), layer] as const);
  }

  forward(x: Tensor, context: Context): Output {
    return this.combine(this.layers.map((layer, i) => run(layer, x, context, String(i))));
  }
}

/**
 * A layer whose weight is g v / |v|, length and direction learned apart, as torch.nn.utils.weight_norm: variables `weight_g` and `weight_v`
 * in place of its `weight`, which start so that the weight is what the layer began with. The norm is taken over all axes but `dim` (default
 * 0: one length an output), or over all of them for `dim: null` (Salimans and Kingma 2016).
 * @throws ShapeError where the weight has no axis `dim`
 *
 * @example
 * import { Linear, variables, WeightNorm } from "simdgrad/nn";
 * const layer = new WeightNorm(new Linear(4, 3));
 * [...variables(layer)].map(([name, { shape }]) => `${name} ${shape}`); // => ["bias 3", "weight_g 3,1", "weight_v 3,4"]
 */
export class WeightNorm<Input = Tensor, Output = Tensor> implements Module<Input, Output> {
  readonly layer: Weighted<Input, Output>;
  readonly dim: number | null;
  readonly weightG: Variable;
  readonly weightV: Variable;

  constructor(layer: Weighted<Input, Output>, options: { readonly dim?: number | null } = {}) {
    aLayer(layer, "WeightNorm: layer");
    aVariable(layer.weight, "WeightNorm: the layer's weight");
    checkOptions(options, "WeightNorm", { dim: nullOr(anAxis) });
    const { shape, initial } = layer.weight;
    const { dim = 0 } = options;
    this.layer = layer;
    this.dim = dim === null ? null : normalizeAxis(dim, shape, "WeightNorm");
    this.weightV = new Variable(shape, initial, { label: "weight_v" });
    const length = lengthOf(this.weightV, this.dim);
    this.weightG = new Variable(length.shape, () => length, { label: "weight_g" });
  }

  /** PyTorch's names. */
  children(): Iterable<readonly [string, unknown]> {
    const { layer } = this;
    const others = [...(layer.children?.() ?? Object.entries(layer))].filter(([, part]) => part !== layer.weight);
    return [...others, ["weight_g", this.weightG], ["weight_v", this.weightV]];
  }

  forward(x: Input, context: Context): Output {
    const weight = this.weightV.mul(this.weightG.div(lengthOf(this.weightV, this.dim)));
    // The layer as it is, but for its weight.
    const view: Module<Input, Output> = Object.create(this.layer, { weight: { value: weight } });
    return view.forward(x, context);
  }
}

function anAxis(value: unknown, what: string): void {
  must(Number.isInteger(value), value, what, "an axis");
}

type Weighted<Input, Output> = Module<Input, Output> & { readonly weight: Variable };

/** Euclidean lengths over all axes but `dim`, these kept with size 1; over all, a scalar. */
function lengthOf(v: Tensor, dim: number | null): Tensor {
  if (dim === null) return v.norm();
  const axes = [...v.shape.keys()].filter((axis) => axis !== dim);
  return v.norm(axes, { keepDims: true });
}
