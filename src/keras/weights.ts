// Where a layer's arrays are: under classes that are counted (Keras 3), or under names (TensorFlow.js, Keras 2).
import type { NumericArray } from "../data/array.ts";
import { fault } from "./fault.ts";
import type { Hdf5 } from "./hdf5.ts";
import type { ModelWeights, Weights } from "./layer-file.ts";

/** A class as Keras 3 writes it in paths: Conv2DTranspose is conv2d_transpose, LeakyReLU leaky_re_lu. */
function snakeCase(className: string): string {
  return className
    .replace(/\W+/g, "")
    .replace(/(.)([A-Z][a-z]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
}

/** How files of TensorFlow.js begin the name of a layer inside another. */
function labelInside(label: string, attribute: string, name: string | undefined): string {
  // What runs for each step goes by the name of what runs it.
  return name === undefined || attribute === "layer" ? label : `${label}/${name}`;
}

/** Arrays of one layer in model.weights.h5. */
class CountedWeights implements Weights {
  readonly #file: Hdf5;
  readonly #path: string;
  readonly #label: string;

  constructor(file: Hdf5, path: string, label: string) {
    this.#file = file;
    this.#path = path;
    this.#label = label;
  }

  read(names: readonly string[]): readonly NumericArray[] {
    const path = `${this.#path}/vars`;
    const found = this.#file.names(path)?.length ?? 0;
    if (found !== names.length)
      throw fault(`model.weights.h5: ${path} holds ${found} arrays, not ${names.length} (${names.join(", ")})`);
    return names.map((_, i) => this.#file.array(`${path}/${i}`));
  }

  inside(attribute: string, name?: string): Weights {
    const label = labelInside(this.#label, attribute, name);
    // Earlier versions of Keras 3 keep parts of attention under private names.
    const path = [attribute, `_${attribute}`].find((each) => this.#file.names(`${this.#path}/${each}`) !== undefined);
    return new CountedWeights(this.#file, `${this.#path}/${path ?? attribute}`, label);
  }

  model(): ModelWeights {
    return countedLayers(this.#file, this.#path);
  }

  nameOf(name: string): string {
    return `${this.#label}/${name}`;
  }
}

/** Layers of the model at a path of model.weights.h5; at its root, "". */
export function countedLayers(file: Hdf5, path: string): ModelWeights {
  const begin = path === "" ? "" : `${path}/`;
  // Keras 2.13 had another name for them.
  const folder = [`${begin}layers`, `${begin}_layer_checkpoint_dependencies`].find(
    (each) => file.names(each) !== undefined,
  );
  return {
    layer: (name, className, index) =>
      new CountedWeights(
        file,
        `${folder ?? `${begin}layers`}/${snakeCase(className)}${index === 0 ? "" : `_${index}`}`,
        name,
      ),
  };
}

/** Arrays by their names. */
export class NamedArrays {
  readonly #arrays: ReadonlyMap<string, NumericArray>;
  /** Names by their last part. */
  readonly #byEnd = new Map<string, string[]>();
  readonly #unread: Set<string>;

  constructor(arrays: ReadonlyMap<string, NumericArray>) {
    this.#arrays = arrays;
    this.#unread = new Set(arrays.keys());
    for (const name of arrays.keys()) {
      const end = name.slice(name.lastIndexOf("/") + 1);
      const others = this.#byEnd.get(end);
      if (others === undefined) this.#byEnd.set(end, [name]);
      else others.push(name);
    }
  }

  /** Arrays that nobody asked for. */
  get unread(): readonly string[] {
    return [...this.#unread];
  }

  /** The array with the first of some names; else the one below the layer, as Keras 2 puts models and cells into names, too. */
  find(names: readonly string[], layer: string, end: string): NumericArray {
    const name = names.find((each) => this.#arrays.has(each)) ?? this.#below(layer, end);
    if (name === undefined) throw fault(`the weights hold no ${names[0]}`);
    this.#unread.delete(name);
    return this.#arrays.get(name) as NumericArray;
  }

  #below(layer: string, end: string): string | undefined {
    const found = (this.#byEnd.get(end) ?? []).filter((name) => `/${name}`.includes(`/${layer}/`));
    if (found.length > 1)
      throw fault(`the weights hold several arrays for ${layer}/${end}: ${found.slice(0, 3).join(", ")}`);
    return found[0];
  }
}

/** Arrays of one layer by their names. */
class NamedWeights implements Weights {
  readonly #arrays: NamedArrays;
  /** Names of the models around it. */
  readonly #models: readonly string[];
  readonly #label: string;
  /** Its own name, where it goes by another one's. */
  readonly #own: string;

  constructor(arrays: NamedArrays, models: readonly string[], label: string, own = label) {
    this.#arrays = arrays;
    this.#models = models;
    this.#label = label;
    this.#own = own;
  }

  read(names: readonly string[]): readonly NumericArray[] {
    const places = [[...this.#models, this.#label].join("/"), this.#label, this.#own];
    return names.map((name) =>
      this.#arrays.find(
        places.map((place) => `${place}/${name}`),
        this.#label,
        name,
      ),
    );
  }

  inside(attribute: string, name?: string): Weights {
    const label = labelInside(this.#label, attribute, name);
    return new NamedWeights(this.#arrays, this.#models, label, attribute === "layer" ? name : label);
  }

  model(): ModelWeights {
    return namedLayers(this.#arrays, [...this.#models, this.#label]);
  }

  nameOf(name: string): string {
    return `${this.#label}/${name}`;
  }
}

/** Layers of a model inside others. */
export function namedLayers(arrays: NamedArrays, models: readonly string[]): ModelWeights {
  return { layer: (name) => new NamedWeights(arrays, models, name) };
}
