// Texts, and numbers that are names, as numbers.
import { aFiniteNumber, aListOf, aRecordOf, aWholeNumber, type Check, must, oneOf } from "../../check.ts";
import { DataError } from "../../errors.ts";
import { show } from "../../show.ts";
import { hashedPlace } from "./murmur3.ts";
import { anObjectOf, checkFinite, type Feature, type Kind, type NumericFeature } from "./step.ts";

/** What stands for a category: a text, a number, or null for what is missing. */
type Category = string | number | null;

interface CategoryOptions {
  /** Categories of columns by their names, in their order. Default: those of the rows that are fitted, sorted. */
  readonly categories?: Readonly<Record<string, readonly (string | number)[]>>;
}

export interface OneHotOptions extends CategoryOptions {
  /** What a category that was not there when it was fitted is: an error, or zeros. Default "error". */
  readonly unknown?: "error" | "ignore";
  /** Leaves the column of the first category out: of all features, or of those with two. Default "none". */
  readonly drop?: "none" | "first" | "binary";
}

export interface OrdinalOptions extends CategoryOptions {
  /** What a category that was not there when it was fitted is: an error, or this number. Default "error". */
  readonly unknown?: "error" | number;
}

export interface HashingOptions {
  /** Number of features that are made. */
  readonly features: number;
}

interface Known {
  readonly categories: readonly Category[];
}

function aCategory(value: unknown, what: string): void {
  must(value === null || typeof value === "string" || Number.isFinite(value), value, what, "a text, a number or null");
}

const aName: Check = (value, what) =>
  must(typeof value === "string" || Number.isFinite(value), value, what, "a text or a number");
const state = anObjectOf({ categories: aListOf(aCategory) });
const categories = aRecordOf(aListOf(aName));

/** A value as a category. */
function categoryOf(value: string | number | null): Category {
  return Number.isNaN(value) ? null : value;
}

function categoriesOf(features: readonly Feature[], options: CategoryOptions, step: string): readonly Known[] {
  for (const name of Object.keys(options.categories ?? {}))
    if (!features.some((feature) => feature.name === name))
      throw new DataError(
        `${step}: categories are of column ${show(name)}, the columns are [${features.map((each) => each.name).join(", ")}]`,
      );
  return features.map(({ name, values }) => {
    const { categories: given = {} } = options;
    if (Object.hasOwn(given, name)) return { categories: given[name] };
    checkFinite([{ name, values }], step);
    const found = new Set<Category>();
    for (const value of values) found.add(categoryOf(value));
    return { categories: [...found].sort(compare) };
  });
}

/** Numbers by size, texts by their characters' numbers; what is missing comes last. */
function compare(a: Category, b: Category): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [Array.from(`${a}`), Array.from(`${b}`)];
  const at = left.findIndex((character, i) => character !== right[i]);
  if (at < 0) return left.length - right.length;
  return at < right.length ? (left[at].codePointAt(0) as number) - (right[at].codePointAt(0) as number) : 1;
}

/** Places of a feature's values among the categories; `unknown` for others. */
function placesOf(
  { name, values }: Feature,
  { categories }: Known,
  unknown: number | "error",
  step: string,
): Float64Array {
  const places = new Map(categories.map((category, i) => [category, i]));
  return Float64Array.from({ length: values.length }, (_, row) => {
    const category = categoryOf(values[row]);
    const place = places.get(category) ?? unknown;
    if (place === "error")
      throw new DataError(
        `${step}: row ${row} of column ${show(name)} is ${category === null ? "missing" : show(category)}, none of [${categories.join(", ")}]`,
      );
    return place;
  });
}

/** Values of categories again: numbers, if all are; null, NaN of numbers, where there is none. */
function valuesOf(places: ArrayLike<number>, { categories }: Known): Feature["values"] {
  const values = Array.from(places, (place) => categories[place] ?? null);
  const areTexts = categories.some((category) => typeof category === "string");
  return areTexts
    ? (values as (string | null)[])
    : Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
}

