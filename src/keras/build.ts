// From a configuration and arrays to a model: each layer by what makes its class. What nobody here knows is told in one error.
import { aFunction, aRecordOf, checkOptions, isRecord } from "../check.ts";
import { aLayer, forward, type Layer, setTrainable, variables } from "../nn/module.ts";
import { show } from "../show.ts";
import { aTensor } from "../tensor.ts";
import { isModel, type LayerPlan, planOf } from "./config.ts";
import { fault, Unsupported } from "./fault.ts";
import { LayerFile, type Link, type Made, type ModelWeights, type Weights } from "./layer-file.ts";
import { makers, operators } from "./makers.ts";
import { KerasModel, type Reading } from "./model.ts";
import { type Dialect, Settings } from "./settings.ts";
import { asLast, type Value } from "./value.ts";

/** How models are read. */
export interface ReadOptions {
  /**
   * What makes layers of classes that are not known here, by these classes, from their settings: a layer for tensors in Keras' layout, or a list
   * of such. Arrays that the file has for them are not read.
   */
  readonly layers?: Readonly<Record<string, (config: Readonly<Record<string, unknown>>) => Layer>>;
}

/** Checks the options of a function that reads models. */
export function checkReadOptions(options: ReadOptions, name: string): void {
  checkOptions(options, name, { layers: aRecordOf(aFunction) });
}

/** Models in models, and layers in layers, that are read. */
const DEEPEST = 32;

/** What is known while a model is read. */
export class Builder {
  readonly #dialect: Dialect;
  readonly #layers: NonNullable<ReadOptions["layers"]>;
  readonly #links: Link[] = [];
  /** What is not there: classes, names and why. */
  readonly #unknown: string[] = [];

  constructor(dialect: Dialect, { layers = {} }: ReadOptions) {
    this.#dialect = dialect;
    this.#layers = layers;
  }

  /** @throws DataError for what is no model, and for layers that are not there: all in one error */
  read(className: unknown, config: unknown, weights: ModelWeights, where: string): Reading {
    if (!isModel(className))
      throw fault(
        `${where}: the model is of class ${show(className)}, whose forward is code: Sequential and Functional are read`,
      );
    const reading = this.#model(className, config, weights, where, 0);
    const unknown = this.#unknown;
    if (unknown.length > 0)
      throw fault(
        `${where}: ${unknown.length === 1 ? "a layer" : `${unknown.length} layers`} not known here: ${unknown.slice(0, 100).join(", ")}`,
      );
    checkPaths(reading, where);
    return { ...reading, links: this.#links };
  }

  #model(className: string, config: unknown, weights: ModelWeights, where: string, depth: number): Reading {
    if (depth > DEEPEST) throw fault(`${where}: more than ${DEEPEST} models in one another`);
    const plan = planOf(className, config, where);
    const made = new Map<string, Made>();
    for (const layer of plan.layers) {
      if (layer.className === "InputLayer" && layer.calls.length > 0)
        throw fault(`${where}: ${layer.name} is an input behind other layers`);
      if (layer.className === "InputLayer") continue;
      const own = this.#named(layer, where, () => this.#layer(layer, weights, where, depth));
      if (own === undefined) continue;
      made.set(layer.name, own);
      if (plan.isFrozen || layer.config.trainable === false) freeze(own);
    }
    return { plan, made, links: [], dialect: this.#dialect };
  }

  /** What a step makes; where it means what is not there, that is kept for the error about all. */
  #named(layer: Pick<LayerPlan, "className" | "name">, where: string, step: () => Made): Made | undefined {
    try {
      return step();
    } catch (error) {
      if (error instanceof Unsupported) {
        this.#unknown.push(`${layer.className} "${layer.name}"${error.message === "" ? "" : ` (${error.message})`}`);
        return undefined;
      }
      // Arguments that no layer here takes are faults of the file.
      if (error instanceof Error && (error.name === "ArgumentError" || error.name === "ShapeError"))
        throw fault(`${where}: ${layer.className} "${layer.name}": ${error.message}`, { cause: error });
      throw error;
    }
  }

