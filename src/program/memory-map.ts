// The arena over time: which of its words hold something that is still needed, instruction by instruction, and how near the plan
// comes to the least that any plan could do with.
import { ALIGN, REGION_ARENA } from "../../assembly/isa/sizes.ts";
import { carriedBy } from "./addresses.ts";
import { decode, type Line, type Touch } from "./decode.ts";
import { checkForm } from "./form.ts";
import { CodeNames } from "./names.ts";
import { Places, regionStart } from "./places.ts";
import type { Program } from "./program.ts";

/** How an arena is used. Sizes in words, padded to whole cache lines. */
export interface MemoryUse {
  readonly arenaWords: number;
  /** The largest sum of what is alive at one instruction: no plan needs less. */
  readonly lowerBound: number;
  /** Arena over lower bound; 1 if there is no arena. */
  readonly ratio: number;
  /** A line for every instruction that touches memory: its number, its live words, the arena from left to right. */
  readonly text: string;
}

const COLUMNS = 64;

/**
 * Draws the arena of a program over time: `#` is written, `+` read, `|` kept for later, `.` free.
 * @throws ProgramError if the program is broken
 *
 * @example
 * import { compile, Variable } from "simdgrad";
 * import { memory } from "simdgrad/debug";
 * const x = new Variable([32, 32], 0);
 * const { arenaWords, lowerBound, ratio } = memory(compile({ outputs: { y: x.matmul(x).softmax().sum() } }));
 * ratio === arenaWords / lowerBound; // => true
 */
export function memory(program: Program): MemoryUse {
  checkForm(program, "memory: program");
  const { arenaWords, labels } = program;
  const cells = new Uint8Array(Math.ceil(arenaWords / ALIGN)); // 1: needed by a later instruction
  const columns = Math.max(1, Math.min(COLUMNS, cells.length));
  const drawn = new Map<number, string>();
  let largest = 0;
  for (const { number, opcode, touches, loops } of backwards(decode(program, new Places(program), new CodeNames()))) {
    const inArena = touches.filter(({ low, high }) => low < high && isArena(low));
    const written = inArena.filter(({ write }) => write);
    const product = touches.find(({ slot }) => slot === carriedBy(opcode));
    // What stands where the product goes, its epilogue reads after the product has come.
    const read = inArena.filter(({ write, low }) => !write && low !== product?.low);
    if (touches.length === 0) continue;
    const now = cells.slice();
    for (const touch of read) mark(now, touch, 2);
    for (const touch of written) mark(now, touch, 3);
    const live = now.reduce((sum, cell) => sum + (cell > 0 ? 1 : 0), 0);
    largest = Math.max(largest, live);
    drawn.set(
      number,
      `${`${number}`.padStart(4)} ${`${live * ALIGN}`.padStart(9)} ${draw(now, columns)} ${labels[number]}`,
    );
    // What one iteration writes may be a part only: what a loop moves stays needed until the loop begins.
    for (const touch of written) if (loops.length === 0 || !moves(touch)) mark(cells, touch, 0);
    for (const touch of read) mark(cells, touch, 1);
  }
  const lowerBound = largest * ALIGN;
  const lines = [...drawn].sort(([a], [b]) => a - b).map(([, line]) => line);
  const ratio = lowerBound === 0 ? 1 : arenaWords / lowerBound;
  const summary = `arena ${arenaWords} words, lower bound ${lowerBound}, ratio ${ratio.toFixed(3)}`;
  return { arenaWords, lowerBound, ratio, text: [...lines, summary].join("\n") };
}

function isArena(position: number): boolean {
  return position >= regionStart(REGION_ARENA) && position < regionStart(REGION_ARENA + 1);
}

/** Lines from the last to the first; the body of a loop twice, since what an iteration reads the one before may have written. */
function backwards(lines: readonly Line[]): Line[] {
  const order: Line[] = [];
  const walk = (from: number, to: number, depth: number) => {
    for (let i = to - 1; i >= from; ) {
      if (lines[i].loops.length === depth) order.push(lines[i--]);
      else {
        let first = i;
        while (first > from && lines[first - 1].loops[depth] === lines[i].loops[depth]) first--;
        walk(first, i + 1, depth + 1);
        walk(first, i + 1, depth + 1);
        i = first - 1;
      }
    }
  };
  walk(0, lines.length, 0);
  return order;
}

function moves({ strides }: Touch): boolean {
  return strides.some((stride) => stride !== 0);
}

function mark(cells: Uint8Array, { low, high }: Touch, value: number): void {
  const base = regionStart(REGION_ARENA);
  cells.fill(value, Math.floor((low - base) / ALIGN), Math.ceil((high - base) / ALIGN));
}

/** The most that happens in each column. */
function draw(cells: Uint8Array, columns: number): string {
  return Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * cells.length) / columns);
    const part = cells.subarray(from, Math.max(from + 1, Math.floor(((column + 1) * cells.length) / columns)));
    return ".|+#"[part.reduce((most, cell) => Math.max(most, cell), 0)];
  }).join("");
}
