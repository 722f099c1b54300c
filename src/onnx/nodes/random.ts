// Random numbers: while training others at every step, else those that the seed and the node's place in the model name.
import { cumulativeSum } from "../../ops/cumulative.ts";
import { normal, randomKey, uniform } from "../../ops/random.ts";
import type { Shape } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import type { RandomKey } from "../../variable.ts";
import { type ElementType, elementTypeOf, elementTypes } from "../element-types.ts";
import type { Node } from "../node.ts";
import { Refusal } from "../refusal.ts";
import type { Rules } from "../rule.ts";
import { Value } from "../value.ts";

/** A seed is a float: its bits count. */
const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

function keyOf(node: Node): RandomKey {
  if (!node.hasAttribute("seed") && node.context.training) return node.context.key();
  float[0] = node.float("seed", 0);
  return randomKey(bits[0], `onnx ${node.stream()}`);
}

/** The type that a node names by its number, or else that of its input. */
function typeOf(node: Node, otherwise: ElementType): ElementType {
  const code = node.int("dtype", elementTypes[otherwise].code);
  const type = elementTypeOf(code);
  if (type === undefined) throw new Refusal(`there are no tensors of type ${code}`);
  return type;
}

/** Of one type: numbers by a key, in a shape that an attribute says, or that of the input. */
function drawn(draw: (node: Node, key: RandomKey, shape: Shape) => Tensor, isLike: boolean) {
  return (node: Node) => {
    const shape = isLike ? node.shape(0) : node.ints("shape");
    const type = typeOf(node, isLike ? node.type(0) : "float32");
    if (elementTypes[type].dtype !== "f32") throw new Refusal(`random numbers of ${type}`);
    return Value.of(draw(node, keyOf(node), shape), type);
  };
}

const uniforms = (node: Node, key: RandomKey, shape: Shape) =>
  uniform(key, shape, node.float("low", 0), node.float("high", 1));
const normals = (node: Node, key: RandomKey, shape: Shape) =>
  normal(key, shape, node.float("mean", 0), node.float("scale", 1));

function bernoulli(node: Node): Value {
  const p = node.tensor(0);
  const isOne = uniform(keyOf(node), p.shape).less(p);
  const type = typeOf(node, node.type(0));
  return Value.of(isOne.cast(elementTypes[type].dtype), type);
}

/** Classes [N, samples] by logarithms of probabilities [N, C]: how many sums of probabilities are not above a random number. */
function multinomial(node: Node): Value {
  const logits = node.tensor(0);
  const [rows, classes] = logits.shape;
  const sums = cumulativeSum(logits.softmax(1), 1)
    .narrow(1, 0, classes - 1)
    .unsqueeze(1);
  const at = uniform(keyOf(node), [rows, node.int("sample_size", 1)]).unsqueeze(2);
  const type = typeOf(node, "int32");
  return Value.of(sums.lessEqual(at).sum(2).cast(elementTypes[type].dtype), type);
}

export const random: Rules = {
  RandomUniform: drawn(uniforms, false),
  RandomNormal: drawn(normals, false),
  RandomUniformLike: { looks: [0], build: drawn(uniforms, true) },
  RandomNormalLike: { looks: [0], build: drawn(normals, true) },
  Bernoulli: bernoulli,
  Multinomial: multinomial,
};
