// node demo/web/pictures/make-backbone.ts FILE: makes backbone.safetensors of the weights that npm run cifar10 leaves. Weights of convolutions are
// bytes with a scale a filter, a quarter of their size; the last block, which pages train, has its norms folded into its convolutions.
import { readFile, writeFile } from "node:fs/promises";
import type { NumericArray } from "simdgrad/data";
import { parseSafetensors, serializeSafetensors } from "simdgrad/io";

/** Of batch norms, as they are trained. */
const EPSILON = 1e-5;
/** Where the network stands in the file, and its last block in the network. */
const [NETWORK, BLOCK] = ["1.", "5.inner."];

const { tensors } = parseSafetensors(await readFile(process.argv[2]));
const network = new Map(
  Object.entries(tensors)
    .filter(([name]) => name.startsWith(NETWORK))
    .map(([name, value]) => [name.slice(NETWORK.length), value]),
);

function tensor(name: string): NumericArray {
  const found = network.get(name);
  if (found === undefined) throw new Error(`${process.argv[2]} has no ${NETWORK}${name}: it is not of npm run cifar10`);
  return found;
}

/** A convolution and the norm behind it as one convolution with a bias. */
function folded(convolution: string, norm: string): { weight: NumericArray; bias: NumericArray } {
  const { data, shape } = tensor(`${convolution}.weight`);
  const part = (name: string) => tensor(`${norm}.${name}`).data;
  const [mean, variance, weight, bias] = ["running_mean", "running_var", "weight", "bias"].map(part);
  const each = data.length / shape[0];
  const factor = Float64Array.from(weight, (value, i) => value / Math.sqrt(variance[i] + EPSILON));
  return {
    weight: { data: Float32Array.from(data, (value, i) => value * factor[Math.floor(i / each)]), shape },
    bias: { data: Float32Array.from(bias, (value, i) => value - mean[i] * factor[i]), shape: [shape[0]] },
  };
}

const kept: Record<string, NumericArray> = {};

/** Rows of bytes, 128 for 0, and what a step of each is worth. */
function keep(name: string, { data, shape }: NumericArray): void {
  if (shape.length < 2) {
    kept[name] = { data, shape };
    return;
  }
  const each = data.length / shape[0];
  const rows = Array.from({ length: shape[0] }, (_, row) => Array.from(data.slice(row * each, (row + 1) * each)));
  const scales = Float32Array.from(rows, (row) => Math.max(...row.map(Math.abs), 1e-12) / 127);
  kept[name] = {
    data: Uint8Array.from(rows.flatMap((row, i) => row.map((value) => 128 + Math.round(value / scales[i])))),
    shape,
  };
  kept[`${name}/scales`] = { data: scales, shape: [shape[0]] };
}

for (const [name, value] of network) if (Number.parseInt(name, 10) < Number.parseInt(BLOCK, 10)) keep(name, value);
for (const [i, part] of ["first", "second"].entries()) {
  const { weight, bias } = folded(`${BLOCK}${i}.0`, `${BLOCK}${i}.1`);
  keep(`block.${part}.weight`, weight);
  keep(`block.${part}.bias`, bias);
}
const bytes = serializeSafetensors(kept);
await writeFile(new URL("backbone.safetensors", import.meta.url), bytes);
console.log(`${Object.keys(kept).length} tensors, ${bytes.length} bytes`);
