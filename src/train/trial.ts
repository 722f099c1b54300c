// A step over one row, built so that what does not fit is said before anything runs: of models that take or give several tensors. (Of one
// tensor, the trainer does so at the call.) Loaded with the first data.
import { dependsOn } from "../autodiff.ts";
import { checkClasses, type TypedData } from "../data/array.ts";
import { ArgumentError, DataError, SimdgradError } from "../errors.ts";
import { type Aval, type Shape, showAval } from "../shape.ts";
import { Tensor } from "../tensor.ts";
import type { Variable } from "../variable.ts";
import { type Bundle, eachOf, isOne, memberOf, pathOf, several, shareOf } from "./bundle.ts";
import { checkIndices, lookupsOf } from "./check-indices.ts";
import { checkNames } from "./check-names.ts";
import type { CheckedSamples } from "./dataset.ts";
import { warnOfFirstAxis } from "./first-axis.ts";
import { locate } from "./locate.ts";
import { lossesOf } from "./objectives.ts";
import { ofOneRow } from "./one-row.ts";
import { inputsOf, lossValue, predictorOf, type Recipe } from "./programs.ts";
import { warnOfTwice } from "./twice.ts";

/**
 * What a model makes of a record or a list, of which it reads what is there; errors from inside say what there is.
 * @throws DataError for a name that it reads and that is missing, and (with `all`) for one that it does not read
 */
export function watched(all: boolean) {
  return (x: Bundle<Tensor>, run: (x: Bundle<Tensor>) => Bundle<Tensor>): Bundle<Tensor> => {
    if (x instanceof Tensor) return ofOne(x, run);
    const read = new Set<string>();
    let isIterated = false;
    const get = (record: Bundle<Tensor>, key: string | symbol) => {
      if (typeof key === "string") read.add(key);
      isIterated ||= key === Symbol.iterator;
      return Reflect.get(record, key);
    };
    const isList = Array.isArray(x);
    const isThere = (name: string) => (isList ? name in x : Object.hasOwn(x, name));
    const isMember = (name: string) => !isList || names.includes(name); // a list has a length and methods, too
    const names = Object.keys(x);
    let output: Bundle<Tensor>;
    try {
      output = run(new Proxy(x, { get }));
    } catch (error) {
      if (isIterated && !isList)
        throw new DataError(`x has [${names.join(", ")}], and the model takes a list: [{ data, shape }]`, {
          cause: error,
        });
      const missing = [...read].find((name) => !isThere(name));
      if (missing !== undefined)
        throw new DataError(`x.${missing} is missing: the model reads it, and x has [${names.join(", ")}]`, {
          cause: error,
        });
      if (error instanceof SimdgradError) {
        const members = x as Readonly<Record<string, Tensor>>;
        const given = names.map((name) => `x.${name} ${members[name] && showAval(members[name])}`).join(", ");
        error.message += `; ${given}${wholeNumbers(error, members, run)}`;
      }
      throw error;
    }
    const unread = names.find((name) => !read.has(name));
    if (all && unread !== undefined)
      throw new DataError(`x.${unread} is not read: the model reads [${[...read].filter(isMember).join(", ")}]`);
    return output;
  };
}

/** What to do where members are f32 and the model runs with them as i32: indices, or lengths of sequences. */
function wholeNumbers(
  { message }: Error,
  x: Readonly<Record<string, Tensor>>,
  run: (x: Bundle<Tensor>) => Bundle<Tensor>,
): string {
  if (!/ i32, got f32/.test(message)) return "";
  const floats = Object.keys(x).filter((name) => x[name]?.dtype === "f32");
  const runsWith = (names: readonly string[]) => {
    const own = (each: Tensor, name: string) => (names.includes(name) ? each.cast("i32") : each);
    try {
      run(several<Tensor, Tensor>(x, own));
      return true;
    } catch {
      return false;
    }
  };
  const one = floats.find((name) => runsWith([name]));
  // Of several, those without which it does not run: tokens and their lengths.
  const names = one === undefined ? floats.filter((name) => !runsWith(floats.filter((each) => each !== name))) : [one];
  if (names.length === 0 || !runsWith(names)) return "";
  const paths = names.map((name) => `x.${name}`).join(" and ");
  return `; ${paths} ${names.length > 1 ? "are" : "is"} of whole numbers: rows of Int32Array, or { data, shape, dtype: "i32" }`;
}

/** The shape with the fewest axes: numbers in no rows are to be found. */
export function flattest(x: Bundle<Aval>): Shape {
  const shapes = eachOf<Aval>(x, "x").map(([, { shape }]) => shape);
  return shapes.reduce((fewest, shape) => (shape.length < fewest.length ? shape : fewest));
}

