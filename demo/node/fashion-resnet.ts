// npm run fashion-resnet: the residual network of mnist-resnet on Fashion-MNIST, its clothes mirrored and shifted a little.
import { randomFlip, randomShift } from "simdgrad/images";
import { fashionMnist } from "./image-sets.ts";
import { classify, residualNetwork } from "./residual.ts";
import { script } from "./script.ts";

await script({
  name: "fashion-resnet",
  about: "A small residual network on the 60,000 clothes of Fashion-MNIST, mirrored and shifted a little.",
  metric: "test accuracy",
  options: {
    epochs: { about: "passes over the clothes", value: "20" },
    batch: { about: "clothes a step", value: "128" },
    data: { about: "folder of the four gzipped files", value: "/usr/share/datasets/fashion-mnist" },
  },
  run: async (task) =>
    classify(task, {
      set: await fashionMnist(task.options.data),
      mean: [0.286],
      deviation: [0.353],
      network: residualNetwork(1, [20, 40, 80], 1, 10),
      rate: 0.1,
      augment: (x, context) => randomShift(randomFlip(x, context.key()), context.key(), { translate: 0.08 }),
    }),
});