/** The first category that has a column. */
function firstOf({ categories }: Known, drop: OneHotOptions["drop"]): number {
  return drop === "first" || (drop === "binary" && categories.length === 2) ? 1 : 0;
}

export const oneHot: Kind = {
  state,
  options: { categories, unknown: oneOf("error", "ignore"), drop: oneOf("none", "first", "binary") } as Kind["options"],
  fit: (features, options: OneHotOptions) => categoriesOf(features, options, "oneHot"),
  apply(features, state: readonly Known[], { unknown = "error", drop }: OneHotOptions) {
    return features.flatMap((feature, i) => {
      const places = placesOf(feature, state[i], unknown === "ignore" ? -1 : unknown, "oneHot");
      const first = firstOf(state[i], drop);
      return state[i].categories.slice(first).map((category, c) => ({
        name: `${feature.name}_${category ?? "missing"}`,
        values: places.map((place) => Number(place === c + first)),
      }));
    });
  },
  invert(features, state: readonly Known[], { drop }: OneHotOptions, names, rows) {
    let next = 0;
    return state.map((known, i) => {
      const first = firstOf(known, drop);
      const own = features.slice(next, next + known.categories.length - first);
      next += own.length;
      return { name: names[i], values: valuesOf(largestOf(own, first, rows), known) };
    });
  },
};

/** The column with the largest number of each row; where none is above 0, the category without a column, or none. */
function largestOf(columns: readonly NumericFeature[], first: number, rows: number): number[] {
  return Array.from({ length: rows }, (_, row) => {
    let best = first === 1 ? 0 : -1;
    let most = 0;
    for (const [c, { values }] of columns.entries()) if (values[row] > most) [best, most] = [c + first, values[row]];
    return first === 1 && most < 0.5 ? 0 : best;
  });
}

const anUnknown: Check = (value, what) => (value === "error" ? undefined : aFiniteNumber(value, what));

export const ordinal: Kind = {
  state,
  options: { categories, unknown: anUnknown } as Kind["options"],
  fit(features, options: OrdinalOptions) {
    const found = categoriesOf(features, options, "ordinal") as readonly Known[];
    return found.map((each) => ({ categories: each.categories.filter((category) => category !== null) }));
  },
  apply(features, state: readonly Known[], { unknown = "error" }: OrdinalOptions) {
    return features.map((feature, i) => {
      const withMissing = { categories: [...state[i].categories, null] };
      const places = placesOf(feature, withMissing, unknown, "ordinal");
      const missing = state[i].categories.length;
      const isMissing = (row: number) => categoryOf(feature.values[row]) === null;
      return {
        name: feature.name,
        values: places.map((place, row) => (place === missing && isMissing(row) ? Number.NaN : place)),
      };
    });
  },
  invert(features, state: readonly Known[]) {
    return features.map(({ name, values }, i) => ({ name, values: valuesOf(values.map(Math.round), state[i]) }));
  },
};

export const hashing: Kind = {
  state: null,
  options: { features: aWholeNumber(1, 2 ** 20) } as Kind["options"],
  required: ["features"],
  fit: () => [],
  apply(features, _, { features: count }: HashingOptions) {
    const rows = features[0]?.values.length ?? 0;
    const made = Array.from({ length: count }, () => new Float64Array(rows));
    for (const { name, values } of features) {
      const placed = new Map<string, ReturnType<typeof hashedPlace>>();
      for (let row = 0; row < rows; row++) {
        const value = categoryOf(values[row]);
        if (value === null) continue;
        const token = typeof value === "string" ? `${name}=${value}` : name;
        const found = placed.get(token) ?? hashedPlace(token, count);
        placed.set(token, found);
        made[found.place][row] += found.sign * (typeof value === "string" ? 1 : value);
      }
    }
    const prefix = features.map(({ name }) => name).join("+");
    return made.map((values, i) => ({ name: `${prefix}_hash${i}`, values }));
  },
};
