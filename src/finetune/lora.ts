// Adapters of low rank on the layers of a model: put in, taken out, merged.
import {
  aListOf,
  aPositiveNumber,
  aText,
  aWholeNumber,
  checkOptions,
  isFunction,
  isRecord,
  must,
  oneOf,
} from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { ArgumentError } from "../errors.ts";
import { MultiheadAttention } from "../nn/attention.ts";
import { Linear } from "../nn/layers.ts";
import { parameters, variables } from "../nn/module.ts";
import type { Variable } from "../variable.ts";
import { LoraAttention, LoraLinear, type Projection } from "./lora-layers.ts";
import { aModel, listed, type Place, placeAt, placesIn, replaceParts, withoutLayers } from "./parts.ts";

/** How large changes are, and where. */
export interface LoraOptions {
  /** The rank of each change. */
  readonly rank: number;
  /** Changes are multiplied by alpha / rank. Default: the rank. */
  readonly alpha?: number;
  /** Which layers: their paths, or a function of path and layer. Default: every Linear and MultiheadAttention. */
  readonly layers?: readonly string[] | ((path: string, layer: Linear | MultiheadAttention) => boolean);
  /** Which matrices of a MultiheadAttention. Default: those of queries and values. */
  readonly attention?: readonly Projection[];
}

/** Whether a value says which layers. */
function aChoice(value: unknown, what: string): void {
  if (isFunction(value)) return;
  aListOf(aText)(value, what);
  must((value as readonly string[]).length > 0, value, what, "one path at least");
}

function isAdapted(part: unknown): part is LoraLinear | LoraAttention {
  return part instanceof LoraLinear || part instanceof LoraAttention;
}

/**
 * Adapters on the Linears and attentions of a model (Hu et al. 2021, "LoRA"): to each weight W, which stays, B A alpha / rank is added, and of
 * the whole model only the As and Bs are trained. As in PEFT, each B is 0 at first, so the model begins as it was, and A is drawn
 * as a Linear's weight. The model itself is changed; all that it had keeps its name. Make the Trainer afterwards. What else is to
 * be trained, such as a new head, is thawed by `setTrainable(head, true)`.
 * @throws ArgumentError where there is no such layer, or one that has an adapter
 * @returns the model
 *
 * @example
 * import { Linear, parameters, relu, Sequential } from "simdgrad/nn";
 * import { lora } from "simdgrad/finetune";
 * const model = new Sequential(new Linear(64, 64), relu, new Linear(64, 10));
 * lora(model, { rank: 4, alpha: 8, layers: ["0"] });
 * [...parameters(model)].map(([name, { shape }]) => `${name} ${shape}`); // => ["0.lora_A.weight 4,64", "0.lora_B.weight 64,4"]
 */
export function lora<M extends object>(model: M, options: LoraOptions): M {
  aModel(model, "lora: model");
  const aProjection = oneOf("query", "key", "value", "out");
  const checks = {
    rank: aWholeNumber(1),
    alpha: aPositiveNumber,
    layers: aChoice,
    attention: aListOf(aProjection),
  };
  checkOptions(options, "lora", checks, "rank");
  const { rank, alpha = rank, attention = ["query", "value"] } = options;
  must(attention.length > 0, attention, "lora: attention", "one matrix at least");
  const chosen = chosenLayers(model, options.layers);
  const adapter = (layer: Linear | MultiheadAttention) =>
    layer instanceof Linear
      ? new LoraLinear(layer, rank, alpha / rank)
      : new LoraAttention(layer, rank, alpha / rank, [...new Set(attention)]);
  replaceParts(model, new Map(chosen.map(({ held, layer }) => [held, adapter(layer)])), "lora");
  const own = new Set(adaptersOf(model).values());
  for (const variable of variables(model).values()) if (!own.has(variable)) variable.trainable = false;
  return model;
}

/** A place of a layer that can have an adapter. */
type Adaptable = Place & { readonly layer: Linear | MultiheadAttention };

function isAdaptable(place: Place): place is Adaptable {
  const { layer } = place;
  return (layer instanceof Linear || layer instanceof MultiheadAttention) && !isAdapted(layer);
}

/** The layers that adapters are put on. */
function chosenLayers(model: object, layers: LoraOptions["layers"]): Adaptable[] {
  if (placesIn(model).length === 0) throw withoutLayers("lora");
  if (Array.isArray(layers)) return layers.map((path) => adaptable(placeAt(model, path, "lora")));
  const all = placesIn(model).filter(isAdaptable);
  const takes = layers as Exclude<LoraOptions["layers"], readonly string[]>;
  const chosen = takes === undefined ? all : all.filter(({ path, layer }) => takes(path, layer));
  if (chosen.length === 0)
    throw new ArgumentError(
      `lora: no Linear or MultiheadAttention is chosen of ${listed(all.map(({ path }) => path))}${others(model)}`,
    );
  return chosen;
}

