// Verifies that a product reads panels which were packed from its own B, as it is now, strips that were from its own A, and that
// nothing else reads either.
import { CONVOLVE, MATMUL, PACK } from "../../assembly/isa/opcode.ts";
import * as slot from "../../assembly/isa/slots.ts";
import type { DecodedLoop, Line, Touch } from "./decode.ts";
import { Intervals } from "./intervals.ts";

interface Pack {
  readonly line: Line;
  readonly from: Touch;
}

/** A product's operand, packed. */
interface Product {
  readonly line: Line;
  readonly side: Side;
  readonly pack: Pack;
}

/** Where a product names an operand, how it wants it packed, and what of it errors call so. */
interface Side {
  readonly name: string;
  readonly packed: string;
  readonly at: number;
  readonly from: number;
  readonly row: number;
  readonly stride: number;
  readonly head: number;
  readonly n: number;
  transposed(flags: number): number;
  across(n: number): number;
}

const SIDES: readonly Side[] = [
  {
    name: "B",
    packed: "panels",
    at: slot.MATMUL_PANELS,
    from: slot.MATMUL_B,
    row: slot.MATMUL_ROW_B,
    stride: slot.MATMUL_STRIDE_B,
    head: slot.MATMUL_HEAD_B,
    n: slot.MATMUL_N,
    transposed: (flags) => flags >> 1,
    across: () => 0,
  },
  {
    name: "A",
    packed: "strips",
    at: slot.MATMUL_STRIPS,
    from: slot.MATMUL_A,
    row: slot.MATMUL_ROW_A,
    stride: slot.MATMUL_STRIDE_A,
    head: slot.MATMUL_HEAD_A,
    n: slot.MATMUL_M,
    transposed: (flags) => (flags & 1) ^ 1, // the rows of A are what the columns of B are
    across: (n) => n,
  },
];

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
    if (line.opcode === MATMUL && line.touches.length > 0 && this.#word(line, slot.MATMUL_K) > 0)
      for (const side of SIDES) if (this.#word(line, side.at) !== 0) this.#product(line, side);
    for (const { slot: number, write, low, high } of line.touches) {
      if (write) continue;
      // A product reads panels as such, and its epilogue, or that of a convolution, what it has just written.
      const own = ({ write: written, low: from, high: to }: Touch) => written && from <= low && to >= high;
      const isPacked = SIDES.some(({ at }) => at === number);
      const isOwn = (line.opcode === MATMUL || line.opcode === CONVOLVE) && line.touches.some(own);
      const allowed = isOwn || (line.opcode === MATMUL && isPacked);
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
  leave(loop: DecodedLoop): void {
    const products = this.#products.pop() ?? [];
    for (const product of products) {
      const { line, pack } = product;
      if (loop.count > 1) this.#checkFresh(product);
      if (pack.line.number < (line.loops[this.#products.length - 1]?.first ?? 0)) this.#products.at(-1)?.push(product);
    }
  }

  #word(line: Line, number: number): number {
    return this.#code[line.at + number];
  }

  #product(line: Line, side: Side): void {
    const { packed } = side;
    const pack = this.#packs.get(touchOf(line, side.at).start);
    if (pack === undefined) this.#fail(line, `its ${packed} are not packed before`);
    const agree = (name: string, wanted: number, number: number) => {
      const given = this.#word(pack.line, number);
      if (wanted !== given)
        this.#fail(
          line,
          `reads ${packed} of ${name} ${wanted}, instruction ${pack.line.number} packs ${name} ${given}`,
        );
    };
    agree("k", this.#word(line, slot.MATMUL_K), slot.PACK_K);
    agree("n", this.#word(line, side.n), slot.PACK_N);
    agree("transposed", side.transposed(this.#word(line, slot.MATMUL_TRANSPOSED)), slot.PACK_TRANSPOSED);
    agree("across", side.across(this.#word(line, slot.MATMUL_N)), slot.PACK_ACROSS);
    agree("row", this.#word(line, side.row), slot.PACK_ROW);
    for (const [[many, count, counted], [name, stride, strided]] of [
      [["batch", slot.MATMUL_BATCH, slot.PACK_BATCH] as const, ["stride", side.stride, slot.PACK_STRIDE] as const],
      [["heads", slot.MATMUL_HEADS, slot.PACK_HEADS] as const, ["head", side.head, slot.PACK_HEAD] as const],
    ]) {
      // What is shared is packed once.
      const own = this.#word(line, stride) === 0 ? 1 : this.#word(line, count);
      agree(many, own, counted);
      if (own > 1) agree(name, this.#word(line, stride), strided);
    }
    const operand = touchOf(line, side.from);
    if (operand.start !== pack.from.start || movesOf(operand) !== movesOf(pack.from))
      this.#fail(line, `reads ${packed} that instruction ${pack.line.number} packs from another ${side.name}`);
    const product = { line, side, pack };
    this.#checkFresh(product);
    if (pack.line.number < (line.loops.at(-1)?.first ?? 0)) this.#products.at(-1)?.push(product);
  }

  /** Neither the operand nor its panels were written since they were packed. */
  #checkFresh({ line, side, pack: { line: pack, from } }: Product): void {
    const to = touchOf(pack, slot.PACK_TO);
    for (const [name, { low, high }] of [
      [side.name, from],
      [`the ${side.packed}`, to],
    ] as const) {
      const writer = this.#writers.latest(low, high);
      if (writer > pack.number)
        this.#fail(
          line,
          `reads ${side.packed} of instruction ${pack.number}, but instruction ${writer} has written ${name} since`,
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
