// What the head of a network is given: the features that its body makes.
import { aText, checkOptions } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { aContext, type Context, forward, type Layer, type Module, variables } from "../nn/module.ts";
import type { Tensor } from "../tensor.ts";
import { headOf } from "./head.ts";
import { aModel, listening, placeAt } from "./parts.ts";

/** Of which layer. */
export interface FeatureOptions {
  /** The path of the layer whose input is wanted, such as `fc`. Default: the last Linear, in the order of `variables(model)`. */
  readonly path?: string;
}

/**
 * A network without its head: it gives what the last Linear, or the layer at a path, is given. Its variables are the network's own, under
 * their names. Where a body is frozen its features can be computed once, by a Predictor, and the head be trained on them.
 * @throws ArgumentError for a path of no layer; forward where the network runs that layer not once
 *
 * @example
 * import { evaluationContext, Linear, relu, Sequential, variables } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * import { Features } from "simdgrad/finetune";
 * const body = new Features(new Sequential(new Linear(4, 8), relu, new Linear(8, 10)));
 * body.forward(input([5, 4]), evaluationContext()).shape; // => [5, 8]
 * [...variables(body).keys()]; // => ["0.weight", "0.bias"]
 */
export class Features<Input = Tensor> implements Module<Input, Tensor> {
  readonly model: Module<Input, unknown>;
  readonly path: string;

  constructor(model: Module<Input, unknown>, options: FeatureOptions = {}) {
    aModel(model, "Features: model");
    checkOptions(options, "Features", { path: aText });
    this.model = model;
    this.path = options.path ?? headOf(model, "Features");
    placeAt(model, this.path, "Features");
  }

  /** The names of the network. */
  children(): Iterable<readonly [string, unknown]> {
    const own = new Set(variables(placeAt(this.model, this.path, "Features").held).values());
    return [...variables(this.model)].filter(([, variable]) => !own.has(variable));
  }

  forward(x: Input, context: Context): Tensor {
    aContext(context, "Features: context");
    const { model, path } = this;
    const given: Tensor[] = [];
    listening(
      placeAt(model, path, "Features").held,
      (features) => given.push(features as Tensor),
      () => forward(model as Layer<Input, unknown>, x, context),
      "Features",
    );
    if (given.length !== 1)
      throw new ArgumentError(
        `Features: the network runs ${path} ${given.length} times: what it is given is not one tensor`,
      );
    return given[0];
  }
}
