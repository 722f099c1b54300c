// A layer as it is: nothing in it changes while others train.
import { aContext, aLayer, type Context, forward, type Layer, type Module, setTrainable } from "../nn/module.ts";
import type { Tensor } from "../tensor.ts";

/**
 * A layer as it is, while others are trained: its parameters are frozen, as by `setTrainable`, and it runs as it does in an evaluation: norms by
 * their running statistics, which stay as they are, no dropout. In PyTorch: `requires_grad_(False)` and `eval()`. Its variables have
 * their names; gradients pass through.
 *
 * @example
 * import { BatchNorm1d, Linear, parameters, Sequential, variables } from "simdgrad/nn";
 * import { Frozen } from "simdgrad/finetune";
 * const body = new Sequential(new Linear(4, 8), new BatchNorm1d(8));
 * const model = new Sequential(new Frozen(body), new Linear(8, 3));
 * [...parameters(model).keys()]; // => ["1.weight", "1.bias"]
 * [...variables(model).keys()].slice(0, 2); // => ["0.0.weight", "0.0.bias"]
 */
export class Frozen<Input = Tensor, Output = Tensor> implements Module<Input, Output> {
  readonly layer: Layer<Input, Output>;

  constructor(layer: Layer<Input, Output>) {
    aLayer(layer, "Frozen: layer");
    setTrainable(layer, false);
    this.layer = layer;
  }

  /** The names of the layer. */
  children(): Iterable<readonly [string, unknown]> {
    const { layer } = this;
    return typeof layer === "function" ? [] : (layer.children?.() ?? Object.entries(layer));
  }

  forward(x: Input, context: Context): Output {
    aContext(context, "Frozen: context");
    return forward(this.layer, x, { ...context, training: false, assign: () => undefined });
  }
}
