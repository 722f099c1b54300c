// The one description of every instruction: its slots in their order (assembly/isa/slots.ts numbers them), and what they hold. Addresses,
// lengths, names, printing, decoding and the typed emitter follow from it; how far an instruction reaches through its addresses follows,
// too, where it is a product of slots, and else stands in access.ts, which must have an entry for each.
import type * as opcodes from "../../assembly/isa/opcode.ts";
import * as op from "../../assembly/isa/opcode.ts";
import { MAX_RANK } from "../../assembly/isa/sizes.ts";
import * as slot from "../../assembly/isa/slots.ts";
import type { Address, Buffer } from "./lir.ts";

/** Numbers of all instructions: a table keyed by it misses none. */
export type Opcode = Exclude<(typeof opcodes)[keyof typeof opcodes], typeof opcodes.OPCODES>;

/** A word of an instruction by its slot. */
export type Word = (slot: number) => number;

/** An address that is read or written, a number, or how many there are of what follows the slots. */
interface SlotDescription {
  readonly holds: "read" | "write" | "number" | "count";
  /** An address reaches as many words as the product of these slots. Default: access.ts says how many. */
  readonly of?: readonly string[];
  /** An address may be absent: 0. */
  readonly optional?: true;
  /** 0 is not worth printing; what else is not: quiet.ts. */
  readonly quiet?: true;
  /** The largest number. Default: any. */
  readonly most?: number;
  /** It may be negative. */
  readonly signed?: true;
}

export type Slots = Readonly<Record<string, SlotDescription>>;
type Pointer = { readonly holds: "read" | "write" };

/** What an emitter is given for the slots: buffers or places in them, and numbers. */
export type Values<S extends Slots = Slots> = {
  readonly [K in keyof S as S[K] extends { readonly holds: "count" } | { readonly optional: true }
    ? never
    : K]: S[K] extends Pointer ? Buffer | Address : number;
} & { readonly [K in keyof S as S[K] extends { readonly optional: true } ? K : never]?: Buffer | Address };

/** What follows the slots. */
interface Rest {
  /** How many words. Default: none. */
  readonly more?: (word: Word) => number;
  /** Slot with the words of a map that follows, 0 for none: it reads what the instruction has written. */
  readonly epilogue?: number;
}

export interface Description<S extends Slots = Slots, O extends Opcode = Opcode> extends Rest {
  readonly opcode: O;
  /** In print. */
  readonly name: string;
  readonly named: S;
  /** The same in their order, numbered from 1 on. */
  readonly slots: readonly (SlotDescription & { readonly name: string; readonly at: number })[];
  /** Words of header and slots. */
  readonly words: number;
}

function instruction<const S extends Slots, O extends Opcode>(
  opcode: O,
  name: string,
  named: S,
  rest?: Rest,
): Description<S, O> {
  const slots = Object.entries(named).map(([name, each], i) => ({ name, at: i + 1, ...each }));
  return { opcode, name, named, slots, words: slots.length + 1, ...rest };
}

const READ = { holds: "read" } as const;
const WRITE = { holds: "write" } as const;
const NUMBER = { holds: "number" } as const;
const COUNT = { holds: "count" } as const;

const end = instruction(op.END, "end", {});
const barrier = instruction(op.BARRIER, "barrier", {});
const loop = instruction(op.LOOP, "loop", { count: NUMBER, body: NUMBER, depth: NUMBER });

const index = instruction(
  op.INDEX,
  "index",
  { count: COUNT },
  { more: (word) => word(slot.INDEX_COUNT) * slot.INDEX_STRIDE },
);

// Operands, outputs and steps behind the slots: access.ts and map-steps.ts.
const map = instruction(
  op.MAP,
  "map",
  { n: NUMBER, columns: NUMBER, counts: COUNT, function: NUMBER },
  { more: mapWords },
);

/** Words behind the slots of a map. */
export function mapWords(word: Word): number {
  const counts = word(slot.MAP_COUNTS);
  return (
    (counts & 0xff) * slot.MAP_OPERAND_WORDS +
    ((counts >> 8) & 0xff) * slot.MAP_OUTPUT_WORDS +
    (counts >>> 16) * slot.MAP_STEP_WORDS
  );
}

