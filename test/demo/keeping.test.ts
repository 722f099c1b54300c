// Models as files: what is saved comes back, and what is no such file is refused in words.
import { JsExecutor, Trainer } from "simdgrad";
import { serializeSafetensors } from "simdgrad/io";
import { crossEntropy } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { describe, expect, test } from "vitest";
import { convolutional } from "../../demo/web/digits/convolutional.ts";
import { fromFile, toFile } from "../../demo/web/digits/keeping.ts";
import { type Architecture, dense, parameterCount, showShape } from "../../demo/web/digits/model.ts";
import { Problem } from "../../demo/web/shared/problems.ts";

const architectures: readonly Architecture[] = [
  { kind: "dense", hidden: [16, 8], activation: "gelu", dropout: 0.2 },
  { kind: "convolutional", dropout: 0.25 },
];

async function weightsOf(of: Architecture) {
  const executor = new JsExecutor();
  const network = of.kind === "dense" ? dense(of) : convolutional(of.dropout);
  const trainer = new Trainer(network, { loss: crossEntropy, optimizer: sgd(0.1), executor });
  const weights = await trainer.stateDict();
  await trainer.dispose();
  await executor.dispose();
  return weights;
}

describe.each(architectures)("a model in a file: $kind", (architecture) => {
  test("comes back with its architecture and every weight's bits", async () => {
    const weights = await weightsOf(architecture);
    expect(fromFile(toFile({ architecture, weights }))).toEqual({ architecture, weights });
  });

  test("has as many weights as the page says", async () => {
    const weights = await weightsOf(architecture);
    const count = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
    expect(parameterCount(architecture)).toBe(count);
  });
});

test("says its shape", () => {
  expect(architectures.map(showShape)).toEqual(["784 – 16 – 8 – 10", "28 × 28 – 8 – 16 – 10"]);
});

test("a file that says no kind of network is a dense one", () => {
  const text = '{"hidden":[8],"activation":"relu","dropout":0.1}';
  const { architecture } = fromFile(serializeSafetensors({}, { kind: "simdgrad digits", architecture: text }));
  expect(architecture).toEqual({ kind: "dense", hidden: [8], activation: "relu", dropout: 0.1 });
});

describe("a file is refused in words", () => {
  const saved = (text: string) => serializeSafetensors({}, { kind: "simdgrad digits", architecture: text });

  test.each([
    ["that is no safetensors file", new Uint8Array([1, 2, 3]), "not a whole safetensors file"],
    ["that another program wrote", serializeSafetensors({}, {}), "not saved by this page"],
    ["without an architecture", saved(""), "a network that this page does not offer"],
    ["with too wide a layer", saved('{"hidden":[100000],"activation":"relu","dropout":0}'), "does not offer"],
    ["with an unknown activation", saved('{"hidden":[8],"activation":"toString","dropout":0}'), "does not offer"],
    ["of an unknown kind", saved('{"kind":"deep","hidden":[8],"activation":"relu","dropout":0}'), "does not offer"],
    ["that leaves everything out", saved('{"hidden":[8],"activation":"relu","dropout":1}'), "does not offer"],
  ])("%s", (_, bytes, words) => {
    expect(() => fromFile(bytes)).toThrow(Problem);
    expect(() => fromFile(bytes)).toThrow(words);
  });
});
