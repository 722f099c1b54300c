// Parts of a model by their paths, and other parts in their places.
import { must } from "../check.ts";
import { meant } from "../data/nearest.ts";
import { ArgumentError } from "../errors.ts";
import { edits } from "../nn/edits.ts";
import { aLayer, type Context, type Module, partsOf } from "../nn/module.ts";
import { Tensor } from "../tensor.ts";

/** Throws an ArgumentError unless a value can hold layers; `what` says where it was given. */
export function aModel(value: unknown, what: string): void {
  const holds = typeof value === "object" && value !== null && !(value instanceof Tensor) && !ArrayBuffer.isView(value);
  must(holds, value, what, "a layer with layers in it, such as new Sequential(a, b)");
}

/** Throws an ArgumentError unless a value is a layer that is an object; `what` says where it was given. */
export function aLayerObject(value: unknown, what: string, expected = "an object with forward(x, context)"): void {
  aLayer(value, what);
  must(typeof value === "object", value, what, expected);
}

/** A layer within a model. */
export interface Place {
  readonly path: string;
  /** What the model holds there. */
  readonly held: object;
  /** What runs there: that, or what stands in for it. */
  readonly layer: Module<never, unknown>;
}

/** What runs in the place of layers that a model holds where nobody can reach them. */
const standIns = new WeakMap<object, Module<never, unknown>>();

/** All layers of a model, what holds others before what it holds; not itself. */
export function placesIn(model: object): Place[] {
  return [...partsOf(model)].flatMap(([held, path]) => {
    const layer = standIns.get(held) ?? held;
    return path !== "" && isLayer(layer) ? [{ path, held, layer }] : [];
  });
}

/** @throws ArgumentError where a model has no layer at a path */
export function placeAt(model: object, path: string, name: string): Place {
  const places = placesIn(model);
  const found = places.find((place) => place.path === path);
  if (found !== undefined) return found;
  if (places.length === 0) throw withoutLayers(name);
  const paths = places.map((place) => place.path);
  throw new ArgumentError(
    `${name}: the model has no layer ${JSON.stringify(path)}${meant(path, paths) || `; it has ${listed(paths)}`}`,
  );
}

/** The error for a model that is not made of layers, such as a graph of ONNX's. */
export function withoutLayers(name: string): ArgumentError {
  return new ArgumentError(
    `${name}: the model has no layers in it: of what fromOnnx reads, which is one graph, fromOnnx(bytes, { output }) gives features for a head`,
  );
}

export function isLayer(part: unknown): part is Module<never, unknown> {
  return typeof (part as { readonly forward?: unknown }).forward === "function";
}

/** Parts of a layer by the names that it gives them. */
export function partsOfLayer(layer: object): Iterable<readonly [string, unknown]> {
  const { children } = layer as Partial<Module>;
  return typeof children === "function" ? children.call(layer) : Object.entries(layer);
}

/** Names, not too many. */
export function listed(names: readonly string[]): string {
  const more = names.length > 8 ? `, ... ${names.length} in all` : "";
  return names.length === 0 ? "none" : `${names.slice(0, 8).join(", ")}${more}`;
}

/** Where an object holds another. */
interface Slot {
  readonly holder: object;
  readonly key: string;
  readonly value: object;
}

/** All fields below an object that hold one of these. */
function slotsOf(root: object, wanted: (value: object) => boolean): Slot[] {
  const seen = new Set<object>([root]);
  const slots: Slot[] = [];
  for (const holder of seen)
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (typeof value !== "object" || value === null) continue;
      if (wanted(value)) slots.push({ holder, key, value });
      else if (!(value instanceof Tensor) && !ArrayBuffer.isView(value)) seen.add(value);
    }
  return slots;
}

/**
 * Puts other layers in the places of some, wherever the model holds them. One that it holds where nobody can set it, in a private
 * field or a closure, has the other one run in its stead.
 * @throws ArgumentError where neither can be; the model stays as it was then
 */
export function replaceParts(model: object, others: ReadonlyMap<object, object>, name: string): void {
  const paths = partsOf(model);
  const slots = slotsOf(model, (value) => others.has(value));
  const areSet = slots.every(({ holder, key, value }) => Reflect.set(holder, key, others.get(value)));
  const left = partsOf(model);
  const stuck = areSet
    ? [...others].filter(([held, other]) => left.has(held) && !partsOf(other).has(held))
    : [...others];
  if (areSet && stuck.every(([held, other]) => canStandIn(other, held))) {
    for (const [held, other] of stuck) standIn(other as Module<never, unknown>, held);
    edits.count++;
    return;
  }
  for (const { holder, key, value } of slots) Reflect.set(holder, key, value);
  const [[held]] = stuck;
  throw new ArgumentError(`${name}: ${paths.get(held)} cannot be replaced where the model holds it`);
}

/** Whether a layer can run in the stead of another: it does not run that one itself. */
function canStandIn(other: object, held: object): boolean {
  return isOpen(held) && slotsOf(other, (value) => value === held).length === 0;
}

/** Whether an object can be given methods of its own. */
function isOpen(held: object): boolean {
  const own = ["forward", "children"].map((key) => Object.getOwnPropertyDescriptor(held, key));
  return Object.isExtensible(held) && own.every((each) => each === undefined || each.configurable);
}

/** Has a layer run in the stead of another, which keeps its place. */
function standIn(other: Module<never, unknown>, held: object): void {
  standIns.set(held, other);
  Object.defineProperties(held, {
    forward: { value: (x: never, context: never) => other.forward(x, context), configurable: true },
    children: { value: () => partsOfLayer(other), configurable: true },
  });
}

/**
 * Runs something while a layer tells what it is given.
 * @throws ArgumentError for a frozen object
 */
export function listening<T>(held: object, told: (x: unknown) => void, run: () => T, name: string): T {
  if (!isOpen(held)) throw new ArgumentError(`${name}: the layer is a frozen object, which tells nothing`);
  const own = Object.getOwnPropertyDescriptor(held, "forward");
  const { forward } = held as Module<unknown, unknown>;
  const value = (x: unknown, context: Context) => {
    told(x);
    return forward.call(held, x, context);
  };
  Object.defineProperty(held, "forward", { value, configurable: true });
  try {
    return run();
  } finally {
    if (own === undefined) Reflect.deleteProperty(held, "forward");
    else Object.defineProperty(held, "forward", own);
  }
}
