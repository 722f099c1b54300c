// Verifies that a barrier stands between any two instructions that touch the same words, one of them writing, and that no
// instruction stands in its own way. Between two barriers threads run apart.
import { BARRIER } from "../../assembly/isa/opcode.ts";
import { carriedBy } from "./addresses.ts";
import type { DecodedLoop, Line, Touch } from "./decode.ts";
import { Intervals } from "./intervals.ts";
import { meet, moveAlike } from "./meet.ts";

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
    for (const touch of touches) this.#withOthers(touch);
    for (const touch of touches) {
      if (touch.high === touch.low) continue;
      this.#touches.push(touch);
      (touch.write ? this.#writes : this.#reads).add(touch.low, touch.high);
    }
  }

  /** What the last iteration left without a barrier meets the beginning of the next. */
  leave(loop: DecodedLoop, depth: number, lines: readonly Line[]): void {
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
        if (!(a.write || b.write) || !meet(a, b)) continue;
        const alike = a.elementwise && b.elementwise && sameWords(a, b);
        const twoResults = a.write && b.write && a.slot !== product && b.slot !== product;
        if (!alike || twoResults) this.#fail(a, b, true);
      }
  }

  #withOthers(touch: Touch, edge?: number): void {
    const { low, high, write } = touch;
    if (!this.#writes.meets(low, high) && !(write && this.#reads.meets(low, high))) return;
    for (const other of this.#touches)
      if ((write || other.write) && meet(other, touch, edge)) this.#fail(touch, other, false);
  }
}

function sameWords(a: Touch, b: Touch): boolean {
  return a.start === b.start && a.run === b.run && a.rows === b.rows && a.period === b.period && moveAlike(a, b);
}
