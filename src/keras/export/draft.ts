// A layers model of TensorFlow.js as it is put together: layers, which read one another, and arrays by their names.
import { ArgumentError } from "../../errors.ts";
import { type Shape, sizeOf } from "../../shape.ts";
import type { Variable } from "../../variable.ts";
import { Unsupported } from "../fault.ts";
import { type Layout, same } from "../layouts.ts";

/** A result of a layer: its name, the number of its call, and which of its results. */
export type Result = readonly [layer: string, call: number, output: number];

/** What one call of a layer reads. */
type Node = readonly (readonly [...Result, object])[];

/** A layer as model.json has it. */
export interface DraftLayer {
  readonly name: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly Node[];
}

/** A layer that has variables, and what makes another one the same. */
interface Owner {
  readonly name: string;
  readonly key: string;
  readonly variables: readonly Variable[];
  readonly nodes: Node[];
}

/** An array that is to be written, and whose numbers it has. */
export interface DraftArray {
  readonly name: string;
  readonly shape: Shape;
  readonly variables: readonly Variable[];
  readonly layout: Layout;
}

/** Where an array's numbers come from, and in which order they are there. */
export interface Given {
  readonly shape: Shape;
  readonly variables: Variable | readonly Variable[];
  readonly layout?: Layout;
}

/** Arrays of a layer by TensorFlow.js' names; those that a layer does not have are undefined. */
export type GivenArrays = Readonly<Record<string, Given | undefined>>;

export class Draft {
  readonly layers: DraftLayer[] = [];
  readonly arrays: DraftArray[] = [];
  readonly #counts = new Map<string, number>();
  readonly #names = new Set<string>();
  /** Layers by their variables. */
  readonly #owners = new Map<Variable, Owner>();

  /** A name that no other layer has, made of the place in the model, or of the class. */
  name(wanted: string): string {
    const count = (this.#counts.get(wanted) ?? 0) + 1;
    this.#counts.set(wanted, count);
    const name = count === 1 ? wanted : `${wanted}_${count}`;
    if (this.#names.has(name)) return this.name(wanted);
    this.#names.add(name);
    return name;
  }

  /**
   * Adds a layer that reads others, named by its place; one that is there already, with the same variables, is called once more.
   * `rank` is told where a layer is made for inputs of one.
   * @returns the first result of the call
   * @throws Unsupported where a layer of another kind has one of the variables, as TensorFlow.js shares whole layers
   */
  add(
    place: string,
    className: string,
    config: object,
    inputs: readonly Result[],
    arrays: GivenArrays = {},
    rank = 0,
  ): Result {
    const nodes: Node[] = inputs.length === 0 ? [] : [inputs.map((input) => [...input, {}] as const)];
    const own = Object.values(arrays).flatMap((each) => each?.variables ?? []);
    const key = JSON.stringify([
      className,
      rank,
      config,
      Object.entries(arrays).map(([name, each]) => [name, each?.shape]),
    ]);
    const owners = new Set(own.map((variable) => this.#owners.get(variable)));
    const [owner] = owners;
    if (
      owner !== undefined &&
      owners.size === 1 &&
      owner.key === key &&
      own.every((each, i) => each === owner.variables[i])
    ) {
      owner.nodes.push(...nodes);
      return [owner.name, owner.nodes.length - 1, 0];
    }
    const other = [...owners].find((each) => each !== undefined);
    if (other !== undefined) throw new Unsupported(`weights that ${other.name} has, in another way`);
    const name = this.name(place);
    const made = { name, key, variables: own, nodes };
    for (const variable of own) this.#owners.set(variable, made);
    this.layers.push({
      name,
      class_name: className,
      config: { name, trainable: true, ...config },
      inbound_nodes: nodes,
    });
    for (const [key, given] of Object.entries(arrays)) {
      if (given === undefined) continue;
      const { shape, variables, layout = same } = given;
      this.array({ name: `${name}/${key}`, shape, variables: [variables].flat() as Variable[], layout });
    }
    return [name, 0, 0];
  }

  /**
   * TensorFlow.js makes calls in the order in which what they read is there, and counts them so.
   * @throws ArgumentError where it would take one call of a layer for another
   */
  checkOrder(): void {
    const made = new Map<string, number>();
    const left = this.layers.map(({ name, inbound_nodes: nodes }) => ({ name, nodes: [...nodes.entries()] }));
    for (const { name, nodes } of left) if (nodes.length === 0) made.set(name, 1);
    const isThere = ([layer, call]: Node[number]) => (made.get(layer) ?? 0) > call;
    while (left.some(({ nodes }) => nodes.length > 0))
      for (const each of left) {
        const waiting = each.nodes.splice(0);
        for (const [call, node] of waiting) {
          if (!node.every(isThere)) each.nodes.push([call, node]);
          else if (each.nodes.length > 0)
            throw new ArgumentError(
              `toTensorFlowJs: TensorFlow.js would take calls of ${each.name} for one another: the layer is called elsewhere before`,
            );
          else made.set(each.name, call + 1);
        }
      }
  }

  /** @throws ArgumentError for a second array of one name, which TensorFlow.js refuses */
  array(array: DraftArray): void {
    if (this.arrays.some(({ name }) => name === array.name))
      throw new ArgumentError(`toTensorFlowJs: two weights would be called ${array.name}: give layers other names`);
    this.arrays.push(array);
  }
}

/** The files of a draft with values of its variables. */
export function filesOf(
  draft: Draft,
  topology: object,
  values: ReadonlyMap<Variable, Float32Array>,
): { readonly model: string; readonly weights: Record<string, Uint8Array<ArrayBuffer>> } {
  const sizes = draft.arrays.map(({ shape }) => 4 * sizeOf(shape));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const { shape, variables, layout } of draft.arrays) {
    const data = layout.back(
      variables.map((variable) => values.get(variable) as Float32Array),
      shape,
    );
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  const weights = shardsOf(bytes);
  const manifest = draft.arrays.map(({ name, shape }) => ({ name, shape, dtype: "float32" }));
  const model = {
    format: "layers-model",
    generatedBy: "simdgrad",
    convertedBy: null,
    modelTopology: { ...topology, keras_version: "tfjs-layers 4.22.0", backend: "tensor_flow.js" },
    weightsManifest: [{ paths: Object.keys(weights), weights: manifest }],
  };
  return { model: JSON.stringify(model), weights };
}

/** Bytes of a shard at the most: browsers keep such files. */
const SHARD = 4 * 2 ** 20;

function shardsOf(bytes: Uint8Array<ArrayBuffer>): Record<string, Uint8Array<ArrayBuffer>> {
  const count = Math.max(1, Math.ceil(bytes.length / SHARD));
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `group1-shard${i + 1}of${count}.bin`,
      bytes.slice(i * SHARD, (i + 1) * SHARD),
    ]),
  );
}