/** A map behind the slots, if the last of them says so: its own counts must say the same. */
function epilogueAt(last: number): Rest {
  return {
    epilogue: last,
    more: (word) => {
      if (word(last) === 0) return 0;
      const isWhole = word(0) >>> 8 > last + slot.MAP_COUNTS;
      return slot.MAP_FIRST - 1 + (isWhole ? mapWords((number) => word(last + number)) : 0);
    },
  };
}

export const reduce = instruction(op.REDUCE, "reduce", {
  to: WRITE,
  from: READ,
  kind: { ...NUMBER, most: slot.KIND_NORM },
  outer: NUMBER,
  n: NUMBER,
  inner: NUMBER,
});

export const pack = instruction(op.PACK, "pack", {
  to: WRITE,
  from: READ,
  batch: NUMBER,
  heads: NUMBER,
  k: NUMBER,
  n: NUMBER,
  transposed: { ...NUMBER, most: 1 },
  row: NUMBER,
  stride: NUMBER,
  head: NUMBER,
  across: { ...NUMBER, quiet: true },
});

export const matmul = instruction(
  op.MATMUL,
  "matmul",
  {
    c: WRITE,
    a: READ,
    b: READ,
    panels: { ...READ, optional: true },
    strips: { ...READ, optional: true, quiet: true },
    batch: NUMBER,
    heads: NUMBER,
    m: NUMBER,
    n: NUMBER,
    k: NUMBER,
    transposed: { ...NUMBER, most: 3, quiet: true },
    rowA: NUMBER,
    rowB: NUMBER,
    rowC: NUMBER,
    strideA: NUMBER,
    strideB: NUMBER,
    strideC: NUMBER,
    headA: NUMBER,
    headB: NUMBER,
    headC: NUMBER,
    map: COUNT,
  },
  epilogueAt(slot.MATMUL_MAP),
);

export const copy = instruction(
  op.COPY,
  "copy",
  { to: WRITE, from: READ, rank: { ...COUNT, most: MAX_RANK } },
  { more: (word) => word(slot.COPY_RANK) * slot.COPY_DIMENSION_WORDS },
);

const ofIndices = { to: WRITE, from: READ, index: READ, count: NUMBER, width: NUMBER, rows: NUMBER } as const;
export const gather = instruction(op.GATHER, "gather", { ...ofIndices, bytes: NUMBER });
export const scatterAdd = instruction(op.SCATTER_ADD, "scatter_add", ofIndices);

const matrix: readonly string[] = ["rows", "columns"];
const column: readonly string[] = ["rows"];
const ofRows = { from: { ...READ, of: matrix }, rows: NUMBER, columns: NUMBER } as const;
export const softmax = instruction(op.SOFTMAX, "softmax", { to: { ...WRITE, of: matrix }, ...ofRows });
export const logSumExp = instruction(op.LOG_SUM_EXP, "log_sum_exp", { to: { ...WRITE, of: column }, ...ofRows });

const ofTargets = {
  from: { ...READ, of: matrix },
  index: { ...READ, of: column },
  rows: NUMBER,
  columns: NUMBER,
} as const;
export const crossEntropy = instruction(op.CROSS_ENTROPY, "cross_entropy", {
  to: { ...WRITE, of: column },
  ...ofTargets,
});
export const crossEntropyGradient = instruction(op.CROSS_ENTROPY_GRADIENT, "cross_entropy_gradient", {
  to: { ...WRITE, of: matrix },
  ...ofTargets,
  scale: { ...READ, of: column },
});

const along: readonly string[] = ["outer", "n", "inner"];
const FLAG = { ...NUMBER, most: 1, quiet: true } as const;
export const cumulativeSum = instruction(op.CUMULATIVE_SUM, "cumulative_sum", {
  to: { ...WRITE, of: along },
  from: { ...READ, of: along },
  outer: NUMBER,
  n: NUMBER,
  inner: NUMBER,
  integer: FLAG,
  reverse: FLAG,
  exclusive: FLAG,
});

