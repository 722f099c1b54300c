// Value: what stands on an edge of an ONNX graph: a tensor with ONNX's element type. Numbers that are known while the graph is built stay
// numbers until somebody needs a tensor of them, so that sizes of 64 bits pass that are no i32.
import { constant } from "../create.ts";
import { DataError } from "../errors.ts";
import { checkShape, type DType, type Shape, sizeOf } from "../shape.ts";
import type { Tensor } from "../tensor.ts";
import { type ElementType, elementTypes } from "./element-types.ts";
import { evaluateNow, isAffordable, isConstant } from "./evaluate-now.ts";
import type { Numbers } from "./numbers.ts";
import { Refusal } from "./refusal.ts";

/** From here on a whole number stands for "to the end". */
const ENDLESS = 2 ** 62;

export class Value {
  readonly type: ElementType;
  readonly shape: Shape;
  #tensor: Tensor | undefined;
  #numbers: Numbers["data"] | undefined;
  #items: readonly Value[] | undefined;

  private constructor(type: ElementType, shape: Shape, tensor?: Tensor, numbers?: Numbers["data"]) {
    this.type = type;
    this.shape = shape;
    this.#tensor = tensor;
    this.#numbers = numbers;
  }

  /** A tensor of the dtype that stands for the type. */
  static of(tensor: Tensor, type: ElementType): Value {
    const { dtype } = elementTypes[type];
    checkShape(tensor.shape, "its result");
    if (tensor.dtype !== dtype) throw new Refusal(`its result would be ${tensor.dtype}, and ${type} is ${dtype} here`);
    return new Value(type, tensor.shape, tensor);
  }

  /** Numbers that are known. */
  static from({ type, shape, data }: Numbers): Value {
    return new Value(type, shape, undefined, data);
  }

  /** Known whole numbers in a row, or one alone. */
  static whole(numbers: number | readonly number[], type: ElementType = "int64"): Value {
    const list = typeof numbers === "number" ? [numbers] : numbers;
    return new Value(type, typeof numbers === "number" ? [] : [list.length], undefined, Float64Array.from(list));
  }

  /** A sequence of tensors of one type. */
  static sequence(items: readonly Value[], type: ElementType): Value {
    const value = new Value(type, [items.length]);
    value.#items = items;
    return value;
  }

  get isSequence(): boolean {
    return this.#items !== undefined;
  }

  /** The tensors of a sequence. @throws DataError for a tensor */
  get items(): readonly Value[] {
    if (this.#items === undefined) throw new DataError("takes a sequence, got a tensor");
    return this.#items;
  }

  get dtype(): DType {
    return elementTypes[this.type].dtype;
  }

  /** @throws Refusal for whole numbers that are no i32, and for a sequence */
  get tensor(): Tensor {
    if (this.#items !== undefined) throw new Refusal("a sequence stands where a tensor should");
    this.#tensor ??= constant(narrowed(this.#numbers as Numbers["data"], this.dtype), {
      shape: this.shape,
      dtype: this.dtype,
    });
    return this.#tensor;
  }

  /** Whether its numbers are known while the graph is built. */
  get isKnown(): boolean {
    return this.#items === undefined && (this.#numbers !== undefined || isConstant(this.tensor));
  }

  /** Its numbers. @throws Refusal where they depend on data */
  numbers(): Numbers["data"] {
    if (this.#numbers !== undefined) return this.#numbers;
    if (!this.isKnown) throw new Refusal("depends on data");
    this.#numbers = evaluateNow(this.tensor);
    if (this.dtype === "i32") this.#tensor = undefined; // a constant is made of the numbers, and nobody computes it again
    return this.#numbers;
  }

  /** The same tensor; a known one as a constant, computed here and not in every run. Floats stay as they are: bits are those of the kernels. */
  settled(): Tensor {
    const { tensor } = this;
    const isSmall = this.dtype === "i32" && sizeOf(this.shape) <= 2 ** 20;
    if (tensor.inputs.length > 0 && isSmall && isConstant(tensor) && isAffordable(tensor)) this.numbers();
    return this.tensor;
  }
}

function narrowed(data: Numbers["data"], dtype: DType): Numbers["data"] {
  if (dtype !== "i32" || data instanceof Int32Array) return data;
  return Int32Array.from(data, (value) => {
    if (value === (value | 0)) return value;
    if (Math.abs(value) < ENDLESS) throw new Refusal(`the whole number ${value} is no i32`);
    return value < 0 ? -(2 ** 31) : 2 ** 31 - 1;
  });
}
