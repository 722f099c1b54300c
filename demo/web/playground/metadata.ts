// What files of the network say of it: what it takes, and what it gives.
import type { Metadata } from "../shared/tools.ts";
import { outputsOf } from "./samples.ts";
import { labelOf, type Scale, scaleAsJson, spanInWords } from "./scale.ts";
import { type Settings, scaleOf } from "./settings.ts";

/** Of the weights: they are of points in the square, to which the scale of a file leads. */
export function weightsMetadata(settings: Settings): Metadata {
  const scale = scaleOf(settings);
  return {
    input: "points [x, y] from -3 to 3",
    output: outputsOf(settings) === 1 ? "a number" : "scores of the classes, in the order of their colours on the page",
    ...seenBy(settings),
    ...(scale && { scale: scaleAsJson(scale) }),
  };
}

/** Of a graph that takes the rows of a file as they are. */
export function rowsMetadata(settings: Settings, scale: Scale): Metadata {
  const { names, columns, numbers } = scale;
  const [x, y, target] = names;
  const labels = Array.from({ length: outputsOf(settings) }, (_, i) => labelOf(scale, i));
  const spans = columns.map((span, i) => spanInWords(names[i], span)).join(", ");
  return {
    input: `rows [${x}, ${y}], as in the file: trained on ${spans}`,
    output:
      numbers === undefined
        ? `scores of ${target}, in this order: ${JSON.stringify(labels)}`
        : `${target}, as in the file: trained on ${spanInWords(target, numbers)}`,
    ...seenBy(settings),
  };
}

function seenBy({ features, activation }: Settings): Metadata {
  return { inputs: features.join(), activation };
}
