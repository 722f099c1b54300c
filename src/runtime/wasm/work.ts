// Work: into which chunks the kernels cut an instruction, and how long a team takes for instructions cut so. Chunks are cut by the
// kernels' own formulas (assembly/isa/cuts.ts); nanoseconds are estimates unless the caller has better ones. It all concerns speed,
// never bits.
import { PACK_STRIPS, PLANE_PRODUCTS, PLANE_WIDE, SCATTER_COLUMNS } from "../../../assembly/isa/chunks.ts";
import * as cut from "../../../assembly/isa/cuts.ts";
import { parts } from "../../../assembly/isa/integers.ts";
import * as op from "../../../assembly/isa/opcode.ts";
import { NARROW_PANEL } from "../../../assembly/isa/panels.ts";
import * as slot from "../../../assembly/isa/slots.ts";
import { lengthAt, mapOf, opcodeAt, wordsAt } from "../../program/addresses.ts";
import { filterCut } from "../../program/filter-cut.ts";
import { INSTRUCTIONS, type Named, type Opcode, type Word } from "../../program/instructions.ts";

/** What one instruction is cut into. */
export interface Chunks {
  readonly count: number;
  /** Of chunk `i`, in any unit. */
  readonly size: (i: number) => number;
  /** Of all chunks. */
  readonly total: number;
}

/** A team as its time is counted: nanoseconds of a barrier, and of each instruction on one thread. */
export interface TeamCosts {
  readonly threads: number;
  readonly barrier: number;
  readonly nanoseconds?: (code: Int32Array, at: number) => number;
  /** Columns of a panel: 8 in the relaxed build (default), 12 in the portable one. */
  readonly panel?: number;
  /** Told of every meeting of the threads outside of loops: where it is, and the time since the last one. */
  readonly onMeeting?: (at: number, nanoseconds: number) => void;
}

/** With more chunks for each thread than this, all end at the same time. */
const SMOOTH = 64;

/** Nanoseconds of a step's instructions from `start` to `end`. A thread's first chunk is its own number, so few chunks fall to few. */
export function timeOf(code: Int32Array, start: number, end: number, team: TeamCosts): number {
  const { threads, barrier, nanoseconds = estimateOf, panel, onMeeting } = team;
  const clocks = new Float64Array(threads);
  let time = 0;
  const meet = (at: number, cost: number) => {
    const latest = Math.max(...clocks) + cost;
    onMeeting?.(at, latest);
    time += latest;
    clocks.fill(0);
  };
  for (let at = start; at < end; ) {
    const opcode = opcodeAt(code, at);
    const length = lengthAt(code, at);
    if (!(opcode < op.OPCODES) || length === 0) break; // no program: running it will tell
    if (opcode === op.LOOP) {
      meet(at, 0);
      const body = at + length;
      const words = Math.max(0, code[at + slot.LOOP_BODY]);
      const once = timeOf(code, body, body + words, { ...team, onMeeting: undefined });
      clocks.fill(code[at + slot.LOOP_COUNT] * once);
      at += words;
    } else if (opcode === op.BARRIER || opcode === op.END) meet(at, barrier);
    else if (opcode !== op.INDEX) share(chunksOf(code, at, panel), nanoseconds(code, at), clocks);
    at += length;
  }
  return time + Math.max(...clocks);
}

/** Advances the threads' clocks by an instruction of so many nanoseconds. */
function share({ count, size, total }: Chunks, nanoseconds: number, clocks: Float64Array): void {
  const unit = total === 0 ? 0 : nanoseconds / total;
  const threads = clocks.length;
  if (count > SMOOTH * threads) {
    const end = (clocks.reduce((sum, clock) => sum + clock, 0) + nanoseconds) / threads;
    clocks.forEach((clock, t) => {
      clocks[t] = Math.max(clock, end);
    });
    return;
  }
  for (let i = 0; i < count; i++) clocks[i < threads ? i : clocks.indexOf(Math.min(...clocks))] += unit * size(i);
}

/** The chunks of the instruction at `at` for several threads. */
export function chunksOf(code: Int32Array, at: number, panel = NARROW_PANEL): Chunks {
  return workAt(code, at).cut(namedAt(code, at), wordsAt(code, at), panel);
}

