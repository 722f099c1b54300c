// What the page knows of pictures before it is taught: a network that was trained on small photographs of ten kinds by npm run cifar10. Its
// first part stays as it is; its last block is trained on, with a new head.
import { constant, randomKey, stack, type Tensor } from "simdgrad";
import type { NumericArray } from "simdgrad/data";
import { colorJitter, randomCrop, randomFlip } from "simdgrad/images";
import { parseSafetensors } from "simdgrad/io";
import { Conv2d, type Layer, Linear, relu, Sequential } from "simdgrad/nn";
import { pooledNetwork } from "../../node/pooled.ts";
import { download } from "../shared/download.ts";
import type { Body } from "../teach/lesson.ts";

/** Pixels of a side, and channels of the first layer: those of the script. */
export const SIDE = 32;
const WIDTH = 16;
const LAST = 8 * WIDTH;
const CLASSES = 10;
/** Layers before the last block. */
const DEPTH = 5;
/** Of what it was trained on, red, green and blue. */
const MEAN = [0.4914, 0.4822, 0.4465];
const DEVIATION = [0.247, 0.2435, 0.2616];
/** Versions of each picture: itself, and others mirrored, moved, brighter, darker. */
const VERSIONS = 8;

function scaled(x: Tensor): Tensor {
  const column = (values: readonly number[]) => constant([...values]).reshape([1, 3, 1, 1]);
  return x.div(255).sub(column(MEAN)).div(column(DEVIATION));
}

/** Two convolutions beside what they are added to. */
class Block {
  readonly first = new Conv2d(LAST, LAST, 3, { padding: 1 });
  readonly second = new Conv2d(LAST, LAST, 3, { padding: 1 });

  forward(x: Tensor): Tensor {
    return x.add(relu(this.second.forward(relu(this.first.forward(x)))));
  }
}

/** Versions [rows, VERSIONS, 3, SIDE, SIDE] of pictures, the first ones as they are. */
function versions(seed: number): (x: Tensor) => Tensor {
  return (x) => {
    const all = Array.from({ length: VERSIONS }, (_, i) => {
      if (i === 0) return x;
      const key = (what: string) => randomKey(seed, `${what} ${i}`);
      const moved = randomCrop(randomFlip(x, key("flip")), key("crop"), {
        size: [SIDE, SIDE],
        padding: 4,
        paddingMode: "border",
      });
      return colorJitter(moved, key("colour"), { brightness: 0.2, contrast: 0.2, max: 255 });
    });
    return stack(all, 1);
  };
}

/** Weights of bytes with a scale a row as f32, all others as they are. */
function opened(tensors: Readonly<Record<string, NumericArray>>): Record<string, NumericArray> {
  const entries = Object.entries(tensors).filter(([name]) => !name.endsWith("/scales"));
  return Object.fromEntries(
    entries.map(([name, value]) => {
      const scales = tensors[`${name}/scales`]?.data;
      if (scales === undefined) return [name, value];
      const each = value.data.length / scales.length;
      const data = Float32Array.from(value.data, (byte, i) => (byte - 128) * scales[Math.floor(i / each)]);
      return [name, { data, shape: value.shape }];
    }),
  );
}

/** The part of a file's tensors under a prefix, with another one in its place. */
function under(tensors: Readonly<Record<string, NumericArray>>, prefix: string, other: string) {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [other + name.slice(prefix.length), value]));
}

/** Fetches the network. @throws Problem where its file is missing */
export async function backbone(onProgress: (share: number) => void): Promise<Body> {
  const bytes = await download("models/pictures.safetensors", (received, total) => onProgress(received / total));
  const weights = opened(parseSafetensors(bytes).tensors);
  const layers = pooledNetwork(3, WIDTH, CLASSES).layers.slice(0, DEPTH);
  const own = Object.entries(weights).filter(([name]) => !name.startsWith("block."));
  return {
    layer: new Sequential(scaled, new Sequential(...layers)) as Layer,
    state: Object.fromEntries(own.map(([name, value]) => [`1.${name}`, value])),
    shape: [3, SIDE, SIDE],
    dtype: "u8",
    features: [LAST, 4, 4],
    trained: (classes) => new Sequential(new Block(), (x: Tensor) => x.max([2, 3]), new Linear(LAST, classes)),
    start: under(weights, "block.", "0."),
    variants: { count: VERSIONS, shape: [3, SIDE, SIDE], layer: versions },
  };
}
