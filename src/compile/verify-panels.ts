// Verifies that a product reads panels which were packed from its own B, as it is now, and that nothing else reads panels.
import { MATMUL, PACK } from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import type { Line, Loop, Touch } from "./decode.ts";
import { Intervals } from "./intervals.ts";

interface Pack {
  readonly line: Line;
  readonly from: Touch;
}

interface Product {
  readonly line: Line;
  readonly pack: Pack;
}

export class Panels {
  readonly #code: Int32Array;
  readonly #fail: (line: Line, reason: string) => never;
  readonly #packs = new Map<number, Pack>();
  /** Numbers of the instructions that wrote words last. */
  readonly #writers = new Intervals();
  /** Words that were written, 1 where by PACK. */
  readonly #packed = new Intervals();
  /** Products in the loops that are open whose panels were packed outside. */
  readonly #products: Product[][] = [];

  constructor(code: Int32Array, fail: (line: Line, reason: string) => never) {
    this.#code = code;
    this.#fail = fail;
  }

  enter(): void {
    this.#products.push([]);
  }

  instruction(line: Line): void {
    const panels = line.opcode === MATMUL && line.touches.length > 0 && this.#word(line, slot.MATMUL_PANELS) !== 0;
    if (panels && this.#word(line, slot.MATMUL_K) > 0) this.#product(line);
    for (const { slot: number, write, low, high } of line.touches) {
      if (write) continue;
      // A product reads panels as such, and its epilogue what it has just written.
      const own = ({ write: written, low: from, high: to }: Touch) => written && from <= low && to >= high;
      const allowed = line.opcode === MATMUL && (number === slot.MATMUL_PANELS || line.touches.some(own));
      if (!allowed && this.#packed.latest(low, high) === 1)
        this.#fail(line, "reads panels, whose layout is the executor's own");
    }
    for (const { write, low, high } of line.touches) {
      if (!write) continue;
      this.#writers.add(low, high, line.number);
      this.#packed.add(low, high, line.opcode === PACK ? 1 : 0);
    }
    if (line.opcode === PACK)
      this.#packs.set(touchOf(line, slot.PACK_TO).start, { line, from: touchOf(line, slot.PACK_FROM) });
  }

  /** Panels that were packed before the loop must hold in every iteration. */
  leave(loop: Loop): void {
    const products = this.#products.pop() ?? [];
    for (const { line, pack } of products) {
      if (loop.count > 1) this.#checkFresh(line, pack);
      if (pack.line.number < (line.loops[this.#products.length - 1]?.first ?? 0))
        this.#products.at(-1)?.push({ line, pack });
    }
  }

  #word(line: Line, number: number): number {
    return this.#code[line.at + number];
  }

  #product(line: Line): void {
    const pack = this.#packs.get(touchOf(line, slot.MATMUL_PANELS).start);
    if (pack === undefined) this.#fail(line, "its panels are not packed before");
    const stride = this.#word(line, slot.MATMUL_STRIDE_B);
    const agree = (name: string, wanted: number, given: number) => {
      if (wanted !== given)
        this.#fail(line, `reads panels of ${name} ${wanted}, instruction ${pack.line.number} packs ${name} ${given}`);
    };
    agree("k", this.#word(line, slot.MATMUL_K), this.#word(pack.line, slot.PACK_K));
    agree("n", this.#word(line, slot.MATMUL_N), this.#word(pack.line, slot.PACK_N));
    agree("transposed", this.#word(line, slot.MATMUL_TRANSPOSED) >> 1, this.#word(pack.line, slot.PACK_TRANSPOSED));
    agree("batch", stride === 0 ? 1 : this.#word(line, slot.MATMUL_BATCH), this.#word(pack.line, slot.PACK_BATCH));
    const b = touchOf(line, slot.MATMUL_B);
    if (b.start !== pack.from.start || movesOf(b) !== movesOf(pack.from))
      this.#fail(line, `reads panels that instruction ${pack.line.number} packs from another B`);
    this.#checkFresh(line, pack);
    if (pack.line.number < (line.loops.at(-1)?.first ?? 0)) this.#products.at(-1)?.push({ line, pack });
  }

  /** Neither B nor the panels were written since they were packed. */
  #checkFresh(line: Line, { line: pack, from }: Pack): void {
    const to = touchOf(pack, slot.PACK_TO);
    for (const [name, { low, high }] of [
      ["B", from],
      ["the panels", to],
    ] as const) {
      const writer = this.#writers.latest(low, high);
      if (writer > pack.number)
        this.#fail(
          line,
          `reads panels of instruction ${pack.number}, but instruction ${writer} has written ${name} since`,
        );
    }
  }
}

function touchOf({ touches }: Line, number: number): Touch {
  return touches.find((touch) => touch.slot === number) as Touch;
}

/** How loops move it; loops that do not move it make no difference. */
function movesOf({ strides }: Touch): string {
  return strides.join().replace(/(,?0)*$/, "");
}
