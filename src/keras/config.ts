// The configuration of a model, in the words of Keras 3, Keras 2 or TensorFlow.js, as one plan: layers, and which calls them with what.
import { isRecord } from "../check.ts";
import type { Shape } from "../shape.ts";
import { show } from "../show.ts";
import { fault } from "./fault.ts";
import { DEEPEST } from "./settings.ts";

/** One result of one call of a layer. */
export interface Ref {
  readonly layer: string;
  readonly call: number;
  readonly output: number;
}

/** A call of a layer: tensors by place, or plain numbers, and what is said by name. */
export interface Call {
  readonly inputs: readonly (Ref | number)[];
  readonly named: Readonly<Record<string, unknown>>;
}

/** A layer, and how often it is called with what. */
export interface LayerPlan {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly calls: readonly Call[];
  /** Whether it is an operator between tensors, not a layer. */
  readonly isOperator: boolean;
  /** How many layers of its class come before it. */
  readonly index: number;
}

/** An input of a model; null stands for a size that is known when it runs. */
export interface ModelInput {
  readonly name: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** How results are handed over: one, a list, or by names. */
export type Structure = Ref | readonly Ref[] | Readonly<Record<string, Ref>>;

/** A model's configuration. */
export interface ModelPlan {
  readonly name: string;
  readonly layers: readonly LayerPlan[];
  readonly inputs: readonly Ref[];
  /** Names of inputs that are handed over by name; undefined for a list. */
  readonly inputNames: readonly string[] | undefined;
  readonly outputs: Structure;
  readonly inputShapes: readonly ModelInput[];
  readonly isFrozen: boolean;
}

/** Layers of a model at the most. */
const MOST_LAYERS = 20_000;

/** Classes of models; Keras calls those of a graph by either name. */
export function isModel(className: unknown): className is string {
  return className === "Sequential" || className === "Functional" || className === "Model";
}

/** @throws DataError for what is no model of layers */
export function planOf(className: string, config: unknown, where: string): ModelPlan {
  // The first versions had a list of layers alone.
  const own = Array.isArray(config) ? { layers: config } : config;
  if (!isRecord(own)) throw fault(`${where}: the config of ${className} is ${show(config)}, not an object`);
  const { layers: given, name } = own;
  if (!Array.isArray(given)) throw fault(`${where}: ${className} has no list of layers`);
  if (given.length > MOST_LAYERS) throw fault(`${where}: ${given.length} layers, of ${MOST_LAYERS} at the most`);
  const layers = layerPlans(given, where);
  const plan = {
    name: typeof name === "string" ? name : className.toLowerCase(),
    layers,
    isFrozen: own.trainable === false,
  };
  return className === "Sequential" ? chain(plan, own, where) : graph(plan, own, where);
}

function layerPlans(given: readonly unknown[], where: string): LayerPlan[] {
  const counts = new Map<string, number>();
  const names = new Set<string>();
  return given.map((each, i) => {
    const { class_name: className, config, name: outer, module, inbound_nodes: nodes } = isRecord(each) ? each : {};
    if (typeof className !== "string") throw fault(`${where}: layer ${i} has no class_name`);
    if (!isRecord(config) && !Array.isArray(config)) throw fault(`${where}: layer ${i}, ${className}, has no config`);
    const own = (config as Readonly<Record<string, unknown>>).name;
    // Models of the first versions have no name inside.
    const name = typeof outer === "string" ? outer : typeof own === "string" ? own : `${className.toLowerCase()}_${i}`;
    if (names.has(name)) throw fault(`${where}: two layers are called ${name}`);
    names.add(name);
    const isOperator = typeof module === "string" && module.startsWith("keras.src.ops");
    const index = counts.get(className) ?? 0;
    if (!isOperator) counts.set(className, index + 1);
    return {
      className,
      name,
      config: config as LayerPlan["config"],
      calls: className === "InputLayer" ? [] : callsOf(nodes, `${where}: ${name}`),
      isOperator,
      index,
    };
  });
}

type Begun = Pick<ModelPlan, "name" | "layers" | "isFrozen">;

/** Layers one after the other. */
function chain(plan: Begun, own: Readonly<Record<string, unknown>>, where: string): ModelPlan {
  const [first] = plan.layers;
  if (first === undefined) throw fault(`${where}: Sequential holds no layer`);
  const hasInput = first.className === "InputLayer";
  const begin: LayerPlan = hasInput
    ? { ...first, calls: [] }
    : {
        className: "InputLayer",
        name: nameBeside(plan, `${plan.name}_input`),
        config: first.config,
        calls: [],
        isOperator: false,
        index: 0,
      };
  let last: Ref = { layer: begin.name, call: 0, output: 0 };
  const layers = [begin];
  for (const layer of plan.layers.slice(hasInput ? 1 : 0)) {
    layers.push({ ...layer, calls: [{ inputs: [last], named: {} }] });
    last = { layer: layer.name, call: 0, output: 0 };
  }
  const shape = inputOf(begin);
  const inputShapes = [{ ...shape, shape: shape.shape.length > 0 ? shape.shape : shapeOf(own.build_input_shape) }];
  return {
    ...plan,
    layers,
    inputs: [{ layer: begin.name, call: 0, output: 0 }],
    inputNames: undefined,
    outputs: last,
    inputShapes,
  };
}

/** A name that no layer has. */
function nameBeside({ layers }: Begun, wanted: string): string {
  const names = new Set(layers.map(({ name }) => name));
  let name = wanted;
  while (names.has(name)) name += "_";
  return name;
}

/** Layers that are called with what others gave. */
function graph(plan: Begun, own: Readonly<Record<string, unknown>>, where: string): ModelPlan {
  const inputs = structureOf(own.input_layers, `${where}: input_layers`);
  const outputs = structureOf(own.output_layers, `${where}: output_layers`);
  const layers = countedFromZero(plan.layers, refsIn(outputs));
  const offset = (ref: Ref): Ref => ({ ...ref, call: ref.call - (layers.offsets.get(ref.layer) ?? 0) });
  const named = isOne(inputs) || Array.isArray(inputs) ? undefined : Object.keys(inputs);
  const byName = new Map(layers.plans.map((layer) => [layer.name, layer]));
  const refs = refsIn(inputs);
  const inputShapes = refs.map(({ layer }) => {
    const found = byName.get(layer);
    if (found?.className !== "InputLayer") throw fault(`${where}: ${layer} is no input`);
    return inputOf(found);
  });
  return {
    ...plan,
    layers: layers.plans,
    inputs: refs,
    inputNames: named,
    outputs: mapped(outputs, offset),
    inputShapes,
  };
}

function isOne(structure: Structure): structure is Ref {
  return typeof (structure as Ref).layer === "string" && typeof (structure as Ref).call === "number";
}

/** Results in the order in which they are handed over. */
export function refsIn(structure: Structure): readonly Ref[] {
  if (isOne(structure)) return [structure];
  return Array.isArray(structure) ? structure : Object.values(structure);
}

function mapped(structure: Structure, f: (ref: Ref) => Ref): Structure {
  if (isOne(structure)) return f(structure);
  if (Array.isArray(structure)) return structure.map(f);
  return Object.fromEntries(Object.entries(structure).map(([name, ref]) => [name, f(ref)]));
}

/** What a result is made of, handed over in the same way. */
export function valuesBy<T>(structure: Structure, f: (ref: Ref) => T): T | T[] | Record<string, T> {
  if (isOne(structure)) return f(structure);
  if (Array.isArray(structure)) return structure.map(f);
  return Object.fromEntries(Object.entries(structure).map(([name, ref]) => [name, f(ref)]));
}

/** Calls of models inside others are counted from 1 in some versions, as a model's own graph is one: here all from 0. */
function countedFromZero(plans: readonly LayerPlan[], outputs: readonly Ref[]) {
  const refs = [...outputs, ...plans.flatMap(({ calls }) => calls.flatMap(refsOfCall))];
  const most = new Map<string, number>();
  const least = new Map<string, number>();
  for (const { layer, call } of refs) {
    most.set(layer, Math.max(most.get(layer) ?? 0, call));
    least.set(layer, Math.min(least.get(layer) ?? call, call));
  }
  const offsets = new Map<string, number>();
  for (const { name, className, calls } of plans)
    if (
      isModel(className) &&
      (least.get(name) ?? 0) > 0 &&
      (most.get(name) === calls.length || className !== "Sequential")
    )
      offsets.set(name, 1);
  const moved = (ref: Ref): Ref => ({ ...ref, call: ref.call - (offsets.get(ref.layer) ?? 0) });
  const movedValue = (value: unknown): unknown =>
    Array.isArray(value) ? value.map((each) => (isRef(each) ? moved(each) : each)) : value;
  return {
    offsets,
    plans: plans.map((plan) => ({
      ...plan,
      calls: plan.calls.map(({ inputs, named }) => ({
        inputs: inputs.map((each) => (typeof each === "number" ? each : moved(each))),
        named: Object.fromEntries(Object.entries(named).map(([key, value]) => [key, movedValue(value)])),
      })),
    })),
  };
}

/** Whether a value is a result that was named in a call. */
export function isRef(value: unknown): value is Ref {
  return isRecord(value) && typeof value.layer === "string" && typeof value.call === "number";
}

/** All results that a call reads. */
export function refsOfCall({ inputs, named }: Call): Ref[] {
  return [...inputs, ...Object.values(named).flat()].filter(isRef);
}

/** @throws DataError unless a value names one result, several, or several by names */
function structureOf(given: unknown, where: string): Structure {
  const single = tripleOf(given);
  if (single !== undefined) return single;
  const ref = (each: unknown, i: number | string): Ref => {
    const found = tripleOf(each);
    if (found === undefined) throw fault(`${where}: ${i} is ${show(each)}, not a layer, its call and its output`);
    return found;
  };
  if (Array.isArray(given) && given.length > 0) return given.map(ref);
  if (isRecord(given) && Object.keys(given).length > 0)
    return Object.fromEntries(Object.entries(given).map(([name, each]) => [name, ref(each, name)]));
  throw fault(`${where} is ${show(given)}, not a list of layers`);
}

function tripleOf(given: unknown): Ref | undefined {
  if (!Array.isArray(given)) return undefined;
  const [layer, call, output] = given;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
  return typeof layer === "string" && isCount(call) && isCount(output) ? { layer, call, output } : undefined;
}

/** @throws DataError for calls that are written in no known way */
function callsOf(given: unknown, where: string): Call[] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw fault(`${where}: inbound_nodes is ${show(given)}, not a list`);
  return given.map((node) => (isRecord(node) ? callOfThree(node, where) : callOfTwo(node, where)));
}

