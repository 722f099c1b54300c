// A network that PyTorch has exported is trained as PyTorch trains it.
import { readFileSync } from "node:fs";
import { Trainer } from "simdgrad";
import { crossEntropy, parameters, variables } from "simdgrad/nn";
import { fromOnnx } from "simdgrad/onnx";
import { sgd } from "simdgrad/optim";
import { expect, test } from "vitest";

interface Golden {
  readonly model: string;
  readonly x: readonly number[];
  readonly y: number[];
  readonly losses: readonly number[];
  readonly runningMean: readonly number[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/onnx.json", import.meta.url), "utf8"));

test("ten steps have PyTorch's losses and running means", async () => {
  const model = fromOnnx(Buffer.from(golden.model, "base64"));
  const names = ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var"];
  const others = ["5.weight", "5.bias", "6.weight", "6.bias", "8.weight", "8.bias"];
  expect([...variables(model).keys()]).toEqual([...names, ...others]);
  expect(parameters(model).size).toBe(10);
  const trainer = new Trainer(model, { loss: crossEntropy, optimizer: sgd(0.1, { momentum: 0.9 }) });
  await trainer.load({ x: { data: Float32Array.from(golden.x), shape: [6, 1, 4, 4] }, y: golden.y });
  const history = await trainer.fit({ epochs: 10, batch: 6 });
  // Sums of float32 in another order; both take the batch as it is, in a step an epoch.
  history.forEach(({ loss }, step) => {
    expect(Math.abs(loss - golden.losses[step])).toBeLessThan(1e-5);
  });
  const { data } = (await trainer.stateDict())["1.running_mean"];
  golden.runningMean.forEach((mean, i) => {
    expect(Math.abs(data[i] - mean)).toBeLessThan(1e-5);
  });
});
