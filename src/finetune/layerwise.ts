// Learning rates by depth: the nearer to the inputs, the slower.
import { aFunction, aListOf, aPositiveNumber, aText, checkOptions, must } from "../check.ts";
import { ArgumentError } from "../errors.ts";
import { Sequential } from "../nn/containers.ts";
import { variables } from "../nn/module.ts";
import type { Optimizer, ParameterGroup } from "../optim/index.ts";
import { anOptimizer } from "../optim/transform.ts";
import { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { Features } from "./features.ts";
import { Frozen } from "./frozen.ts";
import { aModel, isLayer, partsOfLayer, placeAt, withoutLayers } from "./parts.ts";

/** How rates fall. */
export interface LayerwiseOptions {
  /** Of the last layer. */
  readonly rate: number;
  /** What each layer's rate is multiplied by for the one before it: above 0, at most 1. */
  readonly decay: number;
  /** Paths of the layers, first to last; what is in none belongs to the first. Default: layers that lie in a list, else fields of the model. */
  readonly layers?: readonly string[];
}

/**
 * Groups for `parameterGroups`, a layer each, whose learning rates fall from the last layer to the first: rate, rate decay, rate decay^2, ...
 * (Howard and Ruder 2018; Clark et al. 2020). The last layer's group is the first. A layer is what lies in a Sequential or in an array,
 * also in one that is a field of a layer, as in a TransformerEncoder; else a field of the model. Variables that are fields themselves belong to
 * the first layer.
 * @param optimizer makes the optimizer of a learning rate, and may make a schedule of it
 * @throws ArgumentError for a path of no layer, and a model without parameters or layers
 *
 * @example
 * import { Linear, relu, Sequential } from "simdgrad/nn";
 * import { adamW, parameterGroups } from "simdgrad/optim";
 * import { layerwiseDecay } from "simdgrad/finetune";
 * const model = new Sequential(new Linear(4, 8), relu, new Linear(8, 8), relu, new Linear(8, 2));
 * const rates = [];
 * const groups = layerwiseDecay(model, (rate) => (rates.push(rate), adamW(rate)), { rate: 0.01, decay: 0.5 });
 * rates; // => [0.01, 0.005, 0.0025]
 * const optimizer = parameterGroups(groups);
 */
export function layerwiseDecay(
  model: object,
  optimizer: (rate: number) => Optimizer,
  options: LayerwiseOptions,
): ParameterGroup[] {
  const name = "layerwiseDecay";
  aModel(model, `${name}: model`);
  aFunction(optimizer, `${name}: optimizer`);
  const checks = { rate: aPositiveNumber, decay: aDecay, layers: aListOf(aText) };
  checkOptions(options, name, checks, "rate", "decay");
  const { rate, decay, layers } = options;
  const parts = layers?.map((path) => placeAt(model, path, name).held) ?? layersOf(model);
  const blocks = parametersByLayer(model, parts);
  if (blocks.length === 0) throw new ArgumentError(`${name}: the model has no parameters`);
  if (parts.length === 0) throw withoutLayers(name);
  const made = (own: number): Optimizer => {
    const result = optimizer(own);
    anOptimizer(result, `${name}: what optimizer(rate) gives`);
    return result;
  };
  return blocks.reverse().map((parameters, i) => ({ parameters, optimizer: made(rate * decay ** i) }));
}

function aDecay(value: unknown, what: string): void {
  must(typeof value === "number" && value > 0 && value <= 1, value, what, "above 0 and at most 1");
}

/** The parameters of each layer that has any, also frozen ones; of a shared one the first layer's. */
function parametersByLayer(model: object, layers: readonly object[]): Variable[][] {
  const open = new Set([...variables(model).values()].filter(({ isParameter }) => isParameter));
  const blocks = layers
    .map((layer) => [...variables(layer).values()].filter((variable) => open.delete(variable)))
    .filter((block) => block.length > 0);
  if (open.size === 0) return blocks;
  return blocks.length === 0 ? [[...open]] : [[...open, ...blocks[0]], ...blocks.slice(1)];
}

/** The layers of a model, first to last. */
function layersOf(model: object): object[] {
  return partsIn(model).flatMap((part) => (isSeries(part) ? layersOf(part) : [part]));
}

/** Layers that are fields of an object, or lie in a list. */
function partsIn(part: object): object[] {
  if (part instanceof Frozen) return typeof part.layer === "function" ? [] : [part.layer];
  if (part instanceof Features) return partsIn(part.model);
  return Array.from(partsOfLayer(part), ([, each]) => each).filter(
    (each): each is object =>
      typeof each === "object" && each !== null && !(each instanceof Tensor) && !ArrayBuffer.isView(each),
  );
}

/** Whether a part is layers one after the other: a list of such, or a layer that has a list. */
function isSeries(part: object): boolean {
  if (part instanceof Sequential || part instanceof Frozen || part instanceof Features) return true;
  if (Array.isArray(part))
    return part.length > 0 && part.every((each) => typeof each === "function" || isLayer(each ?? {}));
  return partsIn(part).some((each) => Array.isArray(each) && isSeries(each));
}
