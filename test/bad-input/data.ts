// What simdgrad/data exports beside arrays and sources, with right arguments.

import * as given from "../../src/data/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const file = { file: a.text("people.csv"), encoding: a.word("windows-1252") };

const csv = {
  ...file,
  delimiter: a.word(";"),
  header: a.flag(true),
  names: a.also(a.list(["name", "age"]), ["a list of digits", "two names"]),
  columns: a.list(["age"]),
  types: a.also(a.instance({ age: "number" }), ["an object without a prototype", "no types"]),
  missing: a.also(a.list(["?"]), ["a list of digits", "texts"]),
  decimal: a.word(","),
  categories: a.whole(3),
};

const text = a.also(
  a.instance("name;age\nAda;36\nAlan;41\n"),
  ["word", "a text"],
  ["digits", "a text"],
  ["a list of digits", "a text in pieces"],
);
const lines = a.also(
  a.instance('{"x":1}\n'),
  ["digits", "a text that is JSON"],
  ["a list of digits", "such a text in pieces"],
);

async function drain(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

const source = a.also(
  a.instance([1, 2]),
  ["a list", "items"],
  ["a list with a hole", "items"],
  ["a list of digits", "items"],
  ["a list of sizes that are none", "items"],
  ["a list within itself", "items"],
);

const twelve = Array.from({ length: 12 }, (_, i) => i);
const rows = a.also(
  a.instance({ x: { data: Float32Array.from(twelve), shape: [12, 1] }, y: twelve }),
  ["a list", "two rows"],
  ["a list with a hole", "two rows"],
  ["a list of digits", "two rows"],
  ["a list of sizes that are none", "two rows"],
);
const choice = {
  seed: a.seed(1),
  shuffle: a.flag(false),
  stratify: a.list(twelve.map((i) => i % 2)),
  groups: a.list(twelve.map((i) => i % 6)),
  time: a.list(twelve),
};
const share = a.positive(0.25);
const folds = { ...choice, folds: a.whole(2) };

const names = a.also(
  a.instance({ size: ["S", "M"] }),
  ["an object without a prototype", "of no column"],
  ["data and shape", "two columns"],
);
const scaled = given.preprocessing([given.standardize()]).fit([[1], [2]]);
const twoRows = a.also(
  a.data([[1], [2]]),
  ["data and shape", "one row of two"],
  ...(["minus one", "half", "infinity", "NaN", "a list", "a list of sizes that are none"] as const).map(
    (name) => [name, "never: it has no rows of columns"] as const,
  ),
);

const array = { data: Float32Array.of(1, 2), shape: [1, 2] };
const arrayFields = a.record({
  data: a.data(array.data),
  shape: a.also(a.shape([1, 2]), ["a list", "one row of two"]),
});
const sound = { ...array, sampleRate: 8000 };

export const toolCalls: Readonly<Record<string, Call>> = {
  classWeights: call(
    given.classWeights,
    a.also(a.list([0, 1, 1]), ["a list", "class indices"]),
    a.options({ classes: a.whole(2) }),
  ),
  kFold: call((...args) => [...given.kFold(...(args as unknown as [given.Rows]))], rows, a.options(folds)),
  shard: call(given.shard, rows, a.options({ member: a.whole(1), of: a.whole(2), seed: a.seed(3) }, ["member", "of"])),
  parseNpy: call(given.parseNpy, a.instance(given.serializeNpy(array))),
  parseNpz: call(given.parseNpz, a.instance(given.serializeNpz({ array })), a.options({ most: a.whole(2 ** 20) })),
  parseWav: call(given.parseWav, a.instance(given.serializeWav(sound))),
  pipeline: call((source: never) => drain(given.pipeline(source)), source),
  bucketize: call(
    given.bucketize,
    a.options({
      buckets: a.also(a.whole(3)),
      strategy: a.word("uniform"),
      borders: a.also(a.list([1, 2]), ["a list", "borders"]),
      encode: a.word("oneHot"),
    }),
  ),
  hashing: call(given.hashing, a.options({ features: a.whole(8) }, ["features"])),
  imputeMissing: call(
    given.imputeMissing,
    a.options({
      strategy: a.word("median"),
      value: a.beside(a.also(a.finite(0), ["word", "a text"], ["digits", "a text"]), { strategy: "constant" }),
      indicator: a.flag(true),
    }),
  ),
  minMax: call(
    given.minMax,
    a.options({ range: a.also(a.list([0, 1]), ["a list", "from 1 to 2"]), clip: a.flag(true) }),
  ),
  normalize: call(given.normalize, a.options({ norm: a.word("l1") })),
  oneHot: call(given.oneHot, a.options({ categories: names, unknown: a.word("ignore"), drop: a.word("first") })),
  ordinal: call(given.ordinal, a.options({ categories: names, unknown: a.finite(-1) })),
  preprocessing: call(given.preprocessing, a.list([given.standardize()])),
  "preprocessing, columns": call(
    (entry: never) => given.preprocessing([entry]),
    a.options({ columns: a.also(a.list(["x"]), ["a list of digits", "names"]), steps: a.list([given.minMax()]) }, [
      "columns",
      "steps",
    ]),
  ),
  preprocessingFromJSON: call(given.preprocessingFromJSON, a.instance(JSON.stringify(scaled))),
  robust: call(given.robust, a.options({ center: a.flag(true), scale: a.flag(false), quantiles: a.list([0.1, 0.9]) })),
  standardize: call(given.standardize, a.options({ center: a.flag(true), scale: a.flag(false) })),
  readCsv: call(given.readCsv, text, a.options(csv)),
  readJsonLines: call((...args) => drain(given.readJsonLines(...(args as [never]))), lines, a.options(file)),
  serializeNpy: call(given.serializeNpy, a.instance(array)),
  "serializeNpy, fields": call(given.serializeNpy, arrayFields),
  serializeNpz: call(given.serializeNpz, a.also(a.instance({ array }), ["an object without a prototype", "no arrays"])),
  serializeWav: call(given.serializeWav, a.instance(sound), a.options({ samples: a.word("float32") })),
  "serializeWav, fields": call(
    given.serializeWav,
    a.record({
      data: a.also(a.data(sound.data), ["a list", "numbers"]),
      shape: a.also(a.shape([1, 2]), ["a list", "one channel of two"]),
      sampleRate: a.whole(8000),
    }),
  ),
  streamCsv: call(
    (...args) => drain(given.streamCsv(...(args as [never]))),
    text,
    a.options({ ...csv, chunk: a.whole(1) }),
  ),
  table: call(
    given.table,
    a.also(
      a.instance({ age: [36, 41], name: ["Ada", "Alan"] }),
      ["an object without a prototype", "no columns"],
      ["data and shape", "two columns of two rows"],
    ),
  ),
  trainTestSplit: call(given.trainTestSplit, rows, a.options({ ...choice, test: share, validation: share })),
  weightedRows: call(
    given.weightedRows,
    a.also(a.list([1, 2, 3]), ["a list", "weights"]),
    a.whole(2),
    a.options({ seed: a.seed(1), replacement: a.flag(false) }),
  ),
  "table, a column": call((column: never) => given.table({ column }), numbers([1, 2])),
};

/** A list of anything that a column may hold. */
function numbers(value: unknown): a.Argument {
  return a.also(
    a.list(value),
    ["a list", "numbers"],
    ["a list with a hole", "a number that is missing"],
    ["a list of digits", "texts"],
    ["a list of sizes that are none", "numbers"],
  );
}

const people = given.table({ age: [36, 41, 50], name: ["Ada", "Alan", "Grace"] });

export const tableCalls: Readonly<Record<string, Call>> = {
  column: call((name: never) => people.column(name), a.word("age")),
  select: call((names: never) => people.select(names), a.list(["age"])),
  drop: call((names: never) => people.drop(names), a.list(["age"])),
  take: call((rows: never) => people.take(rows), a.also(a.list([0, 2]), ["a list", "rows that there are"])),
  filter: call(
    (keep: never) => people.filter(keep),
    a.callback(() => true),
  ),
  row: call((i: never) => people.row(i), a.whole(1)),
  toArray: call((names: never) => people.toArray(names), a.optional(a.list(["age"]))),
  toClasses: call(
    (name: never, classes: never) => people.toClasses(name, classes),
    a.word("name"),
    a.optional(a.list(["Ada", "Alan", "Grace"])),
  ),
};

const items = given.pipeline([1, 2]);
const count = a.whole(1);
const own = a.callback(() => [1]);

export const pipelineCalls: Readonly<Record<string, Call>> = {
  pass: call((pass: never) => drain(items.pass(pass)), a.whole(0)),
  map: call((...args) => drain(items.map(...(args as [never]))), own, a.options({ parallel: count })),
  flatMap: call(
    (make: never) => drain(items.flatMap(make)),
    a.instance(() => [1]),
  ),
  filter: call((keep: never) => drain(items.filter(keep)), own),
  batch: call((...args) => drain(items.batch(...(args as [never]))), count, a.options({ dropLast: a.flag(true) })),
  shuffle: call((...args) => drain(items.shuffle(...(args as [never]))), count, a.options({ seed: a.seed(1) })),
  take: call((n: never) => drain(items.take(n)), count),
  skip: call((n: never) => drain(items.skip(n)), count),
  zip: call((other: never) => drain(items.zip(other)), source),
  concat: call((other: never) => drain(items.concat(other)), source),
  repeat: call(
    (times: never) => drain(items.repeat(times).take(5)),
    a.optional(a.also(count, ["infinity", "without an end"])),
  ),
  cache: call((options: never) => drain(items.cache(options)), a.options({ most: a.whole(2) })),
  prefetch: call((n: never) => drain(items.prefetch(n)), count),
};

const unfitted = given.preprocessing([given.minMax()]);

export const preprocessingCalls: Readonly<Record<string, Call>> = {
  fit: call((data: never) => unfitted.fit(data), twoRows),
};

export const fittedCalls: Readonly<Record<string, Call>> = {
  transform: call((data: never) => scaled.transform(data), twoRows),
  invert: call((data: never) => scaled.invert(data), twoRows),
  toJSON: call(() => scaled.toJSON()),
};
