// All that a visitor chooses, what may change while it trains, and both as text in the page's address.
import { choice, type Field, list, number, seed, whole } from "../shared/address.ts";
import {
  type ActivationName,
  activations,
  type FeatureName,
  features,
  type OptimizerName,
  optimizers,
  type PenaltyName,
  penalties,
  type Shape,
  type Way,
  widthsOf,
} from "./network.ts";
import { pointsField } from "./points.ts";
import { type Choice, kinds, outputsOf, type SetName, samplesOf } from "./samples.ts";
import type { Scale } from "./scale.ts";

export interface Settings extends Choice, Shape, Way {
  readonly activation: ActivationName;
  readonly batch: number;
}

/** What was done after so many steps: settings changed, or one number of the network set by hand. */
export interface Change {
  readonly step: number;
  readonly set: Partial<Settings>;
  readonly weight?: WeightEdit;
}

export interface WeightEdit {
  /** Such as "2.weight". */
  readonly path: string;
  /** In its elements. */
  readonly index: number;
  readonly value: number;
}

export const MOST_LAYERS = 6;
export const MOST_UNITS = 16;
export const batches = [1, 5, 10, 20, 50, 100];
export const strengths = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1];

const names = <T extends string>(table: Record<T, unknown>) => Object.keys(table) as T[];
const oneOf = (values: readonly number[], fallback: number): Field<number> => ({
  fallback,
  parse: (text) => values.find((value) => String(value) === text),
  write: String,
});

/** Settings that may change while it trains, the weights staying what they are. */
const inFlight = {
  data: choice<SetName>("spiral", names(kinds)),
  noise: whole(5, 0, 50),
  share: whole(70, 10, 90),
  points: pointsField,
  activation: choice<ActivationName>("tanh", names(activations)),
  optimizer: choice<OptimizerName>("adam", names(optimizers)),
  rate: number(0.0003, 1e-5, 10),
  penalty: choice<PenaltyName>("none", names(penalties)),
  strength: oneOf(strengths, 0.001),
  batch: oneOf(batches, 10),
};

const seen = list<FeatureName>(["x", "y"], choice<FeatureName>("x", names(features)), names(features).length);

const settingsFields = {
  seed,
  ...inFlight,
  features: { ...seen, parse: (text) => ordered(seen.parse(text)) } as Field<readonly FeatureName[]>,
  hidden: list([8, 8], whole(8, 1, MOST_UNITS), MOST_LAYERS),
};

/** In the order of the table, none twice; undefined for none at all. */
function ordered(chosen: readonly FeatureName[] | undefined): readonly FeatureName[] | undefined {
  const found = names(features).filter((name) => chosen?.includes(name));
  return found.length === 0 ? undefined : found;
}

/** The page's address. */
export const fields = {
  ...settingsFields,
  steps: whole(0, 0, 1e12),
  changes: {
    fallback: [],
    parse: changesOf,
    write: (changes) => changes.map(textOf).join("**"),
  } as Field<readonly Change[]>,
};

/** Such as 1200*rate_0.01*batch_5 or 1500*2.weight_7_0.25: of letters that addresses leave as they are. */
function textOf({ step, set, weight }: Change): string {
  const entries = Object.entries(set).map(([name, value]) => {
    const field = inFlight[name as keyof typeof inFlight] as Field<unknown>;
    return `${name}_${field.write(value)}`;
  });
  const edit = weight && [`${weight.path}_${weight.index}_${weight.value}`];
  return [step, ...entries, ...(edit ?? [])].join("*");
}

function changesOf(text: string): readonly Change[] | undefined {
  const found = text === "" ? [] : text.split("**").map(changeOf);
  const inOrder = found.every((change, i) => change !== undefined && change.step >= (found[i - 1]?.step ?? 0));
  return inOrder ? (found as Change[]) : undefined;
}

function changeOf(text: string): Change | undefined {
  const [first, ...parts] = text.split("*");
  const step = whole(0, 0, 1e12).parse(first);
  if (step === undefined || parts.length === 0) return undefined;
  const set: Record<string, unknown> = {};
  let weight: WeightEdit | undefined;
  for (const part of parts) {
    const [name, value, last] = part.split("_");
    if (/^\d+\.(weight|bias)$/.test(name)) {
      const [index, to] = [whole(0, 0, 1e4).parse(value), number(0, -100, 100).parse(last)];
      if (index === undefined || to === undefined) return undefined;
      weight = { path: name, index, value: to };
    } else {
      const field = Object.hasOwn(inFlight, name)
        ? (inFlight[name as keyof typeof inFlight] as Field<unknown>)
        : undefined;
      const parsed = field?.parse(value ?? "");
      if (parsed === undefined) return undefined;
      set[name] = parsed;
    }
  }
  return { step, set, weight };
}

/** Settings whose own points are there where they are asked for, with those of the changes that their network can follow. */
export function sound<T extends Settings & { readonly changes: readonly Change[] }>(said: T): T {
  const settings: T = said.data === "own" && said.points.rows.length < 2 ? { ...said, data: "spiral" } : said;
  let now: Settings = settings;
  const changes = settings.changes.flatMap((change) => {
    const fitting = fittingPart(change, now);
    now = { ...now, ...fitting.set };
    return Object.keys(fitting.set).length > 0 || fitting.weight !== undefined ? [fitting] : [];
  });
  return { ...settings, changes };
}

/** A change without points that are missing or of other classes, and without a weight that the network does not have. */
function fittingPart({ step, set, weight }: Change, before: Settings): Change {
  const after = { ...before, ...set };
  const { data, points, share, ...others } = set;
  const fits = outputsOf(after) === outputsOf(before) && samplesOf(after).train.y.length >= 2;
  return { step, set: fits ? set : others, weight: weight && hasWeight(before, weight) ? weight : undefined };
}

function hasWeight(settings: Settings, { path, index }: WeightEdit): boolean {
  const [place, name] = path.split(".");
  const widths = widthsOf(settings, outputsOf(settings));
  const [inputs, units] = widths.slice(Number(place) / 2);
  return Number(place) % 2 === 0 && units !== undefined && index < (name === "bias" ? units : inputs * units);
}

/** How a file's numbers became the points, where the points are a file's. */
export function scaleOf({ data, points }: Pick<Settings, "data" | "points">): Scale | undefined {
  return data === "own" ? points.scale : undefined;
}

/** Whether the weights of one fit the other. */
export function sameNetwork(a: Settings, b: Settings): boolean {
  const text = (each: Settings) => JSON.stringify([each.seed, each.features, each.hidden, outputsOf(each)]);
  return text(a) === text(b);
}

/** What must be changed to come from one to the other. */
export function difference(from: Settings, to: Settings): Partial<Settings> {
  const changed = names(inFlight).filter((name) => JSON.stringify(from[name]) !== JSON.stringify(to[name]));
  return Object.fromEntries(changed.map((name) => [name, to[name]]));
}