/** Nanoseconds of one instruction on one thread. */
function estimateOf(code: Int32Array, at: number): number {
  const { unit = () => ELEMENT } = workAt(code, at);
  return INSTRUCTION + chunksOf(code, at).total * unit(namedAt(code, at), mapSteps(code, at));
}

/** Steps of a map or of a product's epilogue. */
function mapSteps(code: Int32Array, at: number): number {
  const map = mapOf(code, at);
  return map < 0 ? 0 : code[map + slot.MAP_COUNTS] >>> 16;
}

// Nanoseconds on one core, to about a factor of two (products at 50 GFLOP/s, the block machine on Adam).
const INSTRUCTION = 10;
const ELEMENT = 0.3; // moved, packed, or summed up
const ROW_ELEMENT = 1.5; // of softmax and its kin, or of a turn of SORT
const STATE = 6; // at one time: three exponentials and a logarithm
const MAP_STEP = 0.3; // of one element
const POINT = 0.6; // put at its place
const PRODUCT = 0.04;

/** What there is to do for an instruction. */
interface Work<Slots> {
  /** Its chunks, from its slots, from all of its words where slots are not enough, and from the usual columns of a panel. */
  readonly cut: (slots: Slots, word: Word, panel: number) => Chunks;
  /** Nanoseconds for the unit of the chunks, with so many steps of a map. Default: those of an element. */
  readonly unit?: (slots: Slots, steps: number) => number;
}

const none: Work<unknown> = { cut: () => boxes([0, 1]) };

// What is cut as its slots suggest: rows of a matrix, lines along the middle axis of three.
type Rows = { readonly rows: number; readonly columns: number };
type Lines = { readonly outer: number; readonly n: number; readonly inner: number };

const rows: Work<Rows> = {
  cut: ({ rows, columns }) => boxes(whole(columns), [rows, cut.rowsOfChunk(columns)]),
  unit: () => ROW_ELEMENT,
};

const lines: Work<Lines> = {
  cut({ outer, n, inner }) {
    const columns = cut.cumulativeColumns(inner);
    const groups = outer * parts(inner, columns);
    return boxes(whole(n * columns), [groups, cut.cumulativeGroups(n, columns)]);
  },
};

type Windows = Omit<Named[typeof op.MAX_POOL], "indices">;

/** Places of a window along each axis, at most. */
function placesOf(slots: Windows): readonly [d: number, h: number, w: number] {
  const { sizeD, outD, kernelD, sizeH, outH, kernelH, sizeW, outW, kernelW } = slots;
  const d = cut.poolPlaces(sizeD, outD, kernelD);
  return [d, cut.poolPlaces(sizeH, outH, kernelH), cut.poolPlaces(sizeW, outW, kernelW)];
}

/** Rows of windows, of so many places each. */
const pool: Work<Windows> = {
  cut(slots) {
    const { planes, outD, outH, outW } = slots;
    const [d, h, w] = placesOf(slots);
    return boxes(whole(outW * d * h * w), [planes * outD * outH, cut.poolRows(outW, d, h, w)]);
  },
};

/** Sequences, one by one, of so many states at all times. */
const sequences: Work<Named[typeof op.CTC]> = {
  cut: ({ sequences, times, states }) => boxes(whole(times * states), [sequences, 1]),
  unit: () => STATE,
};

