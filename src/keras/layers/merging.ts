// Layers of several inputs.
import { concat } from "../../create.ts";
import { normalizeAxis } from "../../shape.ts";
import type { Tensor } from "../../tensor.ts";
import { fault, Unsupported } from "../fault.ts";
import type { LayerFile, Made } from "../layer-file.ts";
import { asFirst, asLast, type Value } from "../value.ts";

/** Sums, products and the like, from the first input on. */
export function merge(combine: (a: Tensor, b: Tensor) => Tensor, isMean = false): (file: LayerFile) => Made {
  return () => ({
    call(inputs) {
      if (inputs.length === 0) throw fault("takes inputs, got none");
      const whole = together(inputs, (tensors) => tensors.reduce(combine));
      return isMean ? whole.map((x) => x.mul(1 / inputs.length)) : whole;
    },
  });
}

/** What a function makes of several tensors, in their own layout where it is one. */
function together(inputs: readonly Value[], f: (tensors: readonly Tensor[]) => Tensor): Value {
  const mask = inputs.find((each) => each.mask !== undefined)?.mask;
  const [{ stored }] = inputs;
  const isFirst = inputs.every((each) => each.isFirst && each.stored.shape.length === stored.shape.length);
  return isFirst ? asFirst(f(inputs.map((each) => each.stored))) : asLast(f(inputs.map(({ last }) => last)), mask);
}

export function concatenate({ settings }: LayerFile): Made {
  const [axis, ...others] = settings.wholes("axis", [-1]);
  if (axis === undefined || others.length > 0) throw settings.wrong("axis", "an axis");
  return {
    call(inputs) {
      if (inputs.length === 0) throw fault("takes inputs, got none");
      const { shape } = inputs[0].stored;
      const at = normalizeAxis(axis, shape, "axis");
      const isFirst = inputs.every((each) => each.isFirst && each.stored.shape.length === shape.length);
      if (isFirst && at === shape.length - 1)
        return asFirst(
          concat(
            inputs.map(({ stored }) => stored),
            1,
          ),
        );
      return asLast(
        concat(
          inputs.map(({ last }) => last),
          at,
        ),
        inputs[0].mask,
      );
    },
  };
}

/** Products of two inputs along an axis of each. */
export function dot({ settings }: LayerFile): Made {
  const axes = settings.wholes("axes");
  if (axes.length < 1 || axes.length > 2) throw settings.wrong("axes", "one axis or two");
  const isCosine = settings.flag("normalize", false);
  return {
    call(inputs) {
      if (inputs.length !== 2) throw fault(`takes two inputs, got ${inputs.length}`);
      const sides = inputs.map(({ last }, i) => {
        const axis = normalizeAxis(axes[i] ?? axes[0], last.shape, "axes");
        if (axis === 0 || last.shape.length > 3) throw new Unsupported(`axis ${axis} of ${last.shape.length}`);
        const x = isCosine ? last.div(last.square().sum(axis, { keepDims: true }).maximum(1e-12).sqrt()) : last;
        // [N, others, along the axis]
        if (x.shape.length === 2) return x.unsqueeze(1);
        return axis === 2 ? x : x.permute([0, 2, 1]);
      });
      const product = sides[0].matmul(sides[1], { transposeB: true });
      const [rows] = product.shape;
      const kept = inputs.flatMap(({ last }, i) => (last.shape.length === 2 ? [] : [product.shape[i + 1]]));
      return asLast(product.reshape([rows, ...(kept.length === 0 ? [1] : kept)]));
    },
  };
}
