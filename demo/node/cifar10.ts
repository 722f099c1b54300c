// npm run cifar10 -- --data DIR: a residual network on photographs of ten kinds, mirrored, shifted and with parts cut out. Its weights are
// kept as a safetensors file: a backbone for other images.
import { cutout, randomCrop, randomFlip } from "simdgrad/images";
import { imageFolders } from "./image-sets.ts";
import { pooledNetwork } from "./pooled.ts";
import { classify } from "./residual.ts";
import { script } from "./script.ts";

const SIDE = 32;
/** Channels of the first layer. */
const WIDTH = 16;

await script({
  name: "cifar10",
  about: "A residual network on photographs of 32 x 32 pixels, of as many kinds as there are folders.",
  metric: "test accuracy",
  options: {
    epochs: { about: "passes over the photographs", value: "10" },
    batch: { about: "photographs a step", value: "128" },
    data: { about: "folder with train/KIND/*.jpg and test/KIND/*.jpg", value: "" },
  },
  async run(task) {
    const set = await imageFolders(task.options.data, SIDE);
    return classify(task, {
      set,
      mean: [0.4914, 0.4822, 0.4465],
      deviation: [0.247, 0.2435, 0.2616],
      network: pooledNetwork(3, WIDTH, set.classes.length),
      rate: 0.2,
      smoothing: 0.1,
      keep: "cifar10.safetensors",
      augment(x, context) {
        const cropped = randomCrop(randomFlip(x, context.key()), context.key(), { size: [SIDE, SIDE], padding: 4 });
        return cutout(cropped, context.key(), { p: 0.5, scale: [0.05, 0.1], ratio: [1, 1], value: 120 });
      },
    });
  },
});