/** A call as Keras 2 and TensorFlow.js write it: a list of [layer, call, output, names]. */
function callOfTwo(node: unknown, where: string): Call {
  // One input may stand alone.
  const list = Array.isArray(node) && typeof node[0] === "string" ? [node] : node;
  if (!Array.isArray(list)) throw fault(`${where}: a call is ${show(node)}`);
  const inputs = list.map((each) => {
    const ref = tripleOf(each);
    if (ref === undefined) throw fault(`${where}: it is called with ${show(each)}`);
    return ref;
  });
  const named = list.map((each) => each[3]).find((each) => isRecord(each) && Object.keys(each).length > 0) ?? {};
  const pairs = Object.entries(named as object).map(([key, value]) => [key, refsWithin(value, where) ?? value]);
  return { inputs, named: Object.fromEntries(pairs) };
}

/** Results in a value that holds nothing else. */
function refsWithin(value: unknown, where: string): Ref[] | undefined {
  const single = tripleOf(value);
  if (single !== undefined) return [single];
  const all = collected(value, where, 0);
  const refs = all.filter(isRef);
  if (refs.length > 0) return refs;
  const triples = Array.isArray(value) ? value.map(tripleOf) : [];
  return triples.length > 0 && triples.every(isRef) ? (triples as Ref[]) : undefined;
}

