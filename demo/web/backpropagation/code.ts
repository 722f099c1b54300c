// The program that makes the page's updates, as a learner would write it.
import { type Activation, activationOf, type Setup, splitWeights, unitName } from "./network.ts";

const calls: Readonly<Record<Activation, string>> = {
  linear: "",
  sigmoid: ".sigmoid()",
  tanh: ".tanh()",
  relu: ".relu()",
};

const numbers = (values: readonly number[]) => `[${values.join(", ")}]`;
const matrix = (rows: readonly (readonly number[])[]) => `[${rows.map(numbers).join(", ")}]`;

/** @param steps updates to be made, one at least */
export function codeOf(setup: Setup, steps: number): string {
  const { sizes, bias, inputs, targets, rate } = setup;
  const split = splitWeights(setup);
  const last = sizes.length - 1;
  const names = split.map((_, at) => `weight${at + 1}`);
  const biases = bias ? split.map((_, at) => `bias${at + 1}`) : [];
  const all = [...names, ...biases];
  const unit = (layer: number) => unitName(setup, layer, 0)[0];
  const declared = split.flatMap(({ rows, biases }, at) => [
    `const weight${at + 1} = new Variable(${numbers([sizes[at + 1], sizes[at]])}, ${matrix(rows)});${at === 0 ? " // a row of weights for each unit" : ""}`,
    ...(bias ? [`const bias${at + 1} = new Variable([${sizes[at + 1]}], ${numbers(biases)});`] : []),
  ]);
  const layers = split.map((_, at) => {
    const sum = `${unit(at)}.matmul(weight${at + 1}, { transposeB: true })${bias ? `.add(bias${at + 1})` : ""}`;
    return `const ${unit(at + 1)} = ${sum}${calls[activationOf(setup, at + 1)]};`;
  });
  return `// A network of ${sizes.join("-")} units on one sample: ${steps} update${steps === 1 ? "" : "s"} by gradient descent.
import { compile, compileInit, grad, input, Variable, WasmExecutor } from "simdgrad";

const rate = ${rate};
${declared.join("\n")}
const weights = ${`[${all.join(", ")}]`};

// The forward pass. Nothing is computed here: this builds a graph.
const x = input([1, ${sizes[0]}]);
const target = input([1, ${sizes[last]}]);
${layers.join("\n")}
const loss = y.sub(target).square().sum().mul(0.5); // half the squared error

// The backward pass: the gradients are graphs, too. Each weight moves against its gradient.
const gradients = grad(loss, weights);
const assignments = weights.map((weight, i) => [weight, weight.sub(gradients[i].mul(rate))] as const);
const program = compile({ inputs: { x, target }, outputs: { loss }, assignments });

const executor = new WasmExecutor({ build: "portable" }); // the same bits on every machine
const first = compileInit(new Map(weights.map((weight, i) => [String(i), weight])), 0);
await executor.step(await executor.load(first));
const update = await executor.load(program);
const sample = { x: ${numbers(inputs)}, target: ${numbers(targets)} };
let last = 0;
for (let i = 0; i < ${steps}; i++) last = (await executor.step(update, sample)).loss[0];
console.log("loss of the last update:", last);
await executor.dispose();
`;
}
