// Probabilities that are taken for logits: a model that ends in a softmax or a sigmoid, as those of other libraries do, and a loss that has
// its own. What looks like a training then learns hardly anything. Seen in the graph, whatever the loss is called. Loaded with the first data.
import { topological } from "../graph.ts";
import * as elementwise from "../ops/elementwise.ts";
import { stopGradient } from "../ops/leaf.ts";
import { permute, reshape } from "../ops/movement.ts";
import { crossEntropy, logSumExp, softmax } from "../ops/rowwise.ts";
import type { Tensor } from "../tensor.ts";

/** How a model ends. */
type End = "softmax" | "sigmoid";

const ENDS: ReadonlyMap<unknown, End> = new Map<unknown, End>([
  [softmax, "softmax"],
  [elementwise.sigmoid, "sigmoid"],
]);

/** The same numbers in another order. */
const MOVED = new Set<unknown>([reshape, permute]);

/** What a loss of here makes of logits on the way to what says that they are some. */
const PASSED = new Set<unknown>([
  ...MOVED,
  stopGradient,
  elementwise.sub,
  elementwise.neg,
  elementwise.abs,
  elementwise.exp,
]);

/** What takes logits of classes: their cross entropy, and the sum that makes logarithms of probabilities of them. */
const OF_CLASSES = new Set<unknown>([crossEntropy, logSumExp]);

/** What was told. */
const told = new WeakSet<object>();

/** Which of the two an output is made by, if it is by one. */
function endOf(output: Tensor): End | undefined {
  let node = output;
  while (MOVED.has(node.op)) node = node.inputs[0];
  return ENDS.get(node.op);
}

/** What a loss takes for logits: of classes, or of yes and no; undefined where it does not. */
function takenFor(output: Tensor, loss: Tensor): "classes" | "labels" | undefined {
  const made = new Set([output]);
  for (const { op, inputs } of nodesAfter(output, loss, made)) {
    if (OF_CLASSES.has(op)) return "classes";
    // ln(1 + e^-|x|), as all losses of such logits have it.
    if (op === elementwise.log1p && inputs[0].op === elementwise.exp) return "labels";
  }
  return undefined;
}

/** Nodes that read what is passed on of an output; `made` grows by what passes it on. */
function* nodesAfter(output: Tensor, loss: Tensor, made: Set<Tensor>): Iterable<Tensor> {
  for (const node of topological([loss], (each) => each === output)) {
    if (!made.has(node.inputs[0])) continue;
    if (PASSED.has(node.op)) made.add(node);
    yield node;
  }
}

/** What to do about it. */
function advice(end: End, taken: "classes" | "labels"): string {
  if (taken === "labels") return "binaryCrossEntropy is the loss of probabilities, or let the model end before it";
  if (end === "sigmoid") return "let the model end before it";
  return (
    "let the model end before it, or make logits of the probabilities, " +
    "new Sequential(model, (p) => p.clamp(1e-7, 1).log())"
  );
}

/** Warns of an output that is probabilities, of which the loss makes some once more; once a model. */
export function warnOfTwice(model: object, output: Tensor, loss: Tensor, path = ""): void {
  const end = told.has(model) ? undefined : endOf(output);
  const taken = end && takenFor(output, loss);
  if (end === undefined || taken === undefined) return;
  told.add(model);
  console.warn(
    `simdgrad: ${path === "" ? "the model" : `the output ${path}`} ends in a ${end}, and the loss takes logits, of which it makes ` +
      `probabilities itself: taken twice, hardly anything is learned; ${advice(end, taken)}`,
  );
}

/** Warns of a prediction that asks for what the model gives anyway; once a predictor. */
export function warnOfAsking(predictor: object, output: Tensor, as: unknown): void {
  if (as === undefined || endOf(output) !== as || told.has(predictor)) return;
  told.add(predictor);
  console.warn(
    `simdgrad: predict: the model ends in a ${as}, and as: "${as}" takes another of that: without it predict gives the probabilities`,
  );
}