  #layer(plan: LayerPlan, weights: ModelWeights, where: string, depth: number): Made {
    const { className, name, config, index, isOperator } = plan;
    const own = weights.layer(name, className, index);
    return isOperator
      ? this.#make(operators, className, name, config, own, where, depth)
      : this.#make(makers, className, name, config, own, where, depth);
  }

  #make(
    known: typeof makers,
    className: string,
    name: string,
    config: unknown,
    weights: Weights,
    where: string,
    depth: number,
  ): Made {
    if (depth > DEEPEST) throw fault(`${where}: more than ${DEEPEST} layers in one another`);
    if (isModel(className)) return asLayer(this.#model(className, config, weights.model(), where, depth + 1));
    if (known === makers && Object.hasOwn(this.#layers, className))
      return given(this.#layers[className], className, name, config);
    const maker = known.get(className);
    if (maker === undefined) throw new Unsupported("");
    return maker(this.#file(className, name, config, weights, where, depth));
  }

  #file(className: string, name: string, config: unknown, weights: Weights, where: string, depth: number): LayerFile {
    // A model inside a layer has a list for its configuration in the first versions; it is read as a model, not by its settings.
    const own = isModel(className) && !isRecord(config) ? {} : config;
    const settings = new Settings(`${where}: ${className} "${name}"`, own, this.#dialect);
    return new LayerFile(className, name, settings, weights, this.#links, {
      inner: (given, weightsOf) => {
        const { class_name: kind, config: inside } = isRecord(given) ? given : {};
        if (typeof kind !== "string") throw settings.wrong("layer", "a layer with its class_name");
        const own = isRecord(inside) && typeof inside.name === "string" ? inside.name : kind.toLowerCase();
        return this.#file(kind, own, inside, weightsOf(own), where, depth + 1);
      },
      make: (file) =>
        this.#make(makers, file.className, file.name, insideOf(file, config), file.weights, where, depth + 1),
    });
  }
}

/** The configuration of a layer inside another. */
function insideOf(file: LayerFile, outer: unknown): unknown {
  const layer = isRecord(outer) && isRecord(outer.layer) ? outer.layer : {};
  if (!isRecord(layer.config) && !Array.isArray(layer.config))
    throw file.settings.wrong("layer", "a layer with its config");
  return layer.config;
}

/** A layer that the caller makes. */
function given(
  make: (config: Readonly<Record<string, unknown>>) => Layer,
  className: string,
  name: string,
  config: unknown,
): Made {
  const layer = make(isRecord(config) ? config : {}) as Layer<unknown>;
  aLayer(layer, `layers.${className}`);
  return {
    part: typeof layer === "function" ? undefined : layer,
    call(inputs, context) {
      const tensors = inputs.map(({ last }) => last);
      const result = forward(layer, tensors.length === 1 ? tensors[0] : tensors, context);
      aTensor(result, `${className} "${name}": its result`);
      return asLast(result);
    },
  };
}

/** A model as a layer of another. */
function asLayer(reading: Reading): Made {
  const model = new KerasModel(reading);
  return { part: model, call: (inputs: readonly Value[], context) => model.call(inputs, context) };
}

/** Variables that the file says are not trained; who wants them, thaws them. */
function freeze({ part }: Made): void {
  if (part !== undefined) setTrainable(part, false);
}

/** @throws DataError where two variables have one path, of which one would be lost */
function checkPaths(reading: Reading, where: string): void {
  const model = new KerasModel(reading);
  const paths = variables(model);
  const all = new Set(
    [...reading.made.values()].flatMap(({ part }) => (part === undefined ? [] : [...variables(part).values()])),
  );
  if (paths.size < all.size) throw fault(`${where}: names of layers in models lead to the same paths of variables`);
}