export const cumulativeMax = instruction(op.CUMULATIVE_MAX, "cumulative_max", {
  values: { ...WRITE, of: along },
  indices: { ...WRITE, of: along },
  from: { ...READ, of: along },
  outer: NUMBER,
  n: NUMBER,
  inner: NUMBER,
  integer: FLAG,
  smallest: FLAG,
});

export const sort = instruction(op.SORT, "sort", {
  values: { ...WRITE, of: matrix },
  indices: { ...WRITE, of: matrix },
  work: WRITE,
  from: { ...READ, of: matrix },
  rows: NUMBER,
  columns: NUMBER,
  integer: FLAG,
  descending: FLAG,
});

const SIGNED = { ...NUMBER, signed: true } as const;
const ofImages = {
  images: NUMBER,
  groups: NUMBER,
  rows: NUMBER,
  channels: NUMBER,
  tapsD: NUMBER,
  tapsH: NUMBER,
  tapsW: NUMBER,
  sizeD: NUMBER,
  sizeH: NUMBER,
  sizeW: NUMBER,
  positionsD: NUMBER,
  positionsH: NUMBER,
  positionsW: NUMBER,
  stepD: NUMBER,
  stepH: NUMBER,
  stepW: NUMBER,
  apartD: SIGNED,
  apartH: SIGNED,
  apartW: SIGNED,
  firstD: SIGNED,
  firstH: SIGNED,
  firstW: SIGNED,
} as const;
const images: readonly string[] = ["images", "groups", "channels", "sizeD", "sizeH", "sizeW"];
const filters: readonly string[] = ["groups", "rows", "channels", "tapsD", "tapsH", "tapsW"];
const positions: readonly string[] = ["images", "groups", "rows", "positionsD", "positionsH", "positionsW"];

export const convolve = instruction(
  op.CONVOLVE,
  "convolve",
  {
    to: WRITE,
    filters: { ...READ, of: filters },
    from: { ...READ, of: images },
    ...ofImages,
    spacingD: NUMBER,
    spacingH: NUMBER,
    spacingW: NUMBER,
    map: COUNT,
  },
  epilogueAt(slot.CONVOLVE_MAP),
);

export const convolveFilter = instruction(op.CONVOLVE_FILTER, "convolve_filter", {
  to: { ...WRITE, of: ["parts", ...filters] },
  gradients: { ...READ, of: positions },
  from: { ...READ, of: images },
  ...ofImages,
  parts: NUMBER,
});

/** Slots of an axis of windows. */
type AxisSlots<Axis extends string> = Readonly<
  Record<`${"size" | "out" | "kernel" | "stride" | "padding" | "dilation"}${Axis}`, typeof NUMBER>
>;

function axisSlots<Axis extends string>(axis: Axis): AxisSlots<Axis> {
  const names = ["size", "out", "kernel", "stride", "padding", "dilation"];
  return Object.fromEntries(names.map((name) => [name + axis, NUMBER])) as AxisSlots<Axis>;
}

const places: readonly string[] = ["planes", "sizeD", "sizeH", "sizeW"];
const windows: readonly string[] = ["planes", "outD", "outH", "outW"];
const axes = { planes: NUMBER, ...axisSlots("D"), ...axisSlots("H"), ...axisSlots("W") } as const;
const toWindows = { to: { ...WRITE, of: windows }, from: { ...READ, of: places }, ...axes } as const;
export const maxPool = instruction(op.MAX_POOL, "max_pool", { ...toWindows, indices: { ...WRITE, of: windows } });
export const sumPool = instruction(op.SUM_POOL, "sum_pool", toWindows);
export const sumPoolTransposed = instruction(op.SUM_POOL_TRANSPOSED, "sum_pool_transposed", {
  to: { ...WRITE, of: places },
  from: { ...READ, of: windows },
  ...axes,
});

const points: readonly string[] = ["planes", "count"];
export const scatterPlanes = instruction(op.SCATTER_PLANES, "scatter_planes", {
  to: { ...WRITE, of: ["planes", "size"] },
  from: { ...READ, of: points },
  index: { ...READ, of: points },
  planes: NUMBER,
  size: NUMBER,
  count: NUMBER,
  last: FLAG,
});

