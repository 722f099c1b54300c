// Predictor: a bundle that was loaded, and what it predicts. How its build of the kernels comes here: index.ts, relaxed/, portable/.
import { aPositiveNumber, aWholeNumber, type Checks, isRecord, must } from "../check.ts";
import { ArgumentError, UnsupportedError } from "../errors.ts";
import { hasRelaxedSimd, hasSimd } from "../runtime/features.ts";
import { sizeOf } from "../shape.ts";
import { Engine, type Ground, type Limits, type Placed } from "./engine.ts";
import { type Arrangement, type Manifest, type Port, readBundle } from "./format.ts";
import { type Given, givenFor, kinds, type Rows } from "./rows.ts";

/** Numbers with a shape, row-major. */
export interface Numbers {
  readonly data: Float32Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** One array, or several in a list or by their names. */
export type Predicted = Numbers | readonly Numbers[] | Readonly<Record<string, Numbers>>;

/** What a predictor takes: one array, or several in a list or by their names. */
export type PredictorInput = Rows | Readonly<Record<string, Rows>>;

/** The two builds of the kernels. "relaxed" has fused multiply-add; "portable" gives the same bits on every machine. */
export type Build = "relaxed" | "portable";

/** Checks of limits. */
export const limits: Checks<Limits> = { memory: aWholeNumber(0, 2 ** 32 - 2 ** 16), seconds: aPositiveNumber };

/** @throws UnsupportedError where a build cannot run */
export function checkBuild(build: Build): void {
  const lacks = hasSimd() ? (build === "relaxed" && !hasRelaxedSimd() ? "relaxed SIMD" : "") : "SIMD";
  if (lacks !== "") throw new UnsupportedError(`Predictor: this platform has no WebAssembly ${lacks}`);
}

/** A network that predicts: what `toInference` wrote. */
export class LoadedPredictor<Output extends Predicted = Numbers> {
  /** The build of its kernels, or "js" for those in JavaScript. */
  readonly build: Build | "js";
  /** What it takes, and gives: null stands for the number of rows. */
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Whether it predicts any number of rows; otherwise as many as one of its programs takes. */
  readonly apart: boolean;
  /** Rows that its programs take at once. */
  readonly batches: readonly number[];
  readonly #manifest: Manifest;
  /** For prepare/, too. */
  private readonly engine: Engine;

  /** @throws ArgumentError for who does not go by `load` */
  protected constructor(build: Build | "js", manifest: Manifest, engine: Engine) {
    if (!(engine instanceof Engine)) throw new ArgumentError("Predictor: await Predictor.load(bytes) makes one");
    this.build = build;
    this.#manifest = manifest;
    this.engine = engine;
    this.inputs = manifest.inputs;
    this.outputs = manifest.outputs;
    this.apart = manifest.apart;
    this.batches = engine.programs.map(({ rows }) => rows);
  }

  /** A predictor of some class for a bundle. @throws what `load` throws */
  protected static async of<P>(
    bytes: Uint8Array | ArrayBuffer,
    ground: () => Ground | Promise<Ground>,
    asked: Limits,
    made: (manifest: Manifest, engine: Engine) => P,
  ): Promise<P> {
    const bundle = readBundle(bytes); // at once: the caller may write to them afterwards
    return made(bundle.manifest, await Engine.begin(bundle, await ground(), asked));
  }

  /**
   * What the network gives for rows of x, at once: an array where it has one output, a list or a record of arrays where it has several. Rows are
   * nested numbers, flat ones, or { data, shape }. Options, as { as } of a Trainer's, it has none.
   * @throws ShapeError, DTypeError, ArgumentError where x does not fit; DisposedError
   */
  predict(x: PredictorInput, ...options: readonly never[]): Output {
    if (options[0] !== undefined) throw new ArgumentError("predict: takes x alone");
    const { inputs, outputs, apart } = this;
    const { x: taken, y } = this.#manifest;
    const engine = this.engine;
    engine.check();
    const given = arranged(taken, inputs, x).map((each, i) => givenFor(inputs[i], each));
    const rows = rowsOf(given);
    const results = outputs.map(({ shape, dtype }): Numbers => {
      const own = shape.map((size) => size ?? rows);
      return { data: new kinds[dtype](sizeOf(own)), shape: own };
    });
    if (apart)
      for (let start = 0; start < rows; ) start += this.#step(this.#programFor(rows - start), given, results, start);
    else this.#step(this.#programOf(rows), given, results, 0);
    return (
      y === "one"
        ? results[0]
        : y === "list"
          ? results
          : Object.fromEntries(results.map((each, i) => [outputs[i].name, each]))
    ) as Output;
  }

  /** The program whose rows are the fewest that hold all, unless more of them would be empty: then the largest that is full. */
  #programFor(rows: number): Placed {
    const { programs } = this.engine;
    const enough = programs.find((each) => each.rows >= rows);
    if (enough !== undefined && enough.rows <= 2 * rows) return enough;
    return programs.findLast((each) => each.rows <= rows) ?? (enough as Placed);
  }

  #programOf(rows: number): Placed {
    const { programs } = this.engine;
    const found = this.inputs.some(({ shape }) => shape[0] === null)
      ? programs.find((each) => each.rows === rows)
      : programs[0];
    if (found === undefined)
      throw new ArgumentError(`predict: takes ${this.batches.join(", ")} rows, not ${rows}: its rows are not apart`);
    return found;
  }

  /** Predicts as many rows as a program takes, from one on. @returns their number */
  #step(program: Placed, given: readonly Given[], results: readonly Numbers[], start: number): number {
    let count = program.rows;
    for (const [i, { data, rows }] of given.entries()) {
      const port = this.inputs[i];
      const view = this.engine.view(port, program.inputs[i], program.rows);
      if (rows === undefined) view.set(data);
      else {
        count = Math.min(count, rows - start);
        const width = widthOf(port);
        view.set(data.subarray(start * width, (start + count) * width));
        view.fill(0, count * width);
      }
    }
    this.engine.run(program);
    for (const [i, { data }] of results.entries()) {
      const port = this.outputs[i];
      const view = this.engine.view(port, program.outputs[i], program.rows);
      if (port.shape[0] === null) data.set(view.subarray(0, count * widthOf(port)), start * widthOf(port));
      else data.set(view);
    }
    return count;
  }

  /** Lets go of its memory. */
  dispose(): void {
    this.engine.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Elements of a row. */
function widthOf({ shape }: Port): number {
  return sizeOf(shape.map((size) => size ?? 1));
}

/** What is given for each input. @throws ArgumentError for other names, and another number of them */
function arranged(how: Arrangement, ports: readonly Port[], x: unknown): unknown[] {
  if (how === "one" && (!isRecord(x) || "data" in x || "length" in x)) return [x];
  const members = Object(x) as Readonly<Record<string, unknown>>;
  const names = ports.map(({ name }, i) => (how === "list" ? `${i}` : name));
  const holds = Object.keys(members).length === names.length && names.every((name) => Object.hasOwn(members, name));
  must(holds, x, "predict: x", `a ${how === "list" ? how : "record"} of ${names.join(", ")}`);
  return names.map((name) => members[name]);
}

/** The number of rows of all inputs that have some; 1 where none has. @throws ArgumentError where they differ */
function rowsOf(given: readonly Given[]): number {
  const [first = 1, ...others] = given.flatMap(({ rows }) => rows ?? []);
  if (others.some((rows) => rows !== first))
    throw new ArgumentError(`predict: inputs of ${[first, ...others].join(", ")} rows`);
  return first;
}
