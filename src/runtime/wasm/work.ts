// Work: into which chunks the kernels cut an instruction, and how long a team takes for instructions cut so. Chunks are exactly those
// of assembly/ (tested); nanoseconds are estimates unless the caller has better ones. It all concerns speed, never bits.
import * as cut from "../../../assembly/isa/chunks.ts";
import * as op from "../../../assembly/isa/opcode.ts";
import { KC, MAP_CHUNK, PANEL } from "../../../assembly/isa/sizes.ts";
import * as slot from "../../../assembly/isa/slots.ts";
import { lengthAt, mapOf, opcodeAt } from "../../program/addresses.ts";
import type { Opcode } from "../../program/instructions.ts";

/** What one instruction is cut into. */
export interface Chunks {
  readonly count: number;
  /** Of chunk `i`, in any unit. */
  readonly size: (i: number) => number;
  /** Of all chunks. */
  readonly total: number;
}

// Nanoseconds on one core, to about a factor of two (products at 50 GFLOP/s, the block machine on Adam).
const PRODUCT = 0.04;
const MAP_STEP = 0.3; // of one element
const ELEMENT = 0.3; // moved, packed, or summed up
const ROW_ELEMENT = 1.5; // of softmax and its kin
const INSTRUCTION = 10;

const PANEL_COLUMNS = 8; // of the relaxed build

/** With more chunks for each thread than this, all end at the same time. */
const SMOOTH = 64;

/** A team as its time is counted: nanoseconds of a barrier, and of each instruction on one thread. */
export interface Team {
  readonly threads: number;
  readonly barrier: number;
  readonly nanoseconds?: (code: Int32Array, at: number) => number;
  /** Columns of a panel: 8 in the relaxed build (default), 12 in the portable one. */
  readonly panel?: number;
  /** Told of every meeting of the threads outside of loops: where it is, and the time since the last one. */
  readonly onMeeting?: (at: number, nanoseconds: number) => void;
}