/** What a model makes of one tensor. @throws DataError for a name that it reads, as of a record */
function ofOne(x: Tensor, run: (x: Bundle<Tensor>) => Bundle<Tensor>): Bundle<Tensor> {
  try {
    return run(x);
  } catch (error) {
    const name = error instanceof ArgumentError ? namesRead(run).find((each) => !(each in x)) : undefined;
    if (name === undefined) throw error;
    throw new DataError(`x.${name} is missing: the model reads it, and x is one array`, { cause: error });
  }
}

/** Names that a model reads of what it is given, until it fails. */
function namesRead(run: (x: Bundle<Tensor>) => unknown): string[] {
  const read = new Set<string>();
  const get = (_: object, key: string | symbol) => void (typeof key === "string" && read.add(key));
  try {
    run(new Proxy({}, { get }));
  } catch {} // there is nothing to be read
  return [...read];
}

/** What is known of a step that was tried out. */
export interface Trial {
  /** Paths of parameters that no loss depends on. */
  readonly unused: readonly string[];
  /** Looks at all indices and classes of samples of these shapes. @throws DataError with the path of one that is outside */
  readonly check: (samples: CheckedSamples) => void;
}

/** Builds the step, and checks the samples. @throws ShapeError and the like with the path of what does not fit */
export function tryOut(recipe: Recipe, samples: CheckedSamples): Trial {
  try {
    return triedOut(recipe, samples);
  } catch (error) {
    locate(error, recipe, () => inputsOf(samples, samples.rows).x);
    throw error;
  }
}

function triedOut(recipe: Recipe, samples: CheckedSamples): Trial {
  const { loss, transform } = recipe;
  const { row, prediction, values } = ofOneRow(flattest(samples.x), (rows) => {
    const row = inputsOf(samples, rows);
    const prediction = predictorOf(recipe)(row.x, watched(transform === undefined));
    checkNames(recipe, prediction, row);
    const values = lossesOf(loss).map(([output, each]) => {
      const [given, target] = [memberOf(prediction, output), memberOf(row.y, output)] as [Tensor, Tensor];
      return lossValue(each, given, target, shareOf(row.sampleWeight, output), pathOf("y", output));
    });
    return { row, prediction, values };
  });
  for (const [i, [output]] of lossesOf(loss).entries()) {
    const given = memberOf(prediction, output);
    if (given instanceof Tensor) warnOfTwice(recipe.model, given, values[i], output);
  }
  const outputs = eachOf<Tensor>(prediction, "").map(([, each]) => each);
  const lookups = eachOf<Tensor>(row.x, "x").map(([, each]) => lookupsOf(outputs, each));
  const check = ({ x, y }: CheckedSamples) => {
    for (const [i, [path, data]] of eachOf<TypedData>(x, "x").entries())
      checkIndices(lookups[i], data, path, nameIn(recipe));
    for (const [output, { targets, ignoreIndex }] of lossesOf(loss)) {
      const [given, target] = [memberOf(prediction, output), memberOf(y, output) as Bundle<TypedData>];
      if (targets === "classes" && given instanceof Tensor && isOne(target))
        checkClasses(target, given.shape[1] ?? 0, pathOf("y", output), ignoreIndex);
    }
  };
  check(samples);
  return { unused: unusedIn(recipe, values), check };
}

/** Paths of parameters that no loss depends on. */
function unusedIn({ parameters }: Recipe, losses: readonly Tensor[]): string[] {
  const all = [...parameters.values()];
  const used = losses.map((loss) => dependsOn(loss, all));
  return [...parameters.keys()].filter((_, i) => used.every((each) => !each[i]));
}

/** What was tried at the call: one tensor, what the model makes of it, and the loss of that. */
export interface Begun {
  readonly x: Tensor;
  readonly prediction: Tensor;
  readonly value: Tensor;
}

/**
 * What is left to try: all of it, or whether indices that are looked up in tables have rows there.
 * @returns paths of parameters that no loss depends on
 * @throws what tryOut throws
 */
export function tryRest(recipe: Recipe, samples: CheckedSamples, begun: Begun | undefined): readonly string[] {
  if (begun === undefined) {
    const { unused } = tryOut(recipe, samples);
    warnOfFirstAxis(recipe, samples);
    return unused;
  }
  warnOfFirstAxis(recipe, samples);
  warnOfTwice(recipe.model, begun.prediction, begun.value);
  checkIndices(lookupsOf([begun.prediction], begun.x), samples.x as TypedData, "x", nameIn(recipe));
  return unusedIn(recipe, [begun.value]);
}

function nameIn({ names }: Recipe): (table: Tensor) => string {
  return (table) => names.get(table as Variable) ?? "a table";
}
