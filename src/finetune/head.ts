// Other layers in the places of some: a new head on a body that was trained.
import { aText, aWholeNumber, checkOptions } from "../check.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { Linear } from "../nn/layers.ts";
import { aLayerObject, aModel, placeAt, placesIn, replaceParts, withoutLayers } from "./parts.ts";

/**
 * Puts a layer in the place of another, whose path is that of its variables without their own names: `fc` for `fc.weight`, `encoder.layers.0`.
 * It is replaced wherever the model holds it, also in private fields; the names of all others stay. Make the Trainer afterwards; what the others have learned stays
 * with them on their executor: `{ executor: first.executor }`.
 * @throws ArgumentError for a path of no layer
 * @returns the new layer
 *
 * @example
 * import { BatchNorm1d, Identity, Linear, Sequential, variables } from "simdgrad/nn";
 * import { replaceLayer } from "simdgrad/finetune";
 * const model = new Sequential(new Linear(4, 8), new BatchNorm1d(8), new Linear(8, 2));
 * replaceLayer(model, "1", new Identity());
 * [...variables(model).keys()]; // => ["0.weight", "0.bias", "2.weight", "2.bias"]
 */
export function replaceLayer<L extends object>(model: object, path: string, layer: L): L {
  const name = "replaceLayer";
  aModel(model, `${name}: model`);
  aText(path, `${name}: path`);
  aLayerObject(layer, `${name}: layer`);
  replaceParts(model, new Map([[placeAt(model, path, name).held, layer]]), name);
  return layer;
}

/** Which layer is the head. */
export interface HeadOptions {
  /** Its path, such as `fc`. Default: the last Linear, in the order of `variables(model)`. */
  readonly path?: string;
}

/**
 * Puts a new head in the place of the last Linear, or of the layer at a path: a layer, or a Linear of so many outputs. The names of all
 * variables stay, so a state of before loads by `loadStateDict(state, { strict: false })` once the old head's entries, of other shapes, are taken out.
 * @throws ArgumentError for a model without a Linear, or a path of no layer; ShapeError for a Linear that takes other inputs
 * @returns the new head
 *
 * @example
 * import { Linear, parameters, relu, Sequential } from "simdgrad/nn";
 * import { replaceHead } from "simdgrad/finetune";
 * const model = new Sequential(new Linear(4, 8), relu, new Linear(8, 10));
 * const head = replaceHead(model, 3); // as model.fc = nn.Linear(8, 3) in PyTorch
 * [...parameters(model)].map(([name, { shape }]) => `${name} ${shape}`); // => ["0.weight 8,4", "0.bias 8", "2.weight 3,8", "2.bias 3"]
 * parameters(head).size; // => 2
 * replaceHead(model, new Linear(9, 3)); // => throws ShapeError: replaceHead: 2 takes 8 features
 */
export function replaceHead<H extends number | object>(
  model: object,
  head: H,
  options: HeadOptions = {},
): H extends number ? Linear : H {
  const name = "replaceHead";
  aModel(model, `${name}: model`);
  checkOptions(options, name, { path: aText });
  if (typeof head === "number") aWholeNumber(1)(head, `${name}: outputs`);
  else aLayerObject(head, `${name}: layer`, "a number of outputs, or an object with forward(x, context)");
  const path = options.path ?? headOf(model, name);
  const { held, layer: old } = placeAt(model, path, name);
  const layer: object = typeof head === "number" ? linearLike(old, head, path) : head;
  if (old instanceof Linear && layer instanceof Linear && old.weight.shape[1] !== layer.weight.shape[1])
    throw new ShapeError(
      `${name}: ${path} takes ${old.weight.shape[1]} features, its successor ${layer.weight.shape[1]}`,
    );
  replaceParts(model, new Map([[held, layer]]), name);
  return layer as H extends number ? Linear : H;
}

/** The path of the last Linear. */
export function headOf(model: object, name: string): string {
  const places = placesIn(model);
  if (places.length === 0) throw withoutLayers(name);
  const last = places.findLast(({ layer }) => layer instanceof Linear);
  if (last === undefined)
    throw new ArgumentError(`${name}: the model has no Linear in it: say by path which layer is the head`);
  return last.path;
}

function linearLike(old: object, outputs: number, path: string): Linear {
  if (!(old instanceof Linear))
    throw new ArgumentError(
      `replaceHead: ${path} is a ${old.constructor.name}, no Linear: give the layer in its place`,
    );
  return new Linear(old.weight.shape[1], outputs, { bias: old.bias !== undefined });
}