export const normalize = instruction(op.NORMALIZE, "normalize", {
  values: { ...WRITE, of: matrix },
  inverse: { ...WRITE, of: column },
  from: { ...READ, of: matrix },
  epsilon: { ...READ, of: [] },
  rows: NUMBER,
  columns: NUMBER,
  centred: FLAG,
});

export const normalizeGradient = instruction(op.NORMALIZE_GRADIENT, "normalize_gradient", {
  to: { ...WRITE, of: matrix },
  from: { ...READ, of: matrix },
  values: { ...READ, of: matrix },
  inverse: { ...READ, of: column },
  rows: NUMBER,
  columns: NUMBER,
  centred: FLAG,
});

const folded: readonly string[] = ["outer", "inner"];
export const moments = instruction(op.MOMENTS, "moments", {
  mean: { ...WRITE, of: folded },
  rest: { ...WRITE, of: folded },
  squares: { ...WRITE, of: folded },
  from: { ...READ, of: along },
  outer: NUMBER,
  n: NUMBER,
  inner: NUMBER,
});

export const weightedSums = instruction(op.WEIGHTED_SUMS, "weighted_sums", {
  sums: { ...WRITE, of: folded },
  products: { ...WRITE, of: folded },
  from: { ...READ, of: along },
  weights: { ...READ, of: along },
  outer: NUMBER,
  n: NUMBER,
  inner: NUMBER,
});

const ofSequences = {
  from: { ...READ, of: ["sequences", "times", "classes"] },
  targets: { ...READ, of: ["sequences", "labels"] },
  inputLengths: { ...READ, of: ["sequences"] },
  targetLengths: { ...READ, of: ["sequences"] },
  sequences: NUMBER,
  times: NUMBER,
  classes: NUMBER,
  labels: NUMBER,
  states: NUMBER,
  blank: NUMBER,
  batchFirst: FLAG,
} as const;
const ways: readonly string[] = ["sequences", "times", "states"];
export const ctc = instruction(op.CTC, "ctc", {
  to: { ...WRITE, of: ["sequences"] },
  alphas: { ...WRITE, of: ways },
  ...ofSequences,
});

export const ctcGradient = instruction(op.CTC_GRADIENT, "ctc_gradient", {
  to: { ...WRITE, of: ["sequences", "times", "classes"] },
  alphas: { ...READ, of: ways },
  ...ofSequences,
  work: WRITE,
  scale: { ...READ, of: ["sequences"] },
});

/** All of them, by their numbers. */
const described = [
  end,
  barrier,
  loop,
  index,
  map,
  reduce,
  pack,
  matmul,
  copy,
  gather,
  scatterAdd,
  softmax,
  logSumExp,
  crossEntropy,
  crossEntropyGradient,
  cumulativeSum,
  sort,
  cumulativeMax,
  convolve,
  convolveFilter,
  maxPool,
  sumPool,
  sumPoolTransposed,
  scatterPlanes,
  normalize,
  normalizeGradient,
  moments,
  weightedSums,
  ctc,
  ctcGradient,
] as const;

type Described = { readonly [D in (typeof described)[number] as D["opcode"]]: D };

export const INSTRUCTIONS: Readonly<Record<Opcode, Description>> = described as Described;

type PointersOf<S> = {
  readonly [K in keyof S]: S[K] extends Pointer
    ? S[K] extends Pick<Required<SlotDescription>, "of">
      ? never
      : K
    : never;
}[keyof S];

/** Names of the slots of each instruction that hold addresses and do not say themselves how far these reach. */
export type Pointers = { readonly [O in Opcode]: PointersOf<Described[O]["named"]> };

/** What stands in the slots of each instruction, by their names. */
export type Named = { readonly [O in Opcode]: { readonly [K in keyof Described[O]["named"]]: number } };

/** Whether a slot holds an address. */
export function isPointer({ holds }: SlotDescription): boolean {
  return holds === "read" || holds === "write";
}
