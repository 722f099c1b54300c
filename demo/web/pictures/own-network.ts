// A network of the visitor's own, in ONNX's format, in the place of the page's: features are taken where the visitor says.
import { constant, input, randomKey, stack, type Tensor } from "simdgrad";
import { Frozen } from "simdgrad/finetune";
import { randomFlip } from "simdgrad/images";
import { Flatten, type Layer, Linear, Sequential } from "simdgrad/nn";
import { fromOnnx, type OnnxModel } from "simdgrad/onnx";
import { inWords, Problem } from "../shared/problems.ts";
import type { Body } from "../teach/lesson.ts";

/** What the numbers of pixels are for the network. */
export const scales = {
  unit: "0 to 1",
  signed: "-1 to 1",
  imagenet: "ImageNet’s mean and deviation",
  bytes: "0 to 255",
} as const;
export type Scale = keyof typeof scales;

const MOST_FEATURES = 16_384;
const [LEAST_SIDE, MOST_SIDE] = [8, 512];
/** Tensors that are tried from the end of the file, to find one that is not the answer itself. */
const TRIED = 12;
const OFFERED = 60;

export interface OwnNetwork {
  readonly bytes: Uint8Array;
  /** Whether channels stand last. */
  readonly channelsLast: boolean;
  /** Pixels of a side; undefined where the file does not say. */
  readonly side: number | undefined;
  /** Where features can be taken, the last ones first. */
  readonly tensors: readonly string[];
}

/** Reads a file. @throws Problem where it is no network for colour pictures */
export function readNetwork(bytes: Uint8Array): OwnNetwork {
  let model: OnnxModel;
  try {
    model = fromOnnx(bytes);
  } catch (error) {
    throw new Problem(`This file cannot be used: ${error instanceof Error ? error.message : String(error)}.`);
  }
  if (model.inputs.length !== 1)
    throw new Problem(`This network takes ${model.inputs.length} inputs, not one picture.`);
  const { shape } = model.inputs[0];
  if (shape !== undefined && shape.length !== 4)
    throw new Problem(`This network takes [${shape.join(", ")}], not pictures [rows, 3, height, width].`);
  const isThree = (size: unknown) => size === 3;
  const isFree = (size: unknown) => typeof size !== "number";
  const channelsLast = shape !== undefined && isThree(shape[3]) && !isThree(shape[1]);
  if (shape !== undefined && !channelsLast && !isThree(shape[1]) && !isFree(shape[1]))
    throw new Problem(`This network takes ${shape[1]} channels, not the 3 of colour pictures.`);
  const [height, width] = channelsLast ? (shape?.slice(1, 3) ?? []) : (shape?.slice(2) ?? []);
  if (typeof height === "number" && typeof width === "number" && height !== width)
    throw new Problem(`This network takes pictures of ${width} x ${height} pixels; only squares are made here.`);
  const side = typeof height === "number" ? height : typeof width === "number" ? width : undefined;
  if (side !== undefined && (side < LEAST_SIDE || side > MOST_SIDE))
    throw new Problem(
      `This network takes pictures of ${side} x ${side} pixels; ${LEAST_SIDE} to ${MOST_SIDE} can be made here.`,
    );
  return { bytes, channelsLast, side, tensors: model.tensors.slice(-OFFERED).reverse() };
}

const shapeOf = ({ channelsLast }: OwnNetwork, side: number) =>
  channelsLast ? [2, side, side, 3] : [2, 3, side, side];

/** Numbers of a row of a tensor; undefined where it has no rows, or the network does not take such pictures. */
function widthOf(network: OwnNetwork, output: string, side: number): number | undefined {
  try {
    const { shape } = fromOnnx(network.bytes, { output }).forward(input(shapeOf(network, side)));
    return shape[0] === 2 ? shape.slice(1).reduce((a, b) => a * b, 1) : undefined;
  } catch {
    return undefined;
  }
}

/** The last tensor that is another than the answer: what its last layer is given. */
export function usualOutput(network: OwnNetwork, side: number): string {
  const [last, ...others] = network.tensors;
  const width = widthOf(network, last, side);
  const found = others.slice(0, TRIED).find((name) => {
    const own = widthOf(network, name, side);
    return own !== undefined && own !== width && own <= MOST_FEATURES;
  });
  return found ?? last;
}

function scaled(scale: Scale): (x: Tensor) => Tensor {
  const column = (values: readonly number[]) => constant([...values]).reshape([1, 3, 1, 1]);
  if (scale === "bytes") return (x) => x;
  if (scale === "unit") return (x) => x.div(255);
  if (scale === "signed") return (x) => x.div(127.5).sub(1);
  return (x) =>
    x
      .div(255)
      .sub(column([0.485, 0.456, 0.406]))
      .div(column([0.229, 0.224, 0.225]));
}

export interface OwnChoice {
  readonly side: number;
  readonly scale: Scale;
  readonly output: string;
}

/** The network as what stays as it is, under one linear layer. @throws Problem where that cannot be */
export function ownBody(network: OwnNetwork, { side, scale, output }: OwnChoice): Body {
  const width = widthOf(network, output, side);
  if (width === undefined) {
    let reason = `“${output}” has no row for each picture`;
    try {
      fromOnnx(network.bytes, { output }).forward(input(shapeOf(network, side)));
    } catch (error) {
      reason = inWords(error);
    }
    throw new Problem(`Features cannot be taken there of pictures of ${side} x ${side} pixels: ${reason}`);
  }
  if (width > MOST_FEATURES)
    throw new Problem(
      `“${output}” has ${width.toLocaleString("en")} numbers for each picture: choose one nearer to the end.`,
    );
  const turned = (x: Tensor) => (network.channelsLast ? x.permute([0, 2, 3, 1]) : x);
  const frozen = new Frozen(fromOnnx(network.bytes, { output }));
  const mirrored = (seed: number) => (x: Tensor) => stack([x, randomFlip(x, randomKey(seed, "flip"), { p: 1 })], 1);
  return {
    layer: new Sequential(scaled(scale), turned, frozen as unknown as Layer, new Flatten()) as Layer,
    state: undefined,
    shape: [3, side, side],
    dtype: "u8",
    features: [width],
    trained: (classes) => new Sequential(new Linear(width, classes)),
    start: {},
    variants: { count: 2, shape: [3, side, side], layer: mirrored },
  };
}
