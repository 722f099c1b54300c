// The convolutional network while it trains: what is shown of it is what it is, on every executor.
import { createExecutor, type Executor, JsExecutor, Trainer } from "simdgrad";
import { crossEntropy } from "simdgrad/nn";
import { sgd } from "simdgrad/optim";
import { expect, test } from "vitest";
import { asImages, convolutional, watcher } from "../../demo/web/digits/convolutional.ts";

const SIDE = 28;
const FILTERS = 8;
const rows = 32;
const images = Uint8Array.from({ length: rows * SIDE * SIDE }, (_, i) => (i * 7919) % 256);
const x = { data: images, shape: [rows, SIDE * SIDE] };
const y = { data: Uint8Array.from({ length: rows }, (_, i) => i % 10), shape: [rows] };
const image = images.slice(0, SIDE * SIDE);

/**
 * The first layer's maps in float64: 5x5 filters around each place, the border 0, then relu. With the sizes of all numbers that were added,
 * the mean of MNIST before it is taken away, too.
 */
function mapsOf(weights: ArrayLike<number>, bias: ArrayLike<number>): { value: number; size: number }[] {
  return Array.from({ length: FILTERS * SIDE * SIDE }, (_, i) => {
    const filter = Math.floor(i / (SIDE * SIDE));
    let [value, size] = [bias[filter], Math.abs(bias[filter])];
    for (let k = 0; k < 25; k++) {
      const [row, column] = [(Math.floor(i / SIDE) % SIDE) + Math.floor(k / 5) - 2, (i % SIDE) + (k % 5) - 2];
      if (row < 0 || column < 0 || row >= SIDE || column >= SIDE) continue;
      const ink = image[row * SIDE + column] / 255;
      value += (weights[filter * 25 + k] * (ink - 0.1307)) / 0.3081;
      size += (Math.abs(weights[filter * 25 + k]) * (ink + 0.1307)) / 0.3081;
    }
    return { value: Math.max(0, value), size };
  });
}

const executors: readonly (readonly [string, () => Executor])[] = [
  ["Wasm", () => createExecutor()],
  ["TypeScript", () => new JsExecutor()],
];

test.each(executors)("shows the maps and the scores of the weights that it has come to: %s", async (_, open) => {
  const executor = open();
  const network = convolutional();
  const watching = watcher(network, executor);
  const trainer = new Trainer(network, { loss: crossEntropy, optimizer: sgd(0.1), preprocess: asImages, executor });
  await trainer.load({ x, y });
  for (let fit = 0; fit < 2; fit++) {
    await trainer.fit({ batch: "all" });
    const one = { data: image, shape: [1, SIDE * SIDE] };
    const { scores, maps } = await watching.predict(one);
    expect(scores.data).toEqual((await trainer.predict(one)).data);
    expect(maps.shape).toEqual([1, FILTERS, SIDE, SIDE]);
    const { "0.weight": weight, "0.bias": bias } = await trainer.stateDict();
    // 25 products and as many sums, behind a mean and a factor that are rounded, too: fewer than 32 roundings of each number.
    mapsOf(weight.data, bias.data).forEach(({ value, size }, i) => {
      const error = Math.abs(maps.data[i] - value);
      if (!(error <= 32 * 2 ** -24 * size)) expect.fail(`map element ${i} is ${maps.data[i]}, not ${value}`);
    });
  }
  await watching.dispose();
  await trainer.dispose();
  await executor.dispose();
});
