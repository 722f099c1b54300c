// What networks of images and of sequences are made of: convolutions, recurrent layers, attention.
import { concat } from "../../../src/create.ts";
import {
  conv1d,
  conv2d,
  conv3d,
  convTranspose1d,
  convTranspose2d,
  convTranspose3d,
} from "../../../src/functions/index.ts";
import { scaledDotProductAttention } from "../../../src/nn/attention.ts";
import { GRU, LSTM, RNN } from "../../../src/nn/recurrent.ts";
import type { Shape } from "../../../src/shape.ts";
import type { Tensor } from "../../../src/tensor.ts";
import { type Bounds, composed } from "../bounds.ts";
import type { Domain, Draw } from "../draw.ts";
import { type Subject, subject } from "../subject.ts";
import { given } from "./layers.ts";

/** Products and their sums: a rounding each, beside what the samples show. */
const products: Bounds = { value: composed(2), derivatives: composed(4) };
/** Chains of products, sigmoids and softmaxes over some steps, of terms of size 1 that cancel. */
const chains: Bounds = {
  value: { ...composed(16), scale: () => 1 },
  derivatives: { ...composed(32), scale: () => 1 },
};
const MODERATE: Domain = { plain: [-3, 3], limits: [-1000, 1000] };
const SMALL: Domain = { plain: [-1, 1], limits: [-4, 4] };

interface Convolved {
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: readonly number[];
  readonly outputPadding?: readonly number[];
  readonly groups: number;
}

/** One number for each axis. */
function each(axes: number, one: () => number): number[] {
  return Array.from({ length: axes }, one);
}

/** What a convolution is of: stride, padding and the like fit filters and images. */
function drawConvolved(draw: Draw, axes: number, isTransposed: boolean) {
  const groups = draw.pick([1, 1, 1, 2, 3]);
  const [inputs, outputs] = [groups * draw.whole(1, 4), groups * draw.whole(1, 4)];
  const kernel = each(axes, () => draw.pick([1, 2, 3, 3, 5]));
  const stride = each(axes, () => draw.pick([1, 1, 2, 3]));
  const dilation = each(axes, () => draw.pick([1, 1, 1, 2]));
  const span = kernel.map((size, axis) => dilation[axis] * (size - 1) + 1);
  // No padding is as wide as a filter, and something is left of every axis.
  const padding = span.map((size) => draw.whole(0, (size + 1) >> 1));
  const places = span.map((size, axis) => Math.max(1, isTransposed ? 1 : size - 2 * padding[axis]) + draw.whole(0, 7));
  const outputPadding = isTransposed ? { outputPadding: stride.map((size) => draw.whole(0, size)) } : {};
  const weight = isTransposed ? [inputs, outputs / groups, ...kernel] : [outputs, inputs / groups, ...kernel];
  const x: Shape = [draw.whole(1, 4), inputs, ...places];
  const options: Convolved = { stride, dilation, padding, groups, ...outputPadding };
  return { options, inputs: [x, weight, [outputs]].map((shape) => draw.reals(shape, MODERATE)) };
}

type Build = (x: Tensor, weight: Tensor, options: object) => Tensor;

function convolution(build: Build, axes: number): Subject {
  const { name } = build;
  return subject<Convolved>({
    name: `networks/${name}`,
    bounds: products,
    draw: (draw) => drawConvolved(draw, axes, name.startsWith("convTranspose")),
    build: ([x, weight, bias], options) => build(x, weight, { ...options, bias }),
  });
}

interface Recurrent {
  readonly layers: number;
  readonly directions: 1 | 2;
  readonly nonlinearity?: "tanh" | "relu";
}

const kinds = { RNN: { gates: 1, carries: 1 }, GRU: { gates: 3, carries: 1 }, LSTM: { gates: 4, carries: 2 } } as const;