/** Says which layers are not to be chosen any more. */
function others(model: object): string {
  const adapted = adaptedIn(model).map(({ path }) => path);
  if (adapted.length === 0) return "";
  return `: ${listed(adapted)} ${adapted.length > 1 ? "have adapters" : "has an adapter"} already, which mergeLora takes out`;
}

function adaptable(place: Place): Adaptable {
  const { path, layer } = place;
  if (isAdapted(layer)) throw new ArgumentError(`lora: ${path} has an adapter already, which mergeLora takes out`);
  if (isAdaptable(place)) return place;
  throw new ArgumentError(
    `lora: ${path} is a ${layer.constructor.name}; adapters are for Linear and MultiheadAttention`,
  );
}

/** The places of all layers with adapters. */
function adaptedIn(model: object): (Place & { readonly layer: LoraLinear | LoraAttention })[] {
  return placesIn(model).flatMap(({ path, held, layer }) => (isAdapted(layer) ? [{ path, held, layer }] : []));
}

/** The variables of all adapters by path. */
function adaptersOf(model: object): Map<string, Variable> {
  const own = new Set(adaptedIn(model).flatMap(({ layer }) => layer.adapters.flatMap(({ a, b }) => [a, b])));
  return new Map([...variables(model)].filter(([, variable]) => own.has(variable)));
}

/**
 * Of a model's state what is not the base model's: the adapters, and other parameters that are trained, such as a new head. A small file; it is
 * loaded on top of the base by `loadStateDict(state, { strict: false })`, as are PEFT's adapters with `prefix: "base_model.model."`.
 * @throws ArgumentError for a model without adapters, and where the state lacks some
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { Linear, mseLoss, relu, Sequential } from "simdgrad/nn";
 * import { adam } from "simdgrad/optim";
 * import { lora, loraState } from "simdgrad/finetune";
 * const model = lora(new Sequential(new Linear(8, 8), relu, new Linear(8, 1)), { rank: 2, layers: ["0"] });
 * const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(0.01) });
 * Object.keys(loraState(model, await trainer.stateDict())); // => ["0.lora_A.weight", "0.lora_B.weight"]
 */
export function loraState<A = NumericArray>(model: object, state: Readonly<Record<string, A>>): Record<string, A> {
  aModel(model, "loraState: model");
  must(isRecord(state), state, "loraState: state", "an object of arrays by their paths");
  const adapters = adaptersOf(model);
  if (adapters.size === 0) throw new ArgumentError("loraState: the model has no adapters: lora puts them in");
  const paths = [...new Set([...adapters.keys(), ...parameters(model).keys()])];
  const missing = paths.filter((path) => !Object.hasOwn(state, path));
  if (missing.length > 0) throw new ArgumentError(`loraState: the state lacks ${listed(missing)}`);
  return Object.fromEntries(paths.map((path) => [path, state[path]]));
}

/**
 * Takes the adapters out again, their changes added to the weights: the model has the layers, the names and the speed that it had before
 * `lora`. The weights are made of what adapters and weights have learned, on the executor that trained them: on another
 * one the model begins with its state. The others keep being frozen until `setTrainable(model, true)`.
 * @throws ArgumentError for a model without adapters
 * @returns the model
 *
 * @example
 * import { Predictor, Trainer } from "simdgrad";
 * import { Linear, mseLoss, relu, Sequential } from "simdgrad/nn";
 * import { adam } from "simdgrad/optim";
 * import { lora, mergeLora } from "simdgrad/finetune";
 * const model = lora(new Sequential(new Linear(8, 8), relu, new Linear(8, 1)), { rank: 2 });
 * const trainer = new Trainer(model, { loss: mseLoss, optimizer: adam(0.01) });
 * await trainer.stateDict();
 * const merged = new Predictor(mergeLora(model), { executor: trainer.executor });
 * Object.keys(await merged.stateDict()); // => ["0.weight", "0.bias", "2.weight", "2.bias"]
 */
export function mergeLora<M extends object>(model: M): M {
  aModel(model, "mergeLora: model");
  const adapted = adaptedIn(model);
  if (adapted.length === 0) throw new ArgumentError("mergeLora: the model has no adapters: lora puts them in");
  replaceParts(model, new Map(adapted.map(({ held, layer }) => [held, layer.merged()])), "mergeLora");
  return model;
}
