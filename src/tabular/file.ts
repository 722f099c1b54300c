// A model as one safetensors file: weights under PyTorch's names, everything else as JSON in the metadata, sealed by a checksum.
import {
  aFiniteNumber,
  aFraction,
  aListOf,
  aNumber,
  anInteger,
  aPositiveNumber,
  aRecordOf,
  aText,
  aWholeNumber,
  type Check,
  type Checks,
  checkOptions,
  must,
  oneOf,
} from "../check.ts";
import type { NumericArray } from "../data/array.ts";
import { bytesOf } from "../data/bytes.ts";
import { COLUMN_TYPES } from "../data/column-types.ts";
import { type FittedPreprocessing, preprocessingFromJSON } from "../data/preprocessing/preprocessing.ts";
import { DataError, SimdgradError } from "../errors.ts";
import { exactJson, readJson } from "../io/exact-json.ts";
import { parseSafetensors } from "../io/safetensors.ts";
import { faultOfSeal, serializeSealed } from "../io/sealed.ts";
import { sameShape, showShape } from "../shape.ts";
import type { StateDict } from "../train/state.ts";
import { type DroppedColumn, type TabularColumn, USES } from "./columns.ts";
import { DATE_PARTS } from "./dates.ts";
import { type TabularNetwork, weightShapes } from "./network.ts";
import { aReading, type TabularReading } from "./options.ts";
import type { Scores } from "./scores.ts";
import type { Target } from "./target.ts";

/** How a network was trained. */
export interface TabularTraining {
  readonly seed: number;
  readonly rate: number;
  readonly weightDecay: number;
  readonly batch: number;
  /** Epochs that there might have been, that there were, and the one whose weights these are. */
  readonly epochs: number;
  readonly patience: number;
  readonly ran: number;
  readonly best: number;
  /** The loss of the best one on the rows to validate with. */
  readonly loss: number;
  /** Rows of the three parts. */
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
}

/** Figures on the rows to test with: of the network, of a linear model, and of what is told without a look at the row. */
export interface TabularMetrics {
  readonly test: Scores;
  readonly linear: Scores;
  readonly baseline: Scores;
}

/** The rows that a model was made of. */
export interface TabularSource {
  /** Of their cells. */
  readonly checksum: string;
  /** How their file was read. */
  readonly reading: TabularReading;
}

/** All that is known of a model but its weights. */
export interface Description {
  readonly target: Target;
  readonly columns: readonly TabularColumn[];
  readonly dropped: readonly DroppedColumn[];
  readonly notes: readonly string[];
  readonly preprocessing: FittedPreprocessing;
  readonly network: TabularNetwork;
  readonly training: TabularTraining;
  readonly metrics: TabularMetrics;
  /** Files of earlier times do not have it. */
  readonly source?: TabularSource | undefined;
}

/** What the metadata says that the file is. */
export const TABULAR_FORMAT = "simdgrad-tabular";
const MARKS = { format: TABULAR_FORMAT, version: 1 };

/** The file of a model. */
export function serializeModel(description: Description, state: StateDict): Uint8Array<ArrayBuffer> {
  return serializeSealed(state, MARKS, { model: exactJson(description, "save") });
}

/** An object with exactly these members. */
function all<T extends object>(checks: Checks<T>): Check {
  return (value, what) => checkOptions(value as T, what, checks, ...(Object.keys(checks) as (keyof T)[]));
}

const aCount = aWholeNumber(0);
const scores = aRecordOf(aResult);

/** Any number, NaN too: figures of a few rows may be such. */
function aResult(value: unknown, what: string): void {
  must(typeof value === "number", value, what, "a number");
}

const checks: Checks<Omit<Description, "source">> = {
  target: all<Target>({
    name: aText,
    type: oneOf(...COLUMN_TYPES),
    task: oneOf("classification", "regression"),
    classes: aListOf(aText),
    mean: aFiniteNumber,
    scale: aPositiveNumber,
  }),
  columns: aListOf(
    all<TabularColumn>({
      name: aText,
      type: oneOf(...COLUMN_TYPES),
      use: oneOf(...USES),
      parts: aListOf(oneOf(...DATE_PARTS)),
    }),
  ),
  dropped: aListOf(all<DroppedColumn>({ name: aText, reason: aText })),
  notes: aListOf(aText),
  preprocessing: () => undefined, // looked at by its own reader
  network: all<TabularNetwork>({
    features: aWholeNumber(1, 2 ** 24),
    hidden: aListOf(aWholeNumber(1, 2 ** 14)),
    outputs: aWholeNumber(1, 2 ** 24),
    dropout: aFraction,
  }),
  training: all<TabularTraining>({
    seed: anInteger,
    rate: aPositiveNumber,
    weightDecay: aNumber,
    batch: aCount,
    epochs: aCount,
    patience: aCount,
    ran: aCount,
    best: aCount,
    loss: aResult,
    rows: all({ train: aCount, validation: aCount, test: aCount }),
  }),
  metrics: all<TabularMetrics>({ test: scores, linear: scores, baseline: scores }),
};

const sourceCheck = all<TabularSource>({ checksum: aText, reading: aReading });

/**
 * The model that a file holds. Nothing is read of one that is not whole.
 * @throws DataError saying what is wrong: for other files, those of a newer version, and changed or torn ones
 */
export function parseModel(given: Uint8Array | ArrayBuffer): { description: Description; state: StateDict } {
  const bytes = bytesOf(given, "load: bytes");
  const { tensors, metadata } = parseSafetensors(bytes);
  const wrong = faultOfSeal(bytes, metadata, MARKS);
  if (wrong !== undefined) throw new DataError(`tabular model: ${wrong}`);
  try {
    const description = described(metadata.model ?? "");
    checkWeights(description.network, tensors);
    return { description, state: tensors as StateDict };
  } catch (error) {
    if (!(error instanceof SimdgradError || error instanceof SyntaxError)) throw error;
    throw new DataError(`tabular model: ${error.message}`, { cause: error });
  }
}

function described(text: string): Description {
  const given = readJson(text) as unknown as Description;
  checkOptions(given, "model", { ...checks, source: sourceCheck }, ...(Object.keys(checks) as (keyof Description)[]));
  const preprocessing = preprocessingFromJSON(given.preprocessing);
  const { target, network } = given;
  const { length } = preprocessing.names;
  must(network.features === length, network.features, "model: network.features", `${length}, as are made`);
  const outputs = target.task === "classification" ? target.classes.length : 1;
  must(network.outputs === outputs, network.outputs, "model: network.outputs", `${outputs}, as the target has`);
  return { ...given, preprocessing };
}

function checkWeights(network: TabularNetwork, tensors: Readonly<Record<string, NumericArray>>): void {
  const shapes = weightShapes(network);
  const names = Object.keys(tensors).sort();
  const wanted = [...shapes.keys()].sort();
  if (names.join() !== wanted.join())
    throw new DataError(`the weights are [${names.join(", ")}], not [${wanted.join(", ")}]`);
  for (const [name, shape] of shapes) {
    const { data, shape: found } = tensors[name];
    if (!(data instanceof Float32Array) || !sameShape(found, shape))
      throw new DataError(`${name} is not f32 ${showShape(shape)}`);
  }
}