/** Nanoseconds of a step's instructions from `start` to `end`. A thread's first chunk is its own number, so few chunks fall to few. */
export function timeOf(code: Int32Array, start: number, end: number, team: Team): number {
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
    if (!(opcode in CHUNKS) || length === 0) break; // no program: running it will tell
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

/** Nanoseconds of one instruction on one thread. */
function estimateOf(code: Int32Array, at: number): number {
  const opcode = opcodeAt(code, at);
  const { total } = chunksOf(code, at);
  if (opcode === op.MAP) return INSTRUCTION + MAP_STEP * total * mapSteps(code, at);
  if (opcode === op.MATMUL)
    return INSTRUCTION + total * (PRODUCT * code[at + slot.MATMUL_K] + MAP_STEP * mapSteps(code, at));
  return INSTRUCTION + total * (ROWS.has(opcode) ? ROW_ELEMENT : ELEMENT);
}

const ROWS: ReadonlySet<number> = new Set([
  ...[op.SOFTMAX, op.LOG_SUM_EXP, op.CROSS_ENTROPY, op.CROSS_ENTROPY_GRADIENT, op.SORT],
]);

/** Steps of a map or of a product's epilogue. */
function mapSteps(code: Int32Array, at: number): number {
  const map = mapOf(code, at);
  return map < 0 ? 0 : code[map + slot.MAP_COUNTS] >>> 16;
}

/** The chunks of the instruction at `at` for several threads, by the formulas of its kernel. */
export function chunksOf(code: Int32Array, at: number, panel = PANEL_COLUMNS): Chunks {
  return CHUNKS[opcodeAt(code, at) as Opcode]((number) => code[at + number], panel);
}

/** Cuts an axis into pieces of `piece` and a rest; axes side by side make boxes, the first axis fastest. */
function boxes(...axes: readonly (readonly [length: number, piece: number])[]): Chunks {
  const counts = axes.map(([length, piece]) => Math.ceil(length / Math.max(1, piece)));
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

/** So many whole ones as make up a chunk, at least one. */
function fitting(chunk: number, each: number): number {
  return Math.max(1, Math.floor(chunk / Math.max(1, each)));
}

/** An axis that is never cut. */
function whole(length: number): readonly [length: number, piece: number] {
  return [Math.max(1, length), Math.max(1, length)];
}

type Word = (slot: number) => number;
const NOTHING = () => boxes([0, 1]);

function rows(count: number, columns: number): Chunks {
  return boxes(whole(columns), [count, fitting(cut.ROWS_CHUNK, columns)]);
}

const rowKernel = (word: Word) => rows(word(slot.ROWS_ROWS), word(slot.ROWS_COLUMNS));
const entropy = (word: Word) => rows(word(slot.ENTROPY_ROWS), word(slot.ENTROPY_COLUMNS));

const CHUNKS: Record<Opcode, (word: Word, panel: number) => Chunks> = {
  [op.END]: NOTHING,
  [op.BARRIER]: NOTHING,
  [op.LOOP]: NOTHING,
  [op.INDEX]: NOTHING,
  [op.MAP]: (word) => boxes([word(slot.MAP_N), MAP_CHUNK]),
  [op.REDUCE]: (word) => {
    const [outer, n, inner] = [word(slot.REDUCE_OUTER), word(slot.REDUCE_N), word(slot.REDUCE_INNER)];
    const most = Math.max(cut.REDUCE_COLUMNS, fitting(cut.REDUCE_CHUNK, n) & -cut.REDUCE_COLUMNS);
    const width = Math.min(inner, most);
    const height = width === inner ? fitting(cut.REDUCE_CHUNK, Math.max(1, n) * inner) : 1;
    return boxes([inner, width], [outer, height], whole(n));
  },
  [op.PACK]: (word, usual) => {
    const [k, n] = [word(slot.PACK_K), word(slot.PACK_N)];
    const panel = panelOf(n, usual);
    const width = word(slot.PACK_ACROSS) > 0 ? cut.PACK_STRIPS : 2 * panel * fitting(cut.PACK_CHUNK, 2 * k * panel);
    return boxes([n, width], [word(slot.PACK_BATCH) * word(slot.PACK_HEADS), 1], [k, k]);
  },
  [op.MATMUL]: matmulChunks,
  [op.COPY]: copyChunks,
  [op.GATHER]: (word) => {
    const width = word(slot.GATHER_WIDTH);
    return boxes(whole(width), [word(slot.GATHER_COUNT), fitting(cut.GATHER_CHUNK, width)]);
  },
  [op.SCATTER_ADD]: (word) => {
    // Every part looks at all indices; rows are taken to be named evenly.
    const [count, width, targets] = [word(slot.SCATTER_COUNT), word(slot.SCATTER_WIDTH), word(slot.SCATTER_ROWS)];
    const {
      count: parts,
      total,
      ...each
    } = boxes([targets, Math.ceil(targets / cut.SCATTER_PARTS)], [width, cut.SCATTER_COLUMNS]);
    const more = targets === 0 ? 0 : 1 + count / targets;
    return { count: parts, size: (i) => count + more * each.size(i), total: parts * count + more * total };
  },
  [op.SOFTMAX]: rowKernel,
  [op.LOG_SUM_EXP]: rowKernel,
  [op.CROSS_ENTROPY]: entropy,
  [op.CROSS_ENTROPY_GRADIENT]: entropy,
  [op.SORT]: (word) => {
    const { count, size, total } = rows(word(slot.SORT_ROWS), word(slot.SORT_COLUMNS));
    const turns = Math.ceil(Math.log2(Math.max(2, word(slot.SORT_COLUMNS)))); // of merging
    return { count, size: (i) => turns * size(i), total: turns * total };
  },
  [op.CUMULATIVE_SUM]: (word) => {
    const inner = word(slot.CUMULATIVE_SUM_INNER);
    const width = Math.min(inner, cut.REDUCE_COLUMNS);
    const each = word(slot.CUMULATIVE_SUM_N) * width;
    const groups = word(slot.CUMULATIVE_SUM_OUTER) * Math.ceil(inner / width);
    return boxes(whole(each), [groups, fitting(cut.REDUCE_CHUNK, each)]);
  },
};

/** Columns of a panel of n columns, as in assembly/gemm/blocking.ts. */
function panelOf(n: number, usual: number): number {
  const second = 20 - usual;
  return 12 * second * Math.ceil(n / second) <= 11 * usual * Math.ceil(n / usual) ? second : usual;
}

/** assembly/gemm/blocking.ts, line by line. The unit is an output. */
function matmulChunks(word: Word, usual: number): Chunks {
  const [m, n, k] = [slot.MATMUL_M, slot.MATMUL_N, slot.MATMUL_K].map(word);
  const batch = word(slot.MATMUL_BATCH) * word(slot.MATMUL_HEADS);
  const columnwise = (word(slot.MATMUL_TRANSPOSED) & 1) !== 0 && word(slot.MATMUL_STRIPS) === 0;
  const few = columnwise ? cut.FEW_COLUMNS_PACKED : cut.FEW_COLUMNS;
  const epilogue = word(slot.MATMUL_MAP) > 0;
  const depth = Math.min(k, 1 << 15);
  const upTo = (x: number, multiple: number) => Math.ceil(x / multiple) * multiple;
  const most = k > KC / 2 ? cut.MC / 2 : cut.MC;
  const unit = usual === 8 || panelOf(n, usual) === usual ? 6 : 4;
  let height = upTo(Math.ceil(m / Math.ceil(m / most)), unit);
  let width = n <= cut.NC ? n : upTo(Math.ceil(n / Math.ceil(n / cut.NC)), PANEL);
  while (true) {
    const work = Math.min(m, height) * width * depth;
    if (work <= cut.SMALL) break;
    const chunks = batch * Math.ceil(m / height) * Math.ceil(n / width);
    if (chunks >= cut.MANY || (chunks >= cut.ENOUGH && (work <= cut.LARGE || height <= cut.FEW_ROWS))) break;
    const half = upTo(width >> 1, PANEL);
    const wide = width > few && (!epilogue || half * depth >= cut.SEGMENT);
    if (wide && height <= cut.FEW_ROWS) width = half;
    else if (height > unit) height = upTo(height >> 1, unit);
    else break;
  }
  return boxes([m, height], [n, width], [batch, 1]);
}

/** assembly/copy.ts: boxes of the two inner dimensions, or of outer ones where these are small. */
function copyChunks(word: Word): Chunks {
  const rank = word(slot.COPY_RANK);
  const dimension = (d: number) => {
    const first = slot.COPY_FIRST + d * slot.COPY_DIMENSION_WORDS;
    return d < 0 ? { size: 1, to: 0, from: 0 } : { size: word(first), to: word(first + 1), from: word(first + 2) };
  };
  let [lines, columns] = [dimension(rank - 2), dimension(rank - 1)];
  if (lines.to === 1 && columns.to !== 1) [lines, columns] = [columns, lines];
  let outer = 1;
  for (let d = 0; d < rank - 2; d++) outer *= dimension(d).size;
  const width = Math.min(columns.size, columns.to === 1 && lines.from === 1 ? cut.COPY_SQUARE : cut.COPY_CHUNK);
  const height = Math.min(lines.size, fitting(cut.COPY_CHUNK, width));
  const isWhole = width === columns.size && height === lines.size;
  return boxes(
    [columns.size, width],
    [lines.size, height],
    [outer, isWhole ? fitting(cut.COPY_CHUNK, lines.size * columns.size) : 1],
  );
}