const WORK: { readonly [O in Opcode as Named[O] extends Rows | Lines ? never : O]: Work<Named[O]> } & {
  readonly [O in Opcode]?: Work<Named[O]>;
} = {
  [op.END]: none,
  [op.BARRIER]: none,
  [op.LOOP]: none,
  [op.INDEX]: none,
  [op.MAP]: {
    cut: ({ n }, word) => boxes([n, cut.mapElements(n, word(slot.MAP_COUNTS) >>> 16)]),
    unit: (_, steps) => MAP_STEP * steps,
  },
  [op.REDUCE]: {
    cut({ outer, n, inner }) {
      const columns = cut.reduceColumns(n, inner);
      return boxes([inner, columns], [outer, cut.reduceRows(n, inner, columns)], whole(n));
    },
  },
  [op.PACK]: {
    cut({ batch, heads, k, n, across }, _, usual) {
      const width = across > 0 ? PACK_STRIPS : cut.packedColumns(k, cut.panelFor(n, usual));
      return boxes([n, width], [batch * heads, 1], [k, k]);
    },
  },
  [op.MATMUL]: { cut: productChunks, unit: ({ k }, steps) => PRODUCT * k + MAP_STEP * steps },
  [op.COPY]: { cut: copyChunks },
  [op.GATHER]: { cut: ({ count, width }) => boxes(whole(width), [count, cut.gatherRows(width)]) },
  [op.SCATTER_ADD]: {
    // Every part looks at all indices; rows are taken to be named evenly.
    cut({ count, width, rows }) {
      const part = boxes([rows, cut.scatterRows(rows)], [width, SCATTER_COLUMNS]);
      const more = rows === 0 ? 0 : 1 + count / rows;
      return {
        count: part.count,
        size: (i) => count + more * part.size(i),
        total: part.count * count + more * part.total,
      };
    },
  },
  [op.CONVOLVE]: { cut: convolutionChunks, unit: (slots, steps) => PRODUCT * sumOf(slots) + MAP_STEP * steps },
  [op.CONVOLVE_FILTER]: { cut: filterChunks, unit: () => PRODUCT },
  [op.MAX_POOL]: pool,
  [op.SUM_POOL]: pool,
  [op.SUM_POOL_TRANSPOSED]: {
    cut(slots) {
      const { planes, sizeD, sizeH, sizeW, outD, outH, outW } = slots;
      const [d, h, w] = placesOf(slots);
      const elements = sizeD * sizeH * sizeW;
      return boxes(whole(elements + outD * outH * outW * d * h * w), [planes, cut.planesOfChunk(elements)]);
    },
  },
  [op.SCATTER_PLANES]: {
    cut: ({ planes, size, count }) => boxes(whole(size + count), [planes, cut.planesOfChunk(Math.max(size, count))]),
    unit: () => POINT,
  },
  [op.CTC]: sequences,
  [op.CTC_GRADIENT]: sequences,
  [op.SORT]: { ...rows, unit: ({ columns }) => ROW_ELEMENT * Math.ceil(Math.log2(Math.max(2, columns))) }, // times turns of merging
};

/** Taps of a filter, and positions. */
function sumOf({ channels, tapsD, tapsH, tapsW }: { readonly [name: string]: number }): number {
  return channels * tapsD * tapsH * tapsW;
}

/** The unit is an output. */
function convolutionChunks(slots: Named[typeof op.CONVOLVE]): Chunks {
  const { images, groups, rows: outputs, spacingD, spacingH, spacingW } = slots;
  const [depth, height, columns] = [
    parts(slots.positionsD, spacingD),
    parts(slots.positionsH, spacingH),
    parts(slots.positionsW, spacingW),
  ];
  const lines = depth * height;
  const isSpaced = spacingD > 1 || spacingH > 1 || spacingW > 1;
  const { stepH, stepW } = slots;
  const high = cut.tapSpan(slots.tapsH, slots.apartH, slots.firstH, spacingH);
  const wide = cut.tapSpan(slots.tapsW, slots.apartW, slots.firstW, spacingW);
  const isFlat = slots.tapsD * slots.sizeD * slots.positionsD === 1 && slots.firstD === 0;
  const planar = isFlat ? cut.planeRows(images * groups, height, columns, stepH, stepW, high, wide, false) : 0;
  const k = sumOf(slots);
  const most = planar > 0 ? PLANE_WIDE : cut.convolveBand(images * groups, lines * columns, k, isSpaced);
  const piece = cut.bandColumns(columns, most);
  const band = planar > 0 ? planar : cut.bandRows(lines, columns, most);
  const bands = parts(lines, band) * parts(columns, piece);
  const isWhole = planar > 0 && cut.bandsTogether(images * groups, bands, slots.map > 0) === bands;
  const sums = outputs * Math.min(isWhole ? lines * columns : band * piece, PLANE_PRODUCTS);
  const pieces = isWhole ? 1 : bands;
  const together = planar > 0 && !isInPlace(slots) && k > 0 ? cut.planeMatrices(images * groups, pieces, sums, k) : 1;
  const each = whole(outputs * spacingD * spacingH * spacingW);
  const axes: Axis[] = isWhole
    ? [whole(columns), whole(lines)]
    : [
        [columns, piece],
        [lines, band],
      ];
  return boxes(...axes, [images * groups, together], each);
}

