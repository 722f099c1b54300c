// npm run mnist-cnn: a convolutional network after LeNet on all of MNIST.
import { type Report, Trainer } from "simdgrad";
import { Conv2d, crossEntropy, Dropout, Flatten, Linear, MaxPool2d, relu, Sequential } from "simdgrad/nn";
import { adam, cosineDecay } from "simdgrad/optim";
import { mnist } from "./image-sets.ts";
import { MNIST_DEVIATION, MNIST_MEAN } from "./mnist-data.ts";
import { percent, script } from "./script.ts";

await script({
  name: "mnist-cnn",
  about: "A convolutional network after LeNet on the 60,000 digits of MNIST.",
  metric: "test accuracy",
  options: { epochs: { about: "passes over the digits", value: "5" }, batch: { about: "digits a step", value: "64" } },
  async run({ seed, executor, whole, train, say }) {
    const [epochs, batch] = [whole("epochs"), whole("batch")];
    const { train: digits, test } = await mnist();
    const rows = digits.y.shape[0];
    const network = new Sequential(
      new Conv2d(1, 16, 5, { padding: 2 }),
      relu,
      new MaxPool2d(2),
      new Conv2d(16, 32, 5),
      relu,
      new MaxPool2d(2),
      new Flatten(),
      new Linear(32 * 5 * 5, 128),
      relu,
      new Dropout(0.3),
      new Linear(128, 10),
    );
    const trainer = new Trainer(network, {
      loss: crossEntropy,
      optimizer: adam(cosineDecay(0.002, { steps: epochs * Math.ceil(rows / batch) })),
      preprocess: (x) =>
        x
          .cast("f32")
          .mul(1 / (255 * MNIST_DEVIATION))
          .sub(MNIST_MEAN / MNIST_DEVIATION),
      executor,
      seed,
    });
    await trainer.load(digits);
    const history = await train(trainer, { batch, epochs }, accuracyOf);
    const seconds = history.reduce((sum, epoch) => sum + epoch.seconds, 0);
    const { accuracy } = await trainer.evaluate(test);
    say(`test accuracy ${percent(accuracy)} after ${epochs} epochs, ${seconds.toFixed(1)} s of training`);
    await trainer.dispose();
    return { value: accuracy, seconds, more: { epochs, threads: executor.info.threads } };
  },
});

function accuracyOf({ metrics }: Report): string {
  return `accuracy ${percent(metrics.accuracy)}`;
}
