// What simdgrad/images exports, with right arguments.
import * as images from "../../src/images/index.ts";
import { constant, randomKey } from "../../src/index.ts";
import { type Call, call } from "./harness.ts";
import * as a from "./kinds.ts";

const x = a.tensor(constant([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], { shape: [1, 3, 2, 2] }));
const key = a.list(randomKey(0, "images") as never);
const outside = { paddingMode: a.word("zeros"), fill: a.also(a.finite(0.5), ["a list", "numbers"]) };
const places = { mode: a.word("nearest"), ...outside };
const max = { max: a.positive(1) };
const factor = a.also(a.positive(0.5), ["a list", "a pair of numbers"]);
const pair = a.list([0.5, 0.75]);
const ofFactor = [x, key, a.options({ factor, ...max }, ["factor"])];
const classes = a.tensor(constant(Int32Array.of(0)));
const mixing = a.options({ alpha: a.positive(1), numClasses: a.whole(3), labelSmoothing: a.positive(0.1) }, [
  "numClasses",
]);
const pixel = { data: Uint8ClampedArray.of(1, 2, 3, 4), width: 1, height: 1 };
const channels = { channels: a.word(1) };

export const imageCalls: Readonly<Record<string, Call>> = {
  addNoise: call(
    images.addNoise,
    x,
    key,
    a.options({ sigma: a.positive(0.1), mean: a.finite(0.5), clip: a.flag(false), ...max }),
  ),
  affine: call(
    images.affine,
    x,
    a.tensor(constant([1, 0, 0, 0, 1, 0], { shape: [1, 2, 3] })),
    a.options({ ...places, size: a.also(a.list([2, 3]), ["a list", "height and width"]) }),
  ),
  brightness: call(images.brightness, ...ofFactor),
  colorJitter: call(
    images.colorJitter,
    x,
    key,
    a.options({ brightness: factor, contrast: factor, saturation: factor, hue: a.positive(0.25), ...max }),
  ),
  contrast: call(images.contrast, ...ofFactor),
  cutmix: call(images.cutmix, x, classes, key, mixing),
  cutout: call(
    images.cutout,
    x,
    key,
    a.options({
      p: a.positive(0.5),
      scale: pair,
      ratio: a.also(pair, ["a list", "two numbers above 0"]),
      value: a.finite(1),
    }),
  ),
  fromImageData: call(images.fromImageData, a.list([pixel]), a.options(channels)),
  fromImages: call(
    async (files: never, options: never) => {
      try {
        return await images.fromImages(files, options);
      } catch (error) {
        // This is no image, or nothing decodes files here, which is told after all arguments are checked.
        if (/^fromImages: (nothing here decodes|file 0 cannot be decoded)/.test((error as Error).message))
          return undefined;
        throw error;
      }
    },
    a.list([Uint8Array.of(1)]),
    a.options({ width: a.whole(2), height: a.whole(2), ...channels }, ["width", "height"]),
  ),
  hue: call(images.hue, x, key, a.options({ shift: a.positive(0.25) }, ["shift"])),
  mixup: call(images.mixup, a.fitting(x.value), classes, key, mixing),
  randomCrop: call(
    images.randomCrop,
    x,
    key,
    a.options(
      {
        size: a.also(a.list([1, 2]), ["a list", "height and width"]),
        padding: a.whole(1),
        paddingMode: a.beside(outside.paddingMode, { padding: 1 }),
        fill: a.beside(outside.fill, { padding: 1 }),
      },
      ["size"],
    ),
  ),
  randomFlip: call(images.randomFlip, x, key, a.options({ p: a.positive(0.5), direction: a.word("both") })),
  randomRotate: call(images.randomRotate, x, key, a.options({ ...places, degrees: factor }, ["degrees"])),
  randomShift: call(images.randomShift, x, key, a.options({ translate: a.positive(0.5), ...outside })),
  randomZoom: call(
    images.randomZoom,
    x,
    key,
    a.options({ ...places, scale: a.also(pair, ["a list", "two numbers above 0"]) }, ["scale"]),
  ),
  saturation: call(images.saturation, ...ofFactor),
};