/** Whether images are multiplied as they lie: by one tap, at each position's own place. */
function isInPlace(slots: Named[typeof op.CONVOLVE]): boolean {
  return ["D", "H", "W"].every((axis) => {
    const of = (name: string) => (slots as Readonly<Record<string, number>>)[`${name}${axis}`];
    const isOne = of("taps") === 1 && of("step") === 1 && of("spacing") === 1 && of("first") === 0;
    return isOne && of("size") === of("positions");
  });
}

/** The unit is an output and a position. */
function filterChunks(slots: Named[typeof op.CONVOLVE_FILTER]): Chunks {
  const { images, groups, rows: outputs, positionsD, positionsH, positionsW, parts: pieces } = slots;
  const taps = sumOf(slots);
  const each = Math.max(1, (images * positionsD * positionsH * positionsW) / Math.max(1, pieces));
  return boxes(
    [taps, cut.filterTaps(filterCut(slots), taps)],
    [outputs, cut.filterRows(outputs)],
    [groups * pieces, 1],
    whole(each),
  );
}

/** The unit is an output. */
function productChunks(slots: Named[typeof op.MATMUL], _: Word, usual: number): Chunks {
  const { m, n, k } = slots;
  const matrices = slots.batch * slots.heads;
  const columnwise = (slots.transposed & 1) !== 0 && slots.strips === 0;
  const tile = cut.tileRows(cut.panelFor(n, usual), usual);
  const pieces = cut.cutProduct(matrices, m, n, k, columnwise, slots.map > 0, tile, false);
  return boxes([m, cut.productRows(pieces)], [n, cut.productColumns(pieces)], [matrices, 1]);
}

function copyChunks({ rank }: Named[typeof op.COPY], word: Word): Chunks {
  const dimension = (d: number) => {
    const first = slot.COPY_FIRST + d * slot.COPY_DIMENSION_WORDS;
    return d < 0 ? { size: 1, to: 0, from: 0 } : { size: word(first), to: word(first + 1), from: word(first + 2) };
  };
  const inner = [dimension(rank - 2), dimension(rank - 1)];
  const [lines, columns] = cut.copySwaps(inner[0].to, inner[1].to) ? inner.reverse() : inner;
  let outer = 1;
  for (let d = 0; d < rank - 2; d++) outer *= dimension(d).size;
  const width = cut.copyColumns(columns.size, cut.copyTurns(columns.to, lines.from));
  const height = cut.copyRows(lines.size, width);
  const depth = cut.copyOuter(lines.size, columns.size, height, width);
  return boxes([columns.size, width], [lines.size, height], [outer, depth]);
}

type Axis = readonly [length: number, piece: number];

/** Cuts axes into pieces, the first axis fastest. */
function boxes(...axes: readonly Axis[]): Chunks {
  const counts = axes.map(([length, piece]) => parts(length, Math.max(1, piece)));
  const size = (i: number) => {
    let product = 1;
    axes.forEach(([length, piece], axis) => {
      product *= Math.min(piece, length - (i % counts[axis]) * piece);
      i = Math.floor(i / counts[axis]);
    });
    return product;
  };
  const product = (numbers: readonly number[]) => numbers.reduce((all, each) => all * each, 1);
  return { count: product(counts), size, total: product(axes.map(([length]) => length)) };
}

/** An axis that is never cut. */
function whole(length: number): Axis {
  return [Math.max(1, length), Math.max(1, length)];
}

/** What there is to do for the instruction at `at`; its slots are those of its opcode. */
function workAt(code: Int32Array, at: number): Work<Readonly<Record<string, number>>> {
  const opcode = opcodeAt(code, at) as Opcode;
  return (WORK[opcode] ?? ("rows" in INSTRUCTIONS[opcode].named ? rows : lines)) as Work<
    Readonly<Record<string, number>>
  >;
}

/** The words of an instruction's slots, by their names. */
function namedAt(code: Int32Array, at: number): Readonly<Record<string, number>> {
  const { slots } = INSTRUCTIONS[opcodeAt(code, at) as Opcode];
  const named: Record<string, number> = {};
  for (const { name, at: number } of slots) named[name] = code[at + number];
  return named;
}
