// Where in a sequence rows stand, in numbers that attention can use.
import { aPositiveNumber, aWholeNumber, checkOptions, must } from "../check.ts";
import { concat, constant } from "../create.ts";
import { ShapeError } from "../errors.ts";
import { checkDType, checkShape, LISTED, showShape } from "../shape.ts";
import { arange, Tensor } from "../tensor.ts";
import { aSize } from "./layers.ts";
import { aFloat } from "./takes.ts";

/**
 * Where in a sequence a row stands, as waves of wavelengths from 2 pi to `base` 2 pi: [length, size], sines in even and cosines in odd
 * columns (Vaswani et al. 2017). It is added to the embeddings.
 * @throws ArgumentError for sizes below 1, ShapeError for more than 2^26 numbers
 *
 * @example
 * import { evaluate } from "simdgrad";
 * import { sinusoidalPositions } from "simdgrad/nn";
 * await evaluate(sinusoidalPositions(2, 2)); // => [0, 1, 0.841471, 0.540302]
 */
export function sinusoidalPositions(length: number, size: number, options: { readonly base?: number } = {}): Tensor {
  aSize(length, "sinusoidalPositions: length");
  aSize(size, "sinusoidalPositions: size");
  checkOptions(options, "sinusoidalPositions", { base: aPositiveNumber });
  const shape = checkShape([length, size], "sinusoidalPositions", LISTED);
  const data = new Float64Array(length * size);
  for (let at = 0; at < length; at++)
    for (let i = 0; i < size; i++) {
      const angle = angleOf(at, i >> 1, size, options.base);
      data[at * size + i] = i % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
    }
  return constant(data, { shape });
}

/** Of pair number `i` of `size` features at a place. */
function angleOf(at: number, i: number, size: number, base = 10_000): number {
  return at / base ** ((2 * i) / size);
}

/** Options of rotaryPositions. */
export interface RotaryOptions {
  /** Of the wavelengths. Default 10,000. */
  readonly base?: number;
  /** The place of the first row: a number, or an i32 scalar, such as a cache's position. Default 0. */
  readonly offset?: number | Tensor;
  /** Where offset is a tensor: the number of places that there may be. Beyond them is NaN. */
  readonly places?: number;
}

/**
 * Queries or keys [..., T, E], turned by their place: of the pairs (i, i + E / 2) each by another angle, so that products of two depend on
 * their distance alone (Su et al., "RoFormer", 2021; the halves as GPT-NeoX and Llama pair them). `offset` is the place of the first.
 * @throws ShapeError where E is odd, and for more than 2^26 angles; ArgumentError for an offset that is a tensor without `places`
 *
 * @example
 * import { constant, evaluate } from "simdgrad";
 * import { rotaryPositions } from "simdgrad/nn";
 * await evaluate(rotaryPositions(constant([[1, 0], [1, 0]]))); // => [1, 0, 0.540302, 0.841471]
 */
export function rotaryPositions(x: Tensor, options: RotaryOptions = {}): Tensor {
  aFloat(x, "rotaryPositions");
  checkOptions(options, "rotaryPositions", { base: aPositiveNumber, offset: anOffset, places: aWholeNumber(1) });
  const { offset = 0, places } = options;
  const { shape } = x;
  const [length, size] = shape.slice(-2);
  if (shape.length < 2 || size % 2 !== 0)
    throw new ShapeError(`rotaryPositions: takes [..., T, E] with an even E, got ${showShape(shape)}`);
  const isMoving = offset instanceof Tensor;
  must(!isMoving || places !== undefined, places, "rotaryPositions: places", "given where offset is a tensor");
  const half = size / 2;
  const [first, rows] = isMoving ? [0, places as number] : [offset, length];
  const ofTable = checkShape([rows, half], "rotaryPositions", LISTED);
  const table = (wave: (angle: number) => number) => {
    const data = new Float64Array(rows * half);
    for (let i = 0; i < data.length; i++)
      data[i] = wave(angleOf(first + Math.floor(i / half), i % half, size, options.base));
    const all = constant(data, { shape: ofTable });
    return isMoving ? all.gather(arange(length).add(offset)) : all;
  };
  const [cos, sin] = [table(Math.cos), table(Math.sin)];
  const [a, b] = [x.narrow(-1, 0, half), x.narrow(-1, half, half)];
  return concat([a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))], -1);
}

/** A whole number, or an i32 scalar. */
function anOffset(value: unknown, what: string): void {
  if (!(value instanceof Tensor)) aWholeNumber(0)(value, what);
  else {
    checkDType(value, ["i32"], what);
    if (value.shape.length > 0) throw new ShapeError(`${what} is a scalar, got ${showShape(value.shape)}`);
  }
}
