// The network of a model of a table, as a layer that other libraries may be told of.
import { DataError } from "../errors.ts";
import { readHeader } from "../io/header.ts";
import type { Context } from "../nn/module.ts";
import { TabularModel } from "../tabular/index.ts";
import { networkOf } from "../tabular/network.ts";
import type { Tensor } from "../tensor.ts";
import { isSafetensors, nameOf } from "./io.ts";
import { named } from "./models.ts";

/**
 * From features to logits, or to a value as it stands in the table.
 * @param writer the function that writes networks which are code
 * @throws DataError for anything but a model of a table
 */
export async function tableNetwork(path: string, bytes: Uint8Array, writer: string) {
  const isCheckpoint = isSafetensors(bytes) && readHeader(bytes).metadata.format === "simdgrad-checkpoint";
  if (isCheckpoint) throw new DataError(`${nameOf(path)} is a checkpoint: its network is code, which ${writer} writes`);
  if (!isSafetensors(bytes)) throw new DataError(`${nameOf(path)} is no model`);
  const { network, weights, outputScale } = await named(path, () => TabularModel.load(bytes));
  const layers = networkOf(network);
  const model = {
    // Names are those of the layers.
    children: () => layers.children(),
    forward(x: Tensor, context: Context) {
      const y = layers.forward(x, context);
      return outputScale === undefined ? y : y.mul(outputScale.scale).add(outputScale.mean);
    },
  };
  return { model, features: network.features, weights, isClassifier: outputScale === undefined };
}
