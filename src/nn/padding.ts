// Layers that put more around the spatial axes, or take some away: PyTorch's and Keras' names. None has parameters.
import { aListOf, aNumber, anInteger, aWholeNumber, must } from "../check.ts";
import { ShapeError } from "../errors.ts";
import { type PadMode, padded } from "../functions/padding.ts";
import { spatialOf, spread } from "../functions/windows.ts";
import { checkDType, showShape } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type Context, checkAlone, type Module } from "./module.ts";

/** One number for all sides, or two for each axis, the last axis first. */
type Pads = number | readonly number[];

class Padding implements Module {
  readonly padding: readonly number[];
  readonly mode: PadMode;
  readonly value: number;
  readonly #name: string;

  constructor(axes: number, padding: Pads, mode: PadMode, value: number, name: string) {
    const check = Array.isArray(padding) ? aListOf(anInteger) : anInteger;
    check(padding, `${name}: padding`);
    aNumber(value, `${name}: value`);
    this.padding = spread(padding, 2 * axes, `${name}: padding`);
    this.mode = mode;
    this.value = value;
    this.#name = name;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, this.#name);
    // A constant stands beside any axes.
    if (this.mode !== "constant") spatialOf(x, this.padding.length / 2, this.#name);
    return padded(x, this.padding, this.mode, this.value, this.#name);
  }
}

/**
 * Zeros around the last two axes: one number for all sides, or [left, right, top, bottom], as torch.nn.ZeroPad2d; negative
 * ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where too little is left
 *
 * @example
 * import { evaluationContext, ZeroPad2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ZeroPad2d(2).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9]
 */
export class ZeroPad2d extends Padding {
  constructor(padding: Pads) {
    super(2, padding, "constant", 0, "ZeroPad2d");
  }
}

/**
 * A value around [..., W]: one number for all sides, or [left, right], as torch.nn.ConstantPad1d; negative ones
 * take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where too little is left
 *
 * @example
 * import { evaluationContext, ConstantPad1d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ConstantPad1d(2, 0.5).forward(input([8, 16, 5]), evaluationContext()).shape; // => [8, 16, 9]
 */
export class ConstantPad1d extends Padding {
  constructor(padding: Pads, value: number) {
    super(1, padding, "constant", value, "ConstantPad1d");
  }
}

/**
 * A value around [..., H, W]: one number for all sides, or [left, right, top, bottom], as torch.nn.ConstantPad2d; negative ones
 * take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where too little is left
 *
 * @example
 * import { evaluationContext, ConstantPad2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ConstantPad2d(2, 0.5).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9]
 */
export class ConstantPad2d extends Padding {
  constructor(padding: Pads, value: number) {
    super(2, padding, "constant", value, "ConstantPad2d");
  }
}

/**
 * A value around [..., D, H, W]: one number for all sides, or [left, right, top, bottom, front, back], as torch.nn.ConstantPad3d; negative
 * ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where too little is left
 *
 * @example
 * import { evaluationContext, ConstantPad3d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ConstantPad3d(2, 0.5).forward(input([8, 16, 5, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9, 9]
 */
export class ConstantPad3d extends Padding {
  constructor(padding: Pads, value: number) {
    super(3, padding, "constant", value, "ConstantPad3d");
  }
}

/**
 * Around the spatial axes of [N, C, W] what is as far on the other side of the edge: one number for all sides, or [left, right],
 * as torch.nn.ReflectionPad1d; negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is not
 * longer than its padding
 *
 * @example
 * import { evaluationContext, ReflectionPad1d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ReflectionPad1d(2).forward(input([8, 16, 5]), evaluationContext()).shape; // => [8, 16, 9]
 */
export class ReflectionPad1d extends Padding {
  constructor(padding: Pads) {
    super(1, padding, "reflect", 0, "ReflectionPad1d");
  }
}

/**
 * Around the spatial axes of [N, C, H, W] what is as far on the other side of the edge: one number for all sides, or [left, right, top,
 * bottom], as torch.nn.ReflectionPad2d; negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is not
 * longer than its padding
 *
 * @example
 * import { evaluationContext, ReflectionPad2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ReflectionPad2d(2).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9]
 */
export class ReflectionPad2d extends Padding {
  constructor(padding: Pads) {
    super(2, padding, "reflect", 0, "ReflectionPad2d");
  }
}

/**
 * Around the spatial axes of [N, C, D, H, W] what is as far on the other side of the edge: one number for all sides, or [left, right, top,
 * bottom, front, back], as torch.nn.ReflectionPad3d; negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is not
 * longer than its padding
 *
 * @example
 * import { evaluationContext, ReflectionPad3d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ReflectionPad3d(2).forward(input([8, 16, 5, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9, 9]
 */
export class ReflectionPad3d extends Padding {
  constructor(padding: Pads) {
    super(3, padding, "reflect", 0, "ReflectionPad3d");
  }
}

/**
 * Around the spatial axes of [N, C, W] the elements at the edge: one number for all sides, or [left, right],
 * as torch.nn.ReplicationPad1d; negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is empty
 *
 * @example
 * import { evaluationContext, ReplicationPad1d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ReplicationPad1d(2).forward(input([8, 16, 5]), evaluationContext()).shape; // => [8, 16, 9]
 */
export class ReplicationPad1d extends Padding {
  constructor(padding: Pads) {
    super(1, padding, "replicate", 0, "ReplicationPad1d");
  }
}

/**
 * Around the spatial axes of [N, C, H, W] the elements at the edge: one number for all sides, or [left, right, top, bottom],
 * as torch.nn.ReplicationPad2d; negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is empty
 *
 * @example
 * import { evaluationContext, ReplicationPad2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ReplicationPad2d(2).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9]
 */
export class ReplicationPad2d extends Padding {
  constructor(padding: Pads) {
    super(2, padding, "replicate", 0, "ReplicationPad2d");
  }
}

/**
 * Around the spatial axes of [N, C, D, H, W] the elements at the edge: one number for all sides, or [left, right, top, bottom, front,
 * back], as torch.nn.ReplicationPad3d; negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is empty
 *
 * @example
 * import { evaluationContext, ReplicationPad3d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new ReplicationPad3d(2).forward(input([8, 16, 5, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9, 9]
 */
export class ReplicationPad3d extends Padding {
  constructor(padding: Pads) {
    super(3, padding, "replicate", 0, "ReplicationPad3d");
  }
}

/**
 * Around the spatial axes of [N, C, W] what is at the other end: one number for all sides, or [left, right],
 * as torch.nn.CircularPad1d (2.1); negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is shorter
 * than its padding
 *
 * @example
 * import { evaluationContext, CircularPad1d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new CircularPad1d(2).forward(input([8, 16, 5]), evaluationContext()).shape; // => [8, 16, 9]
 */
export class CircularPad1d extends Padding {
  constructor(padding: Pads) {
    super(1, padding, "circular", 0, "CircularPad1d");
  }
}

/**
 * Around the spatial axes of [N, C, H, W] what is at the other end: one number for all sides, or [left, right, top, bottom],
 * as torch.nn.CircularPad2d (2.1); negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is shorter
 * than its padding
 *
 * @example
 * import { evaluationContext, CircularPad2d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new CircularPad2d(2).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9]
 */
export class CircularPad2d extends Padding {
  constructor(padding: Pads) {
    super(2, padding, "circular", 0, "CircularPad2d");
  }
}

/**
 * Around the spatial axes of [N, C, D, H, W] what is at the other end: one number for all sides, or [left, right, top, bottom, front,
 * back], as torch.nn.CircularPad3d (2.1); negative ones take away.
 * @throws ArgumentError for padding that is not one whole number, or two for each axis; forward throws ShapeError where an axis is shorter
 * than its padding
 *
 * @example
 * import { evaluationContext, CircularPad3d } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new CircularPad3d(2).forward(input([8, 16, 5, 5, 5]), evaluationContext()).shape; // => [8, 16, 9, 9, 9]
 */
export class CircularPad3d extends Padding {
  constructor(padding: Pads) {
    super(3, padding, "circular", 0, "CircularPad3d");
  }
}

/** One number for all sides, one for each axis, or a pair for each, of both of its ends. */
type Crops = number | readonly (number | readonly [before: number, after: number])[];

class Cropping implements Module {
  readonly cropping: readonly (readonly [before: number, after: number])[];
  readonly #name: string;

  constructor(axes: number, cropping: Crops, name: string) {
    const what = `${name}: cropping`;
    const list = Array.isArray(cropping) ? Array.from(cropping) : Array(axes).fill(cropping);
    must(list.length === axes, cropping, what, `a number, or ${axes} numbers or pairs`);
    this.cropping = list.map((each) => {
      const pair = Array.isArray(each) ? each : [each, each];
      must(pair.length === 2, each, what, "a pair for each axis");
      aListOf(aWholeNumber(0))(pair, what);
      return [pair[0], pair[1]];
    });
    this.#name = name;
  }

  forward(x: Tensor, context?: Context): Tensor {
    checkAlone(x, context, this.#name);
    checkDType(x, ["f32", "i32"], this.#name);
    const axes = this.cropping.length;
    return spatialOf(x, axes, this.#name).reduce((part, size, i) => {
      const [before, after] = this.cropping[i];
      if (before + after >= size)
        throw new ShapeError(`${this.#name}: nothing is left of ${showShape(x.shape)} without ${before} and ${after}`);
      return before + after === 0 ? part : part.narrow(i - axes, before, size - before - after);
    }, x);
  }
}

/**
 * [N, C, W] without so many elements at the ends of its spatial axes, the first axis first, as keras.layers.Cropping1D: one number for
 * both, or a list of one pair.
 * @throws ArgumentError for what are no such numbers; forward throws ShapeError where nothing is left
 *
 * @example
 * import { Cropping1d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Cropping1d(2).forward(input([8, 16, 5]), evaluationContext()).shape; // => [8, 16, 1]
 */
export class Cropping1d extends Cropping {
  constructor(cropping: Crops) {
    super(1, cropping, "Cropping1d");
  }
}

/**
 * [N, C, H, W] without so many elements at the ends of its spatial axes, the first axis first, as keras.layers.Cropping2D: one number for
 * all, one an axis, or pairs of both ends.
 * @throws ArgumentError for what are no such numbers; forward throws ShapeError where nothing is left
 *
 * @example
 * import { Cropping2d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Cropping2d(2).forward(input([8, 16, 5, 5]), evaluationContext()).shape; // => [8, 16, 1, 1]
 */
export class Cropping2d extends Cropping {
  constructor(cropping: Crops) {
    super(2, cropping, "Cropping2d");
  }
}

/**
 * [N, C, D, H, W] without so many elements at the ends of its spatial axes, the first axis first, as keras.layers.Cropping3D: one number
 * for all, one an axis, or pairs of both ends.
 * @throws ArgumentError for what are no such numbers; forward throws ShapeError where nothing is left
 *
 * @example
 * import { Cropping3d, evaluationContext } from "simdgrad/nn";
 * import { input } from "simdgrad";
 * new Cropping3d(2).forward(input([8, 16, 5, 5, 5]), evaluationContext()).shape; // => [8, 16, 1, 1, 1]
 */
export class Cropping3d extends Cropping {
  constructor(cropping: Crops) {
    super(3, cropping, "Cropping3d");
  }
}
