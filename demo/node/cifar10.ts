// npm run cifar10 -- --data DIR: a residual network on photographs of ten kinds, mirrored, shifted and in slightly other colours. Its weights
// are kept as a safetensors file: a backbone for other images.
import { colorJitter, randomCrop, randomFlip } from "simdgrad/images";
import { imageFolders } from "./image-sets.ts";
import { classify } from "./residual.ts";
import { script } from "./script.ts";

const SIDE = 32;

await script({
  name: "cifar10",
  about: "A residual network on photographs of 32 x 32 pixels, of as many kinds as there are folders.",
  metric: "test accuracy",
  options: {
    epochs: { about: "passes over the photographs", value: "12" },
    batch: { about: "photographs a step", value: "128" },
    data: { about: "folder with train/KIND/*.jpg and test/KIND/*.jpg", value: "" },
  },
  run: async (task) =>
    classify(task, {
      set: await imageFolders(task.options.data, SIDE),
      mean: [0.4914, 0.4822, 0.4465],
      deviation: [0.247, 0.2435, 0.2616],
      widths: [24, 48, 96],
      depth: 1,
      rate: 0.15,
      keep: "cifar10.safetensors",
      augment(x, context) {
        const cropped = randomCrop(randomFlip(x, context.key()), context.key(), { size: [SIDE, SIDE], padding: 4 });
        return colorJitter(cropped, context.key(), { brightness: 0.1, contrast: 0.1, saturation: 0.1, max: 255 });
      },
    }),
});
