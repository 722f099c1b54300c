// Indices among the inputs, such as the tokens that an Embedding looks up: a row that is not there would be NaN at best. They are
// found in the model's graph for one row: what it gathers by, if that is made of elements of x moved about, and of nothing else.
import type { TypedData } from "../data/array.ts";
import { DataError } from "../errors.ts";
import { topological } from "../graph.ts";
import type { Walk } from "../op.ts";
import { cast } from "../ops/elementwise.ts";
import { gather } from "../ops/indexing.ts";
import { input } from "../ops/leaf.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";

/** Where in a row of x the elements of a tensor come from; -1 for one that comes from elsewhere. */
type Origins = Int32Array;

/** A table, and where in a row the indices are that are looked up in it. */
export interface Lookup {
  readonly table: Tensor;
  readonly places: Origins;
}

/** What the model's `output`, a graph of one row, looks up in tables. */
export function lookupsOf(output: Tensor): Lookup[] {
  const nodes = topological([output]);
  const places = new Map<Tensor, Origins | undefined>();
  for (const node of nodes) places.set(node, placesOf(node, places));
  return nodes.flatMap(({ op, inputs }) => {
    const looked = op === gather ? places.get(inputs[1]) : undefined;
    return looked === undefined ? [] : [{ table: inputs[0], places: looked }];
  });
}

/**
 * Checks all rows of x against the tables that they are looked up in.
 * @throws DataError naming the first row with an index that has no row in its table
 */
export function checkIndices(lookups: readonly Lookup[], x: TypedData, nameOf: (table: Tensor) => string): void {
  for (const { table, places } of lookups) checkRows(x, places, table.shape, nameOf(table));
}

function placesOf({ op, inputs, attrs, shape }: Tensor, known: ReadonlyMap<Tensor, Origins | undefined>) {
  const { lowering } = op;
  if (op === input) return Int32Array.from({ length: sizeOf(shape) }, (_, i) => i);
  const from = inputs.map((each) => known.get(each));
  if (lowering.kind === "view" || op === cast) return from[0];
  if (lowering.kind === "window") {
    const [source] = from;
    return source && taken(source, shape, lowering.window(attrs, stridesOf(inputs[0].shape)));
  }
  if (lowering.kind !== "parts") return undefined;
  const to = new Int32Array(sizeOf(shape)).fill(-1);
  for (const [i, walk] of lowering.parts(inputs, attrs, stridesOf(shape)).entries()) {
    const source = from[i];
    if (source === undefined) return undefined;
    visit(inputs[i].shape, walk, (place, k) => {
      to[place] = source[k];
    });
  }
  return to;
}

function taken(from: Origins, shape: Shape, walk: Walk): Origins {
  const to = new Int32Array(sizeOf(shape));
  visit(shape, walk, (place, k) => {
    to[k] = from[place];
  });
  return to;
}

/** Calls `each` with where every element lies, and its number. */
function visit(shape: Shape, { start, strides }: Walk, each: (place: number, k: number) => void): void {
  let k = 0;
  const walk = (axis: number, place: number): void => {
    if (axis === shape.length) each(place, k++);
    else for (let i = 0; i < shape[axis]; i++) walk(axis + 1, place + i * strides[axis]);
  };
  walk(0, start);
}

function checkRows({ data, shape }: TypedData, places: Origins, table: Shape, name: string): void {
  const width = sizeOf(shape.slice(1));
  for (let row = 0; row < shape[0]; row++)
    for (const place of places) {
      const index = place < 0 ? 0 : Math.trunc(data[row * width + place]);
      if (!(index >= 0 && index < table[0]))
        throw new DataError(
          `x: row ${row} holds index ${index}, outside the rows 0..${table[0] - 1} of ${name} ${showShape(table)}`,
        );
    }
}
