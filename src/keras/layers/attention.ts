// Attention of several heads, as Keras has it: queries, values and keys, each with a projection of its own.

import { scaledDotProductAttention } from "../../nn/attention.ts";
import { Linear } from "../../nn/layers.ts";
import type { Context } from "../../nn/module.ts";
import { sizeOf } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { fault } from "../fault.ts";
import type { LayerFile, Made } from "../layer-file.ts";
import { type Layout, moved, type Weight } from "../layouts.ts";
import { asLast, Value } from "../value.ts";

/** Kernels [inputs, heads, size] or [heads, size, outputs] as matrices [outputs, inputs]. */
function matrix(inputAxes: number): Layout {
  const flat = (shape: readonly number[]) => [sizeOf(shape.slice(0, inputAxes)), sizeOf(shape.slice(inputAxes))];
  return {
    turn: ({ data, shape }) => [moved(data, flat(shape), [1, 0])],
    back: ([data], shape) => moved(data, flat(shape).reverse(), [1, 0]),
  };
}

export function multiHeadAttention(file: LayerFile): Made {
  const { settings } = file;
  for (const key of ["attention_axes", "output_shape", "use_gate", "sliding_window"]) settings.refuse(key);
  const heads = settings.whole("num_heads", 1);
  const hasBias = settings.flag("use_bias", true);
  const rate = settings.number("dropout", 0);
  if (rate < 0 || rate >= 1) throw settings.wrong("dropout", "at least 0 and below 1");
  const project = (side: "query" | "key" | "value" | "attention_output", attribute: string) => {
    const isOutput = side === "attention_output";
    const weights = file.weights.inside(attribute, side);
    const { kernel, bias } = file.read({ kernel: 3, bias: hasBias ? (isOutput ? 1 : 2) : undefined }, weights);
    checkHeads(file, side, kernel, heads, isOutput);
    const inputAxes = isOutput ? 2 : 1;
    const inputs = sizeOf(kernel.shape.slice(0, inputAxes));
    const outputs = sizeOf(kernel.shape.slice(inputAxes));
    const layer = new Linear(inputs, outputs, { bias: hasBias });
    file.link("kernel", kernel, layer.weight, matrix(inputAxes), weights);
    file.link("bias", bias, layer.bias, undefined, weights);
    return layer;
  };
  const part = {
    query: project("query", "query_dense"),
    key: project("key", "key_dense"),
    value: project("value", "value_dense"),
    attention_output: project("attention_output", "output_dense"),
  };
  return {
    part,
    call(inputs, context, named) {
      const [query, value, key = value] = [...inputs, ...valuesOf(named.value), ...valuesOf(named.key)];
      if (query === undefined || value === undefined) throw fault("takes a query and a value");
      for (const name of ["attention_mask", "query_mask", "value_mask", "key_mask"])
        if (valuesOf(named[name]).length > 0) throw fault(`takes no ${name} here`);
      const split = (x: Tensor) => inHeads(x, heads);
      const [q, k, v] = [
        split(part.query.forward(query.last, context)),
        split(part.key.forward(key.last, context)),
        split(part.value.forward(value.last, context)),
      ];
      const isCausal = named.use_causal_mask === true;
      const mask = value.mask?.unsqueeze(1).unsqueeze(1);
      const dropoutP = context.training ? rate : 0;
      const options = { isCausal, dropoutP, context, ...(mask === undefined ? {} : { mask }) };
      return output(part.attention_output, scaledDotProductAttention(q, k, v, options), context, query.mask);
    },
  };
}

function checkHeads(file: LayerFile, side: string, { shape }: Weight, heads: number, isOutput: boolean): void {
  const own = shape[isOutput ? 0 : 1];
  if (own !== heads) throw fault(`${file.settings.where}: ${side} has ${own} heads, not ${heads}`);
}

/** Values that were handed over by name. */
function valuesOf(given: unknown): Value[] {
  return (Array.isArray(given) ? given : []).filter((each) => each instanceof Value);
}

/** [N, T, heads x size] as [N, heads, T, size]. */
function inHeads(x: Tensor, heads: number): Tensor {
  const [rows, steps, features] = x.shape;
  return x.reshape([rows, steps, heads, features / heads]).permute([0, 2, 1, 3]);
}

function output(layer: Linear, attended: Tensor, context: Context, mask: Tensor | undefined): Value {
  const [rows, heads, steps, size] = attended.shape;
  const joined = attended.permute([0, 2, 1, 3]).reshape([rows, steps, heads * size]);
  return asLast(layer.forward(joined, context), mask);
}
