// npm run inference: a network as a file that predicts alone, with weights of 32 bits and of 8: how large it is, and what the bytes cost.
import { writeFile } from "node:fs/promises";
import { type Report, Trainer } from "simdgrad";
import { toInference } from "simdgrad/inference";
import { BatchNorm2d, Conv2d, crossEntropy, Flatten, Linear, MaxPool2d, relu, Sequential } from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { Predictor } from "simdgrad/predictor";
import { type Images, mnist } from "./image-sets.ts";
import { percent, script } from "./script.ts";

await script({
  name: "inference",
  about: "A convolutional network of MNIST as a file for the predictor, with weights of 32 bits and of 8.",
  metric: "accuracy lost by weights of 8 bits",
  options: { epochs: { about: "passes over the digits", value: "1" }, batch: { about: "digits a step", value: "64" } },
  async run({ seed, executor, whole, train, say, file }) {
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    const { train: digits, test } = await mnist();
    const network = new Sequential(
      new Conv2d(1, 16, 5, { padding: 2 }),
      new BatchNorm2d(16),
      relu,
      new MaxPool2d(2),
      new Conv2d(16, 32, 5),
      new BatchNorm2d(32),
      relu,
      new MaxPool2d(2),
      new Flatten(),
      new Linear(32 * 5 * 5, 128),
      relu,
      new Linear(128, 10),
    );
    const steps = epochs * Math.ceil(digits.y.shape[0] / batch);
    const optimizer = adam(cosineDecay(0.002, { steps }));
    const trainer = new Trainer(network, { loss: crossEntropy, optimizer, executor, seed });
    await trainer.load(digits);
    await train(trainer, { batch, epochs }, ({ metrics }: Report) => `accuracy ${percent(metrics.accuracy)}`);
    const { accuracy } = await trainer.evaluate(test);
    say(`the trainer: test accuracy ${percent(accuracy)}`);

    const signature = { input: { shape: ["batch", 1, 28, 28], dtype: "u8" } } as const;
    const found: Record<"f32" | "int8", { readonly accuracy: number; readonly bytes: number }> = {
      f32: { accuracy: 0, bytes: 0 },
      int8: { accuracy: 0, bytes: 0 },
    };
    for (const weights of ["f32", "int8"] as const) {
      const bytes = await toInference(network, signature, { executor, weights });
      await writeFile(await file(`digits-${weights}.safetensors`), bytes);
      const predictor = await Predictor.load(bytes);
      found[weights] = { accuracy: accuracyOf(predictor, test), bytes: bytes.length };
      predictor.dispose();
      say(`${weights}: test accuracy ${percent(found[weights].accuracy)}, ${bytes.length.toLocaleString("en")} bytes`);
    }
    await trainer.dispose();
    const { f32, int8 } = found;
    return {
      value: f32.accuracy - int8.accuracy,
      more: {
        epochs,
        accuracy: f32.accuracy,
        "accuracy of int8": int8.accuracy,
        bytes: f32.bytes,
        "bytes of int8": int8.bytes,
      },
    };
  },
});

/** The share of images whose largest output is that of their class. */
function accuracyOf(predictor: Predictor, { x, y }: Images): number {
  const { data, shape } = predictor.predict({ data: x.data as Uint8Array, shape: x.shape });
  const [rows, classes] = shape;
  let right = 0;
  for (let row = 0; row < rows; row++) {
    const own = data.subarray(row * classes, (row + 1) * classes);
    if (own.indexOf(Math.max(...own)) === y.data[row]) right++;
  }
  return right / rows;
}
