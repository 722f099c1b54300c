// Verifies that a barrier stands between any two instructions that touch the same words, one of them writing, and that no
// instruction stands in its own way. Between two barriers threads run apart.
import { BARRIER } from "../../assembly/isa/opcode.ts";
import { carriedBy } from "./addresses.ts";
import type { Line, Loop, Touch } from "./decode.ts";
import { Intervals } from "./intervals.ts";

/** Called with the first touch that meets an earlier one, of the same execution of an instruction or of another. */
type Fail = (touch: Touch, other: Touch, same: boolean) => never;

export class Barriers {
  readonly #fail: Fail;
  #touches: Touch[] = [];
  #reads = new Intervals();
  #writes = new Intervals();

  constructor(fail: Fail) {
    this.#fail = fail;
  }

  instruction(line: Line): void {
    const { opcode, touches } = line;
    if (opcode === BARRIER) {
      this.#touches = [];
      this.#reads = new Intervals();
      this.#writes = new Intervals();
      return;
    }
    this.#withItself(line);
    for (const touch of touches) this.#withOthers(touch, -1);
    for (const touch of touches) {
      if (touch.high === touch.low) continue;
      this.#touches.push(touch);
      (touch.write ? this.#writes : this.#reads).add(touch.low, touch.high);
    }
  }

  /** What the last iteration left without a barrier meets the beginning of the next. */
  leave(loop: Loop, depth: number, lines: readonly Line[]): void {
    if (loop.count < 2) return;
    for (let number = loop.first; lines[number].at < loop.end; number++) {
      const { opcode, touches, loops } = lines[number];
      if (loops.some(({ count }) => count === 0)) continue;
      if (opcode === BARRIER) return;
      for (const touch of touches) this.#withOthers(touch, depth);
    }
  }

  /** Two of an instruction's touches may share words only element by element: an operand with a result, a product with its epilogue. */
  #withItself({ opcode, touches }: Line): void {
    const product = carriedBy(opcode);
    for (const [i, a] of touches.entries())
      for (const b of touches.slice(0, i)) {
        if (!(a.write || b.write) || !meet(a, b, -1)) continue;
        const alike = a.elementwise && b.elementwise && a.start === b.start && a.run === b.run && sameMoves(a, b);
        const twoResults = a.write && b.write && a.slot !== product && b.slot !== product;
        if (!alike || twoResults) this.#fail(a, b, true);
      }
  }

  #withOthers(touch: Touch, edge: number): void {
    const { low, high, write } = touch;
    if (!this.#writes.meets(low, high) && !(write && this.#reads.meets(low, high))) return;
    for (const other of this.#touches)
      if ((write || other.write) && meet(other, touch, edge)) this.#fail(touch, other, false);
  }
}

function sameMoves(a: Touch, b: Touch): boolean {
  const same = a.strides.length === b.strides.length && a.strides.every((stride, depth) => stride === b.strides[depth]);
  return same && a.rows === b.rows && a.period === b.period;
}

/**
 * Whether two touches that no barrier separates can meet: `a` in an iteration, `b` in the same one, or in a later one of the loop
 * at depth `edge`. Exact where both move alike along one free axis at the most; otherwise all they touch in any iteration counts.
 */
function meet(a: Touch, b: Touch, edge: number): boolean {
  if (a.high <= b.low || b.high <= a.low || a.low === a.high || b.low === b.high) return false;
  if (!sameMoves(a, b)) return true;
  const axes: { readonly step: number; readonly least: number; readonly most: number }[] = [];
  let shared = true;
  a.strides.forEach((step, depth) => {
    const { count } = a.loops[depth];
    shared &&= a.loops[depth] === b.loops[depth] && (edge < 0 || depth <= edge);
    if (step === 0 || (shared && depth !== edge)) return;
    if (!shared && count !== b.loops[depth].count) axes.push({ step, least: -Infinity, most: Infinity });
    else axes.push({ step, least: shared ? 1 : 1 - count, most: count - 1 });
  });
  if (a.rows > 1) axes.push({ step: a.period, least: 1 - a.rows, most: a.rows - 1 });
  if (axes.length > 1) return true;
  // b lies `apart` words after a, and some multiple of the axis' step further: do they meet for one of them?
  const apart = b.start - a.start;
  if (axes.length === 0) return apart < a.run && -b.run < apart;
  const [{ step, least, most }] = axes;
  const bounds = [(-b.run - apart) / step, (a.run - apart) / step].sort((x, y) => x - y);
  return Math.max(least, Math.floor(bounds[0]) + 1) <= Math.min(most, Math.ceil(bounds[1]) - 1);
}
