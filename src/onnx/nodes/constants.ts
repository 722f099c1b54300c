// What is known without data: constants, shapes, ranges; and other types of the same numbers.
import { DataError, ShapeError } from "../../errors.ts";
import { checkShape, LISTED, showShape, sizeOf } from "../../shape.ts";
import { scalar, type Tensor } from "../../tensor.ts";
import { type ElementType, elementTypeOf, elementTypes, typeName } from "../element-types.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";
import { wrapped } from "./elementwise.ts";

/** The element type of a number of ONNX's. @throws Refusal where there are no tensors of it */
export function typeOfCode(code: number): ElementType {
  const type = elementTypeOf(code);
  if (type === undefined) throw new Refusal(`there are no tensors of ${typeName(code)}`);
  return type;
}

function constantOf(node: Node): Value {
  if (node.hasAttribute("value")) return node.tensorAttribute("value");
  if (node.hasAttribute("sparse_value")) return node.sparseAttribute("sparse_value");
  const floats = (data: readonly number[], shape: readonly number[]) =>
    Value.from({ type: "float32", shape, data: Float32Array.from(data) });
  if (node.hasAttribute("value_float")) return floats([node.float("value_float")], []);
  if (node.hasAttribute("value_int")) return Value.whole(node.int("value_int"));
  if (node.hasAttribute("value_floats"))
    return floats(node.floats("value_floats"), [node.floats("value_floats").length]);
  if (node.hasAttribute("value_ints")) return Value.whole(node.ints("value_ints"));
  throw new Refusal("there are no tensors of texts");
}

function shapeOf(node: Node): Value {
  const shape = node.shape(0);
  return Value.whole(node.version < 15 ? shape : shape.slice(node.int("start", 0), node.int("end", shape.length)));
}

function filled(node: Node): Value {
  const shape = checkShape(node.numbers(0), "ConstantOfShape");
  const value = node.hasAttribute("value") ? node.tensorAttribute("value") : undefined;
  if (value === undefined) return Value.of(scalar(0).broadcastTo(shape), "float32");
  if (sizeOf(value.shape) !== 1) throw new DataError("value is not one number");
  return Value.of(value.tensor.reshape([]).broadcastTo(shape), value.type);
}

/** Numbers of a range at the most, which are written out, and again where they meet data. */
const MOST = 2 ** 22;

/** start, start + delta, ... before limit. */
function range(node: Node): Value {
  const [start, limit, delta] = [0, 1, 2].map((i) => node.number(i));
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const shape = checkShape([count], "Range", MOST);
  const isFloat = node.value(0).dtype === "f32";
  const data = isFloat ? new Float32Array(count) : new Float64Array(count);
  for (let i = 0; i < count; i++) data[i] = start + i * delta;
  return Value.from({ type: node.type(0), shape, data });
}

/** Ones on a diagonal, in the shape of the input. */
function eye(node: Node): Value {
  const shape = checkShape(node.shape(0), "EyeLike", LISTED);
  if (shape.length !== 2) throw new ShapeError(`takes a matrix, got ${showShape(shape)}`);
  const type = node.hasAttribute("dtype") ? typeOfCode(node.int("dtype")) : node.type(0);
  const [rows, columns] = shape;
  const data = new Float32Array(rows * columns);
  const offset = node.int("k", 0);
  for (let row = 0; row < rows; row++) {
    const column = row + offset;
    if (column >= 0 && column < columns) data[row * columns + column] = 1;
  }
  return Value.from({ type, shape, data });
}

/** The same numbers as another type: whole ones towards zero, booleans by what is not 0. */
function castTo(value: Value, type: ElementType): Value {
  if (value.type === type) return value;
  const [from, to] = [elementTypes[value.type], elementTypes[type]];
  if (type === "bool") return Value.of(value.settled().notEqual(0), type);
  if (to.dtype === "f32") return Value.of(value.settled().cast("f32"), type);
  // Numbers that are known stay as they are, where they fit.
  const fits = (range: readonly [number, number]) =>
    value.numbers().every((each) => each >= range[0] && each <= range[1]);
  if (from.range !== undefined && to.range !== undefined && value.isKnown && fits(to.range))
    return Value.from({ type, shape: value.shape, data: value.numbers() });
  return Value.of(wrapped(value.settled().cast("i32") as Tensor, type), type);
}

export const constants: Rules = {
  Cast: (node) => castTo(node.value(0), typeOfCode(node.int("to"))),
  CastLike: { looks: [1], build: (node) => castTo(node.value(0), node.type(1)) },
  Constant: constantOf,
  ConstantOfShape: { decides: [0], build: filled },
  EyeLike: { looks: [0], build: eye },
  Identity: (node) => node.value(0),
  Range: { decides: [0, 1, 2], build: range },
  Shape: { looks: [0], build: shapeOf },
  Size: { looks: [0], build: (node) => Value.whole(sizeOf(node.shape(0))) },
};
