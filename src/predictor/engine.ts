// What predicts: an instance of the kernels, one thread, over a memory in which weights and programs lie from the beginning. A step runs in the
// call. Nothing of a file is executed before it is verified: no address of its programs leads beyond its own buffers.
import { ALIGN, OFFSET_MASK } from "../../assembly/isa/sizes.ts";
import { DisposedError, MemoryError, ProgramError } from "../errors.ts";
import { decode } from "../program/decode.ts";
import type { Names } from "../program/names.ts";
import { filledWords, type Laid, Places } from "../program/places.ts";
import type { Program, ProgramSlot } from "../program/program.ts";
import { checkOffsets } from "../program/verify-buffers.ts";
import { relocate } from "../runtime/relocate.ts";
import { decoded, instantiate, type Kernels, PAGE_WORDS, SLACK, scratchOf } from "../runtime/wasm/instance.ts";
import { unshared } from "../runtime/wasm/unshared.ts";
import { sizeOf } from "../shape.ts";
import { type Bundle, type Entry, fault, type Port, type Weight } from "./format.ts";
import { kinds } from "./rows.ts";
import { secondsOf } from "./work.ts";

/** What a file may ask for. */
export interface Limits {
  /** Bytes of memory at the most. Default 2^30, 1 GiB. */
  readonly memory?: number;
  /** Seconds that a step of a program may take, by an estimate. Default 30. */
  readonly seconds?: number;
}

const MEMORY = 2 ** 30;
const SECONDS = 30;

/** A program in its place: first words of its code, and of the arrays that go in and come out. */
export interface Placed {
  readonly rows: number;
  readonly code: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Words of its code, and the place of a function that makes its step; 0: the interpreter does. */
  readonly words: number;
  made: number;
}

export class Engine {
  /** By the number of rows, the fewest first. */
  readonly programs: readonly Placed[];
  /** Until it is disposed. */
  linear: WebAssembly.Memory | undefined;
  kernels: Kernels | undefined;

  private constructor(programs: readonly Placed[], linear: WebAssembly.Memory, kernels: Kernels) {
    this.programs = programs;
    this.linear = linear;
    this.kernels = kernels;
  }

  /**
   * Verifies and places what a bundle holds.
   * @param wasm a build, as its module holds it
   * @throws DataError, ProgramError, MemoryError saying what is wrong with it
   */
  static async begin(bundle: Bundle, wasm: string, { memory = MEMORY, seconds = SECONDS }: Limits): Promise<Engine> {
    const { weights, programs: entries } = bundle.manifest;
    let end = scratchOf(1);
    const take = (words: number) => {
      const at = end;
      end += padded(words);
      if (!(4 * (end + SLACK) <= memory))
        throw new MemoryError(`Predictor.load: more than ${memory} bytes are needed; { memory } allows more`);
      return at;
    };
    const most = (words: (entry: Entry) => number) => Math.max(...entries.map(words));
    const places = weights.map(({ shape, dtype }) => take(filledWords(sizeOf(shape), dtype)));
    const io = take(most(({ ioWords }) => ioWords));
    const arena = take(most(({ arenaWords }) => arenaWords));
    const at = (offset: number) => io + offset;
    const contents: (readonly [at: number, words: Int32Array])[] = [];
    const programs = entries.map((entry): Placed => {
      const { rows, inputs, outputs } = entry;
      const program = programOf(bundle, entry);
      verify(program, entry, seconds);
      const words = new Int32Array(program.code.length);
      const [code, constants] = [take(words.length), take(program.constants[0]?.words ?? 0)];
      const variables = entry.variables.map((weight) => places[weight]);
      relocate(program, { io, arena, constants, variables }, 4, words);
      contents.push([code, words]);
      for (const { data } of program.constants) contents.push([constants, data as Int32Array]);
      return { rows, code, words: words.length, made: 0, inputs: inputs.map(at), outputs: outputs.map(at) };
    });
    programs.sort((a, b) => a.rows - b.rows);

    const linear = reserve(Math.ceil((end + SLACK) / PAGE_WORDS));
    const { kernels } = await instantiate(unshared(decoded(wasm)), linear);
    const { buffer } = linear;
    for (const [i, weight] of weights.entries()) store(buffer, places[i], weight, bundle);
    for (const [to, words] of contents) new Int32Array(buffer).set(words, to);
    return new Engine(programs, linear, kernels);
  }

