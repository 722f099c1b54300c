// A scan is ONNX's Scan: its body sees what lies around it, so what ours captures is no input there.
import type { LoopBody } from "../../../op.ts";
import type { Tensor } from "../../../tensor.ts";
import type { Graph, Port } from "../graph.ts";
import { type Size, sizeFrom } from "../sizes.ts";
import { type Node, typeOf, type Writer } from "../writer.ts";
import type { Rule } from "./rule.ts";

/** What a body needs of the one who writes. */
export interface Bodies {
  /** Finds the twins of all that is in a body, one list of tensors a batch. */
  meet(roots: readonly (readonly Tensor[])[]): void;
  /** Writes all that some tensors of a body are made of. */
  write(roots: readonly Tensor[]): void;
}

function portOf(writer: Writer, tensor: Tensor, name: string): Port {
  const shape = writer.sizesOf(tensor).map((size) => (typeof size === "number" ? size : ""));
  return { name, type: typeOf(tensor.dtype), shape };
}

export function scan(bodies: Bodies): Rule<LoopBody> {
  return (writer, node) => {
    const { tensor, inputs, attrs } = node;
    const [body] = attrs;
    const { parameters, carries, sequences, results, reverse } = body;
    bodies.meet(attrs.map((each) => [...each.results, ...each.parameters]));
    const length = sizeFrom(attrs.map((each) => each.length));
    const outputs = [...(writer.wanted.get(tensor) ?? [])].filter((index) => index >= carries).sort((a, b) => a - b);
    const graph: Graph = { inputs: [], outputs: [], nodes: [], initials: [] };
    // What our body captures is there already.
    for (const [i, parameter] of parameters.entries())
      if (i >= carries + sequences) {
        writer.value(inputs[i]);
        writer.same(parameter, inputs[i]);
      }
    const first = inputs.slice(0, carries + sequences).map((input) => writer.value(input));
    // Scan wants a sequence, where ours may have none.
    const counted = sequences === 0 ? [writer.range(length)] : [];
    writer.inside(graph, () => {
      for (const parameter of parameters.slice(0, carries + sequences)) {
        const name = writer.newName("step");
        graph.inputs.push(portOf(writer, parameter, name));
        writer.give(parameter, name);
      }
      if (sequences === 0) graph.inputs.push({ name: writer.newName("step"), type: "int64", shape: [] });
      bodies.write(results);
      const given = [
        ...results.slice(0, carries),
        ...outputs.map((index) => (index < results.length ? results[index] : parameters[index - results.length])),
      ];
      // Each output is a name of its own, that a node of the body makes.
      for (const result of given) {
        const name = writer.newName("result");
        graph.nodes.push({ op: "Identity", inputs: [writer.value(result)], outputs: [name], attributes: {} });
        graph.outputs.push(portOf(writer, result, name));
      }
    });
    const backwards = (count: number) => Array<number>(count).fill(Number(reverse));
    const names = writer.addAll("Scan", [...first, ...counted], carries + outputs.length, {
      body: { graph },
      num_scan_inputs: sequences + counted.length,
      ...(reverse && {
        scan_input_directions: backwards(sequences + counted.length),
        ...(outputs.length > 0 && { scan_output_directions: backwards(outputs.length) }),
      }),
    });
    giveOutputs(writer, node as Node<LoopBody>, names, outputs, length);
  };
}

function giveOutputs(
  writer: Writer,
  { tensor, attrs: [{ carries, parameters, results }] }: Node<LoopBody>,
  names: readonly string[],
  outputs: readonly number[],
  length: Size,
): void {
  writer.giveOutputs(tensor, (index) => {
    if (index < carries) return writer.here(names[index], writer.sizesOf(results[index]));
    const one = index < results.length ? results[index] : parameters[index - results.length];
    return writer.here(names[carries + outputs.indexOf(index)], [length, ...writer.sizesOf(one)]);
  });
}