/** A call as Keras 3 writes it: what is handed over by place and by name, tensors with where they come from. */
function callOfThree({ args, kwargs }: Readonly<Record<string, unknown>>, where: string): Call {
  const inputs = collected(args, where, 0).filter((each) => isRef(each) || typeof each === "number") as Call["inputs"];
  const named = isRecord(kwargs) ? kwargs : {};
  const pairs = Object.entries(named).map(([key, value]) => [key, refsWithin(value, where) ?? value]);
  return { inputs, named: Object.fromEntries(pairs) };
}

/** Tensors and plain values in lists within lists. */
function collected(value: unknown, where: string, depth: number): unknown[] {
  if (depth > DEEPEST) throw fault(`${where}: it is called with lists in more than ${DEEPEST} lists`);
  if (Array.isArray(value)) return value.flatMap((each) => collected(each, where, depth + 1));
  if (!isRecord(value)) return [value];
  // Tensors by the names of a model's inputs, in their order.
  if (value.class_name === undefined) return Object.values(value).flatMap((each) => collected(each, where, depth + 1));
  if (value.class_name !== "__keras_tensor__") return [value];
  const ref = tripleOf(isRecord(value.config) ? value.config.keras_history : undefined);
  if (ref === undefined) throw fault(`${where}: a tensor does not say where it comes from`);
  return [ref];
}

/** What an input says of itself. */
function inputOf({ name, config }: LayerPlan): ModelInput {
  const { batch_shape, batch_input_shape, dtype } = config;
  return {
    name,
    shape: shapeOf(batch_shape ?? batch_input_shape),
    dtype: typeof dtype === "string" ? dtype : "float32",
  };
}

function shapeOf(given: unknown): readonly (number | null)[] {
  const isSize = (each: unknown) => each === null || (Number.isSafeInteger(each) && Number(each) >= 0);
  return Array.isArray(given) && given.every(isSize) ? given : [];
}

/** Whether a shape is one that an input takes; an input that says nothing takes any. */
export function takes({ shape }: ModelInput, given: Shape): boolean {
  return (
    shape.length === 0 ||
    (shape.length === given.length && shape.every((size, i) => size === null || size === given[i]))
  );
}
