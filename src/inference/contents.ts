// What a bundle holds, as it is put together: programs and weights by name, each tensor once, and the file that is made of them.

import type { NumericArray } from "../data/array.ts";
import { ArgumentError } from "../errors.ts";
import { serializeSealed } from "../io/sealed.ts";
import { type Entry, MARKS, type Manifest, type Weight } from "../predictor/format.ts";
import type { Program } from "../program/program.ts";
import type { TypedArray } from "../runtime/executor.ts";
import { storeSlot, views32 } from "../runtime/memory.ts";
import { withoutBarriers } from "../runtime/wasm/alone.ts";
import type { Shape } from "../shape.ts";
import { quantized } from "./bytes.ts";

/** Elements of a weight from which bytes are worth their scales. */
const QUANTIZED = 64;

/** A weight with its value. */
export interface Valued {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: Weight["dtype"];
  readonly data: TypedArray;
}

export class Contents {
  readonly programs: Entry[] = [];
  readonly #weights: Valued[] = [];
  /** Places of weights by the keys of their variables. */
  readonly #places = new Map<string, number>();
  readonly #tensors = new Map<string, NumericArray>();

  /** Adds a program for so many rows. `names` are those of its inputs and outputs in their order, `valued` knows its variables by key. */
  add(
    rows: number,
    program: Program,
    names: { readonly inputs: readonly string[]; readonly outputs: readonly string[] },
    valued: (key: string) => Valued,
  ): void {
    const { inputs, outputs, variables, ioWords, arenaWords } = program;
    const put = (part: string, data: Int32Array) => this.#put(`programs/${rows}/${part}`, data, [data.length]);
    const offsets = (slots: Program["inputs"], all: readonly string[]) =>
      all.map((name) => slots.find((each) => each.name === name)?.offset as number);
    this.programs.push({
      rows,
      code: put("code", withoutBarriers(program.code).slice()), // one thread has nobody to wait for
      constants: put("constants", constantsOf(program)),
      variables: variables.map(({ key }) => this.#placeOf(key, valued)),
      offsets: variables.map(({ offset }) => offset),
      inputs: offsets(inputs, names.inputs),
      outputs: offsets(outputs, names.outputs),
      ioWords,
      arenaWords,
    });
  }

  #placeOf(key: string, valued: (key: string) => Valued): number {
    const known = this.#places.get(key) ?? this.#weights.push(valued(key)) - 1;
    this.#places.set(key, known);
    return known;
  }

  /** The file, with weights of 8 bits where that is wanted and worth it. */
  file(about: Omit<Manifest, "weights" | "programs">, isSmall: boolean): Uint8Array<ArrayBuffer> {
    const weights = this.#weights.map((each) => this.#weight(each, isSmall));
    const manifest: Manifest = { ...about, weights, programs: this.programs };
    return serializeSealed(Object.fromEntries(this.#tensors), MARKS, { model: JSON.stringify(manifest) });
  }

  #weight({ name, shape, dtype, data }: Valued, isSmall: boolean): Weight {
    const isMatrix = data instanceof Float32Array && shape.length > 1 && data.length >= QUANTIZED;
    const bytes = isSmall && isMatrix ? quantized(data, shape[0]) : undefined;
    this.#put(name, bytes?.data ?? data, shape);
    if (bytes === undefined) return { name, shape, dtype };
    return { name, shape, dtype, scales: this.#put(`${name}/scales`, bytes.scales, [shape[0]]) };
  }

  /** Adds a tensor to the file. @throws ArgumentError for a second one of a name */
  #put(name: string, data: NumericArray["data"], shape: Shape): string {
    if (this.#tensors.has(name)) throw new ArgumentError(`toInference: two tensors are called ${name}`);
    this.#tensors.set(name, { data, shape });
    return name;
  }
}

/** The words of a program's region of constants, as executors of float32 have them. */
function constantsOf({ constants, constantWords }: Program): Int32Array {
  const memory = views32(new ArrayBuffer(4 * constantWords));
  for (const { offset, dtype, data, rounded } of constants)
    storeSlot(memory, dtype, offset, rounded === undefined ? data : [rounded]);
  return memory.i as Int32Array;
}