  /** The elements of a port that begins at a word, of a program for so many rows. */
  view({ shape, dtype }: Port, at: number, rows: number): Float32Array | Int32Array | Uint8Array {
    return new kinds[dtype](
      (this.linear as WebAssembly.Memory).buffer,
      4 * at,
      sizeOf(shape.map((size) => size ?? rows)),
    );
  }

  /** @throws DisposedError */
  check(): void {
    if (this.kernels === undefined) throw new DisposedError("the predictor was disposed");
  }

  /** Makes a step of a program. @throws ProgramError where a kernel cannot go on */
  run({ code, made }: Placed): void {
    this.check();
    try {
      this.kernels?.run(4 * code, 1, 0, 0, 0, 1, 0, made);
    } catch (cause) {
      throw new ProgramError(`predict: a kernel failed: ${cause}`, { cause });
    }
  }

  dispose(): void {
    this.kernels = undefined;
    this.linear = undefined;
  }
}

function padded(words: number): number {
  return Math.ceil(words / ALIGN) * ALIGN;
}

function reserve(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages });
  } catch (cause) {
    throw new MemoryError(`Predictor.load: ${pages} pages of memory are not to be had: ${cause}`, { cause });
  }
}

/** What of a program is needed here. */
type Part = Laid & Pick<Program, "code">;

/** The program of an entry, as compile made it but for names. @throws DataError where the file lacks a part of it */
function programOf({ manifest, bytes }: Bundle, entry: Entry): Part {
  const { rows, arenaWords } = entry;
  const code = int32(bytes(entry.code, "I32"));
  const data = int32(bytes(entry.constants, "I32"));
  const slot = ({ name, shape, dtype }: Port, offset: number): ProgramSlot => {
    const own = shape.map((size) => size ?? rows);
    return { name, shape: own, dtype, offset, words: padded(filledWords(sizeOf(own), dtype)) };
  };
  const slots = (ports: readonly Port[], offsets: readonly number[]) => ports.map((port, i) => slot(port, offsets[i]));
  return {
    code,
    variables: entry.variables.map((weight, i) => {
      const known = manifest.weights[weight];
      if (known === undefined) throw fault(`a program names weight ${weight}`);
      return { ...slot(known, entry.offsets[i]), key: "", assigned: false };
    }),
    inputs: slots(manifest.inputs, entry.inputs),
    outputs: slots(manifest.outputs, entry.outputs),
    constants: data.length === 0 ? [] : [{ offset: 0, words: data.length, dtype: "i32", data }],
    arenaWords,
  };
}

/** What errors call things: by their numbers. Who writes files has `verifyProgram` of simdgrad/debug, which knows names. */
const numbered = (...given: readonly unknown[]) => `#${JSON.stringify(given.at(-1))}`;
const names: Names = { opcode: numbered, register: numbered, slot: numbered, step: numbered, place: numbered };

function verify(program: Part, { ioWords }: Entry, limit: number): void {
  const { variables, inputs, outputs } = program;
  checkOffsets("variable", variables, ALIGN, OFFSET_MASK);
  checkOffsets(
    "slot",
    [...inputs, ...outputs].sort((a, b) => a.offset - b.offset),
    0,
    ioWords,
  );
  const seconds = secondsOf(program.code, decode(program, new Places(program), names));
  if (!(seconds <= limit))
    throw new ProgramError(
      `Predictor.load: a program takes some ${Math.ceil(seconds)} seconds, more than ${limit}; { seconds } allows more`,
    );
}

function int32(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.slice().buffer);
}

/** Puts a weight where it lies; one of 8 bits is (byte - 128) times its row's scale. */
function store(memory: ArrayBuffer, at: number, { name, shape, dtype, scales }: Weight, { bytes }: Bundle): void {
  const size = sizeOf(shape);
  if (scales === undefined) {
    const data = bytes(name, dtype === "f32" ? "F32" : dtype === "i32" ? "I32" : "U8", size);
    new Uint8Array(memory, 4 * at, data.length).set(data);
    return;
  }
  const [rows] = dtype === "f32" ? shape : [];
  if (rows === undefined) throw fault(`${name} cannot have scales`);
  const given = bytes(name, "U8", size);
  const scale = new Float32Array(bytes(scales, "F32", rows).slice().buffer);
  const view = new Float32Array(memory, 4 * at, size);
  for (let i = 0; i < size; i++) view[i] = (given[i] - 128) * scale[Math.floor((i * rows) / size)];
}
