// Parts of a model by their paths, and other parts in their places.
import { must } from "../check.ts";
import { meant } from "../data/nearest.ts";
import { ArgumentError } from "../errors.ts";
import { partsOf } from "../nn/module.ts";
import { Tensor } from "../tensor.ts";

/** Throws an ArgumentError unless a value can hold layers; `what` says where it was given. */
export function aModel(value: unknown, what: string): void {
  const holds = typeof value === "object" && value !== null && !(value instanceof Tensor) && !ArrayBuffer.isView(value);
  must(holds, value, what, "a layer with layers in it, such as new Sequential(a, b)");
}

/** @throws ArgumentError where a model has no layer at a path */
export function layerAt(model: object, path: string, name: string): object {
  const layers = [...partsOf(model)].filter(([part, at]) => at !== "" && isLayer(part));
  const found = layers.find(([, at]) => at === path)?.[0];
  if (found !== undefined) return found;
  const paths = layers.map(([, at]) => at);
  throw new ArgumentError(
    `${name}: the model has no layer ${JSON.stringify(path)}${meant(path, paths) || `; it has ${listed(paths)}`}`,
  );
}

export function isLayer(part: unknown): part is { forward(x: never, context: never): unknown } {
  return typeof (part as { readonly forward?: unknown }).forward === "function";
}

/** Names, not too many. */
export function listed(names: readonly string[]): string {
  const more = names.length > 8 ? `, ... ${names.length} in all` : "";
  return names.length === 0 ? "none" : `${names.slice(0, 8).join(", ")}${more}`;
}

/** Where an object holds another: its field, or its key in a Map. */
interface Slot {
  readonly holder: object;
  readonly key: string;
  readonly value: object;
}

/** All places below a model that hold one of these. */
function slotsOf(model: object, wanted: (value: object) => boolean): Slot[] {
  const seen = new Set<object>([model]);
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
 * Puts other layers in the places of some, wherever the model holds them; gives back what undoes it.
 * @throws ArgumentError where one is in no field that can be set; the model stays as it was then
 */
export function replaceParts(model: object, others: ReadonlyMap<object, object>, name: string): () => void {
  const slots = slotsOf(model, (value) => others.has(value));
  const undo = () => {
    for (const { holder, key, value } of slots) Reflect.set(holder, key, value);
  };
  const areSet = slots.every(({ holder, key, value }) => Reflect.set(holder, key, others.get(value)));
  const left = partsOf(model);
  const paths = new Map([...others.keys()].map((part) => [part, left.get(part)]));
  const inPlace = new Set(slots.map(({ value }) => value));
  const stuck = [...others.keys()].filter((part) => !inPlace.has(part) || isReached(left, part, others.get(part)));
  if (areSet && stuck.length === 0) return undo;
  undo();
  const path = stuck.map((part) => partsOf(model).get(part) ?? paths.get(part)).find((each) => each !== undefined);
  throw new ArgumentError(
    `${name}: ${path ?? "the layer"} cannot be replaced: it is in a field that is private or cannot be set, or in a closure`,
  );
}

/** Whether a part is still found, but for within what took its place. */
function isReached(left: ReadonlyMap<object, string>, part: object, other: object | undefined): boolean {
  if (!left.has(part)) return false;
  return other === undefined || !partsOf(other).has(part);
}
