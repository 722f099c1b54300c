// The steps of maps as instructions on vectors, the same ones as in assembly/steps.ts: so the same bits. Steps that are no short
// straight line (e^x, random numbers) are not here.
import * as code from "../../../../assembly/isa/map-code.ts";
import * as page from "../../../../assembly/isa/math-page.ts";
import { MATH_PAGE } from "../../../../assembly/isa/sizes.ts";
import { type FunctionBody, op, simd, V128 } from "./writer.ts";

/** Puts a vector on the stack. */
export type Value = () => void;

/** What is written about a step: with its sources on hand it leaves its result on the stack. */
type Writer = (to: Stepper, a: Value, b: Value, c: Value, d: Value) => void;

const unary =
  (...opcodes: readonly number[]): Writer =>
  ({ body }, a) => {
    a();
    for (const opcode of opcodes) body.vector(opcode);
  };

const binary =
  (opcode: number): Writer =>
  ({ body }, a, b) => {
    a();
    b();
    body.vector(opcode);
  };

/** 1 where it holds, 0 elsewhere. */
const comparison =
  (opcode: number): Writer =>
  (to, a, b) => {
    binary(opcode)(to, a, b, a, a);
    to.one();
    to.body.vector(simd.and);
  };

/** Shifts by 31, so that the sign is left. */
const signBits = (to: Stepper, opcode: number) => {
  to.body.i32(31);
  to.body.vector(opcode);
};

const WRITERS: ReadonlyMap<number, Writer> = new Map<number, Writer>([
  [code.COPY_BITS, (_, a) => a()],
  [code.ADD, binary(simd.f32Add)],
  [code.SUB, binary(simd.f32Sub)],
  [code.MUL, binary(simd.f32Mul)],
  [code.DIV, binary(simd.f32Div)],
  [code.MAX, binary(simd.f32Max)],
  [code.MIN, binary(simd.f32Min)],
  [code.NEG, unary(simd.f32Neg)],
  [code.ABS, unary(simd.f32Abs)],
  [code.FLOOR, unary(simd.f32Floor)],
  [code.ROUND, unary(simd.f32Nearest)],
  [code.SQRT, unary(simd.f32Sqrt)],
  [
    code.RSQRT,
    (to, a) => {
      to.one();
      unary(simd.f32Sqrt, simd.f32Div)(to, a, a, a, a);
    },
  ],
  [
    code.SIGN,
    (to, a) => {
      const { body } = to;
      a();
      to.signBit();
      body.vector(simd.and);
      to.one();
      body.vector(simd.or);
      a();
      for (const opcode of [simd.f32Less, simd.f32Greater]) {
        a();
        to.zero();
        body.vector(opcode);
      }
      body.vector(simd.or);
      body.vector(simd.bitselect);
    },
  ],
  [code.LESS, comparison(simd.f32Less)],
  [code.EQUAL, comparison(simd.f32Equal)],
  [
    code.SELECT,
    ({ body, zero }, a, b, c) => {
      b();
      c();
      a();
      zero();
      body.vector(simd.f32NotEqual);
      body.vector(simd.bitselect);
    },
  ],
  [
    code.RELU,
    ({ body, zero }, a) => {
      a();
      zero();
      body.vector(simd.f32PseudoMax);
      zero();
      body.vector(simd.f32Add);
    },
  ],
  [code.MULTIPLY_ADD, (to, a, b, c) => to.multiplyAdd(a, b, c)],
  [code.AFFINE, (to, a, b, c) => to.multiplyAdd(a, b, c)],
  [code.SCALED_ADD, (to, a, b, c) => to.multiplyAdd(a, b, c)],
  [code.LINEAR, (to, a, b, c, d) => to.multiplyAdd(a, b, () => binary(simd.f32Mul)(to, c, d, c, c))],
  [code.BLEND, (to, a, b, c, d) => to.multiplyAdd(a, b, () => binary(simd.f32Mul)(to, c, d, c, c))],
  [code.SQRT_AFFINE, (to, a, b, c) => to.multiplyAdd(() => unary(simd.f32Sqrt)(to, a, a, a, a), b, c)],
  [code.QUOTIENT_ADD, (to, a, b, c, d) => to.multiplyAdd(() => binary(simd.f32Div)(to, a, b, a, a), c, d)],
  [code.FROM_I32, unary(simd.convert)],
  [code.TO_I32, unary(simd.truncate)],
  [code.ADD_I, binary(simd.i32Add)],
  [code.SUB_I, binary(simd.i32Sub)],
  [code.MUL_I, binary(simd.i32Mul)],
  [code.MAX_I, binary(simd.i32Max)],
  [code.MIN_I, binary(simd.i32Min)],
  [code.NEG_I, unary(simd.i32Neg)],
  [code.ABS_I, unary(simd.i32Abs)],
  [code.LESS_I, comparison(simd.i32Less)],
  [code.EQUAL_I, comparison(simd.i32Equal)],
  [
    code.SIGN_I,
    (to, a) => {
      a();
      signBits(to, simd.i32ShiftSigned);
      a();
      to.body.vector(simd.i32Neg);
      signBits(to, simd.i32ShiftUnsigned);
      to.body.vector(simd.or);
    },
  ],
]);

/** Whether a step can be written down. */
export function isShort(step: number): boolean {
  return WRITERS.has(step);
}

/** Writes steps into a body. Constants are loaded before the first loop: V8 builds a literal vector anew in every turn. */
export class Stepper {
  readonly body: FunctionBody;
  readonly one: Value;
  readonly zero: Value;
  readonly signBit: Value;
  readonly #fused: boolean;

  /** `fused` in the relaxed build. */
  constructor(body: FunctionBody, fused: boolean) {
    this.body = body;
    this.#fused = fused;
    this.zero = this.kept(() => body.zeros());
    this.one = this.#constant(page.ONE);
    this.signBit = this.#constant(page.SIGN_BIT);
  }

  /** A vector of the page of constants. */
  #constant(number: number): Value {
    return this.kept(() => {
      this.body.i32(0);
      this.body.memory(simd.load, MATH_PAGE + 16 * number);
    });
  }

  /** Keeps what `write` leaves on the stack in a local. */
  kept(write: () => void): Value {
    const local = this.body.local(V128);
    write();
    this.body.put(op.set, local);
    return () => this.body.put(op.get, local);
  }

  /** a * b + c, rounded once in the relaxed build and twice in the portable one. */
  multiplyAdd(a: Value, b: Value, c: Value): void {
    a();
    b();
    if (!this.#fused) this.body.vector(simd.f32Mul);
    c();
    this.body.vector(this.#fused ? simd.relaxedMultiplyAdd : simd.f32Add);
  }

  /** Leaves the result of a step on the stack. */
  write(step: number, sources: readonly Value[]): void {
    const [a, b = a, c = a, d = a] = sources;
    WRITERS.get(step)?.(this, a, b, c, d);
  }
}
