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
import { SLACK } from "../runtime/wasm/instance.ts";
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
export const SECONDS = 30;

/** A program in its place: the first word of its code, and where in the room for inputs and outputs each of these lies. */
export interface Placed {
  readonly rows: number;
  readonly code: number;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  /** Words of its code, and the place of a function that makes its step; 0: the interpreter does. */
  readonly words: number;
  made: number;
}

/** What executes programs over a memory. */
export interface Machine {
  readonly buffer: ArrayBuffer;
  /** Makes a step. */
  run(program: Placed): void;
}

/** Where a machine is to be: it begins when it is known how many words there are. */
export interface Ground {
  /** First word that is free, and what a word adds to an address. */
  readonly start: number;
  readonly unit: number;
  begin(words: number): Machine | Promise<Machine>;
}

export class Engine {
  /** By the number of rows, the fewest first. */
  readonly programs: readonly Placed[];
  /** Until it is disposed. */
  machine: Machine | undefined;
  /** First word of the room for inputs and outputs. */
  readonly #io: number;

  private constructor(programs: readonly Placed[], machine: Machine, io: number) {
    this.programs = programs;
    this.machine = machine;
    this.#io = io;
  }

  /**
   * Verifies and places what a bundle holds.
   * @throws DataError, ProgramError, MemoryError saying what is wrong with it
   */
  static async begin(bundle: Bundle, ground: Ground, { memory = MEMORY, seconds = SECONDS }: Limits): Promise<Engine> {
    const { weights, programs: entries } = bundle.manifest;
    let end = ground.start;
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
    const contents: (readonly [at: number, words: Int32Array])[] = [];
    const programs = entries.map((entry): Placed => {
      const { rows, inputs, outputs } = entry;
      const program = programOf(bundle, entry);
      verify(program, entry, seconds);
      const words = new Int32Array(program.code.length);
      const [{ data }] = program.constants;
      const [code, constants] = [take(words.length), take(data.length)];
      const variables = entry.variables.map((weight) => places[weight]);
      relocate(program, { io, arena, constants, variables }, ground.unit, words);
      contents.push([code, words], [constants, data as Int32Array]);
      return { rows, code, words: words.length, made: 0, inputs, outputs };
    });
    programs.sort((a, b) => a.rows - b.rows);

    const machine = await ground.begin(end + SLACK);
    const { buffer } = machine;
    for (const [i, weight] of weights.entries()) store(buffer, places[i], weight, bundle);
    for (const [to, words] of contents) new Int32Array(buffer).set(words, to);
    return new Engine(programs, machine, io);
  }

  /** The elements of a port that begins at a word of that room, of a program for so many rows. @throws DisposedError */
  view({ shape, dtype }: Port, at: number, rows: number): Float32Array | Int32Array | Uint8Array {
    return new kinds[dtype](this.check().buffer, 4 * (this.#io + at), sizeOf(shape.map((size) => size ?? rows)));
  }

  /** @throws DisposedError */
  check(): Machine {
    if (this.machine === undefined) throw new DisposedError("the predictor was disposed");
    return this.machine;
  }

  /** Makes a step of a program. @throws ProgramError where a kernel cannot go on */
  run(program: Placed): void {
    try {
      this.check().run(program);
    } catch (cause) {
      throw new ProgramError(`predict: a kernel failed: ${cause}`, { cause });
    }
  }

  dispose(): void {
    this.machine = undefined;
  }
}

function padded(words: number): number {
  return Math.ceil(words / ALIGN) * ALIGN;
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
    constants: [{ offset: 0, words: data.length, dtype: "i32", data }],
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
