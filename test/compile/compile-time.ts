// How long compile takes: `npm run compile-time`. A training step of about 5,000 nodes must compile within 200 ms in a fresh process
// (this one: nothing is warm), and time must grow near-linearly to 50,000 nodes. Wall time: printed, not tested.
import { grad } from "../../src/autodiff.ts";
import { type Computation, compile } from "../../src/compile/compile.ts";
import { input } from "../../src/create.ts";
import { topological } from "../../src/graph.ts";
import { Sequential } from "../../src/nn/containers.ts";
import { relu } from "../../src/nn/functional.ts";
import { Linear } from "../../src/nn/layers.ts";
import { crossEntropy } from "../../src/nn/losses.ts";
import { evaluationContext, parameters } from "../../src/nn/module.ts";
import { adam } from "../../src/optim/optimizers.ts";

/** A training step of a network of `layers` hidden layers, with Adam. */
export function trainingStep(layers: number): Computation & { readonly nodes: number } {
  const hidden = Array.from({ length: layers }, () => [new Linear(16, 16), relu]).flat();
  const model = new Sequential(...hidden, new Linear(16, 10));
  const variables = [...parameters(model).values()];
  const x = input([8, 16]);
  const y = input([8], "i32");
  const loss = crossEntropy(model.forward(x, evaluationContext()), y);
  const optimizer = adam(1e-3);
  const assignments = optimizer.update(grad(loss, variables), optimizer.init(variables), variables);
  const nodes = topological([loss, ...assignments.map(([, value]) => value)]).length;
  return { inputs: { x, y }, outputs: { loss }, assignments, nodes };
}

function measure(layers: number): void {
  const begun = performance.now();
  const { nodes, ...step } = trainingStep(layers);
  const built = performance.now();
  const before = process.threadCpuUsage();
  const { code } = compile(step);
  const compiled = performance.now() - built;
  const { user, system } = process.threadCpuUsage(before);
  const own = (user + system) / 1000; // what a busy machine does to this thread's time is left out
  const [graph, time, cpu] = [built - begun, compiled, own].map((ms) => `${ms.toFixed(0).padStart(5)} ms`);
  const each = ((own / nodes) * 1000).toFixed(1);
  console.log(
    `${nodes} nodes: graph ${graph}, compile ${time}, of it this thread ${cpu} (${each} us a node), ${code.length} words`,
  );
}

if (process.argv[1] === import.meta.filename) for (const layers of [76, 152, 380, 760]) measure(layers);
