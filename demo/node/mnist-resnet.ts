// npm run mnist-resnet: a small residual network on MNIST, its digits turned and shifted a little.
import { randomRotate, randomShift } from "simdgrad/images";
import { mnist } from "./image-sets.ts";
import { MNIST_DEVIATION, MNIST_MEAN } from "./mnist-data.ts";
import { classify, residualNetwork } from "./residual.ts";
import { script } from "./script.ts";

await script({
  name: "mnist-resnet",
  about: "A small residual network on the 60,000 digits of MNIST, turned and shifted a little.",
  metric: "test accuracy",
  options: {
    epochs: { about: "passes over the digits", value: "12" },
    batch: { about: "digits a step", value: "128" },
  },
  run: async (task) =>
    classify(task, {
      set: await mnist(),
      mean: [MNIST_MEAN],
      deviation: [MNIST_DEVIATION],
      network: residualNetwork(1, [16, 32, 64], 1, 10),
      rate: 0.1,
      augment: (x, context) =>
        randomShift(randomRotate(x, context.key(), { degrees: 10 }), context.key(), { translate: 0.08 }),
    }),
});
