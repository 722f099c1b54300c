// Batch norms folded into the layers before them, as `fuseBatchNorm` does it: s W x + s (b - mean) + bias with s = weight / sqrt(variance + eps).
import { type Graph, type GraphNode, type Initial, readersOf } from "./graph.ts";

/** Layers with a weight of which each output channel is a part, by which axis of it. */
const CHANNELS: Readonly<Record<string, (node: GraphNode) => 0 | 1 | undefined>> = {
  Conv: () => 0,
  ConvTranspose: ({ attributes }) => (attributes.group === 1 ? 1 : undefined),
  Gemm: ({ attributes }) => (attributes.transA === 0 ? (attributes.transB === 1 ? 0 : 1) : undefined),
};

/** Folds each batch norm whose input is a layer's that nobody else reads. Weights keep their names, with other numbers. */
export function foldBatchNorms(graph: Graph): void {
  const readers = readersOf(graph);
  const makers = new Map(graph.nodes.map((node) => [node.outputs[0], node]));
  const initials = new Map(graph.initials.map((initial) => [initial.name, initial]));
  const ports = new Set([...graph.inputs, ...graph.outputs].map(({ name }) => name));
  const isTaken = (name: string) => initials.has(name) || ports.has(name);
  const replaced = new Map<GraphNode, GraphNode>();
  for (const norm of graph.nodes) {
    if (norm.op !== "BatchNormalization") continue;
    const layer = makers.get(norm.inputs[0]);
    const axis = layer && CHANNELS[layer.op]?.(layer);
    if (layer === undefined || axis === undefined || readers.get(norm.inputs[0]) !== 1) continue;
    const [weight, bias] = layer.inputs.slice(1).map((name) => initials.get(name));
    const given = norm.inputs.slice(1).map((name) => initials.get(name));
    const isOwn = layer.inputs.slice(1).every((name) => initials.has(name) && readers.get(name) === 1);
    if (weight === undefined || !isOwn || given.includes(undefined)) continue;
    const biasName = bias?.name ?? freeName(weight.name, norm.inputs[2], isTaken, readers);
    if (biasName === undefined) continue;
    const { float: epsilon } = norm.attributes.epsilon as { readonly float: number };
    const [gamma, beta, mean, variance] = (given as Initial[]).map(({ data }) => data as Float32Array);
    const scale = Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i] + epsilon));
    const own = bias?.data as Float32Array | undefined;
    const shifted = Float32Array.from(scale, (s, i) => s * ((own?.[i] ?? 0) - mean[i]) + beta[i]);
    initials.set(weight.name, { ...weight, data: scaled(weight, scale, axis) });
    initials.set(biasName, { name: biasName, type: "float32", shape: [scale.length], data: shifted });
    replaced.set(layer, { ...layer, inputs: [layer.inputs[0], weight.name, biasName], outputs: norm.outputs });
    replaced.set(norm, { ...norm, op: "" });
  }
  graph.nodes = graph.nodes.map((node) => replaced.get(node) ?? node).filter(({ op }) => op !== "");
  graph.initials = [...initials.values()];
}

/** A weight with each channel times its scale. */
function scaled({ data, shape }: Initial, scale: Float64Array, axis: 0 | 1): Float32Array {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return Float32Array.from(data as Float32Array, (value, i) => value * scale[Math.floor(i / inner) % shape[axis]]);
}

/** The name of a bias for a layer that had none: beside its weight, or where that is taken, that of the norm, if it alone reads it. */
function freeName(
  weight: string,
  ofNorm: string,
  isTaken: (name: string) => boolean,
  readers: ReadonlyMap<string, number>,
): string | undefined {
  const beside = weight.replace(/weight$/, "bias");
  if (beside !== weight && !isTaken(beside)) return beside;
  return readers.get(ofNorm) === 1 ? ofNorm : undefined;
}