/** A whole layer over a sequence: x, the state at first, then four tensors a layer and direction; its outputs and the state at the end. */
function recurrent(name: keyof typeof kinds): Subject {
  const { gates, carries } = kinds[name];
  return subject<Recurrent>({
    name: `networks/${name}`,
    bounds: chains,
    draw(source) {
      const draw = source.tame();
      const [width, hidden, length, rows] = [draw.whole(1, 5), draw.whole(1, 5), draw.whole(1, 6), draw.whole(1, 4)];
      const [layers, directions] = [draw.pick([1, 1, 2]), draw.pick([1, 1, 2] as const)];
      const state = each(carries, () => 0).map((): Shape => [layers * directions, rows, hidden]);
      const weights = Array.from({ length: layers * directions }, (_, i): Shape[] => {
        const from = i < directions ? width : directions * hidden;
        return [[gates * hidden, from], [gates * hidden, hidden], [gates * hidden], [gates * hidden]];
      });
      const shapes: Shape[] = [[length, rows, width], ...state, ...weights.flat()];
      const options = {
        layers,
        directions,
        ...(name === "RNN" ? { nonlinearity: draw.pick(["tanh", "relu"] as const) } : {}),
      };
      return { inputs: shapes.map((shape) => draw.reals(shape, SMALL)), options };
    },
    build([input, ...rest], { layers: numLayers, directions, nonlinearity }) {
      const [state, parameters] = [rest.slice(0, carries), rest.slice(carries)];
      const sizes = [input.shape[2], state[0].shape[2]] as const;
      const options = { numLayers, bidirectional: directions === 2 };
      const weights = Array.from({ length: numLayers * directions }, (_, i) => {
        const [ih, hh, biasIh, biasHh] = parameters.slice(4 * i, 4 * i + 4);
        return { ih, hh, biasIh, biasHh, hr: undefined };
      });
      const layers = Array.from({ length: numLayers }, (_, i) => weights.slice(i * directions, (i + 1) * directions));
      const own = <L extends { readonly stack: object }>(layer: L): L =>
        given(layer, { stack: given(layer.stack, { layers: layers as never }) as never });
      const flat = (all: readonly Tensor[]) => concat(all.map((one) => one.reshape([-1])));
      if (name === "LSTM") {
        const [h, c] = state;
        const made = own(new LSTM(...sizes, options)).forward({ input, state: [h, c] });
        return flat([made.output, ...made.state]);
      }
      const layer = name === "GRU" ? new GRU(...sizes, options) : new RNN(...sizes, { ...options, nonlinearity });
      const made = own(layer as GRU).forward({ input, state: state[0] });
      return flat([made.output, made.state]);
    },
  });
}

interface Attended {
  readonly isCausal: boolean;
  readonly scale?: number;
  readonly tiled?: boolean;
}

const attention = subject<Attended>({
  name: "networks/scaledDotProductAttention",
  bounds: chains,
  draw(source) {
    const draw = source.tame();
    const [keys, features, values] = [draw.whole(1, 9), draw.whole(1, 6), draw.whole(1, 6)];
    const groups = draw.whole(1, 3);
    const heads = groups * draw.pick([1, 1, 2]); // each of the keys' serves as many of the queries'
    const [rows, length] = [draw.whole(1, 3), draw.whole(1, 9)];
    const shapes: Shape[] = [
      [rows, heads, length, features],
      [rows, groups, keys, features],
      [rows, groups, keys, values],
      ...(draw.chance(0.4) ? [[length, keys]] : []), // a bias
    ];
    const inputs = shapes.map((shape) => draw.reals(shape, SMALL));
    const options = {
      isCausal: draw.chance(0.4),
      ...(draw.chance(0.3) ? { scale: draw.pick([1, 0.3]) } : {}),
      ...(draw.chance(0.3) ? { tiled: true } : {}),
    };
    return { inputs, options };
  },
  build: ([query, key, value, bias], options) => scaledDotProductAttention(query, key, value, { ...options, bias }),
});

export const networks: readonly Subject[] = [
  ...[conv1d, conv2d, conv3d].map((build, i) => convolution(build, i + 1)),
  ...[convTranspose1d, convTranspose2d, convTranspose3d].map((build, i) => convolution(build, i + 1)),
  ...(Object.keys(kinds) as (keyof typeof kinds)[]).map(recurrent),
  attention,
];
