// The lowest graph: instructions over symbolic buffers, before anything has an address. Not the program (program.ts), which is encoded.
import type { DType, Shape } from "../shape.ts";
import type { Description, Slots, Values } from "./instructions.ts";

/** Memory that one value occupies. The planner or the layout gives it an offset. */
export interface Buffer {
  readonly id: number;
  /** Elements; the planner pads. */
  readonly size: number;
  readonly dtype: DType;
  region: "state" | "io" | "arena" | "constants";
  /** Word offset in its region, once known. */
  offset: number;
  /** Loop depth at which it is written: 0 outside loops. */
  readonly depth: number;
  label: string;
  /** Not memory of its own but the part of `of` that belongs to the current iteration of the loop at `depth`. */
  readonly element?: Element;
}

/** Where the current iteration's part lies: `start + counter[depth] * stride` words into `of`. */
export interface Element {
  readonly of: Buffer;
  readonly depth: number;
  readonly stride: number;
  readonly start: number;
}

/** A word of an instruction that becomes an address: a buffer plus words. */
export interface Address {
  readonly buffer: Buffer;
  readonly words: number;
}

/** How a tensor's elements lie in a buffer: the first `start` elements in, neighbours along each axis its stride apart. */
export interface View {
  readonly buffer: Buffer;
  readonly start: number;
  readonly strides: readonly number[];
}

/** Matrices as PACK and MATMUL find them: `batch` times `heads`, or fewer where the stride that leads to the next one is 0. */
export interface Matrices {
  readonly at: Address;
  /** Words from a row, as it is stored, to the next. */
  readonly row: number;
  /** Words from a batch to the next, and from a head to the next. */
  readonly stride: number;
  readonly head: number;
  readonly transposed: boolean;
}

/** How many there are, of which size. */
export interface MatricesSize {
  readonly batch: number;
  readonly heads: number;
  readonly k: number;
  readonly n: number;
}

export interface Instruction {
  readonly opcode: number;
  /** Slots 1 onwards. */
  readonly slots: readonly (number | Address)[];
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  readonly label: string;
  /** Buffers that die here and whose memory a result may take over element by element. */
  readonly replaceable?: readonly Buffer[];
}

export interface Loop {
  readonly count: number;
  readonly depth: number;
  readonly body: readonly Item[];
  readonly label: string;
}

export type Item = Instruction | Loop;

export function isLoop(item: Item): item is Loop {
  return "body" in item;
}

/** How an op's lowering writes instructions. */
export interface Emitter {
  /** Appends an instruction, unless it writes nothing. */
  instruction<S extends Slots>(what: Description<S>, values: Values<S>): void;
  /** Copies the elements of a shape. */
  copy(shape: Shape, to: View, from: View): void;
  /** A buffer for the op's own use. */
  temporary(size: number, dtype: DType, label: string): Buffer;
  /**
   * The packed panels of matrices B (k x n), packed where B is made (so once for all iterations of a loop, and once for all readers). With
   * `across` the strips of matrices A of n rows, as they lie when transposed, for products of so many columns.
   */
  panels(of: Matrices, size: MatricesSize, across?: number): Buffer;
}
