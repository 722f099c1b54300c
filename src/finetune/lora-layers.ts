// Layers whose weights stay, with changes of low rank that are trained (Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", 2021).
import { concat } from "../create.ts";
import { MultiheadAttention, type MultiheadInput, type MultiheadOutput } from "../nn/attention.ts";
import { linearUniform } from "../nn/init.ts";
import { Linear } from "../nn/layers.ts";
import type { Context, Module } from "../nn/module.ts";
import { aFloat } from "../nn/takes.ts";
import type { Tensor } from "../tensor.ts";
import { Variable } from "../variable.ts";

/** Which of attention's four matrices. */
export type Projection = "query" | "key" | "value" | "out";

/** A change of a weight [out, in]: B A alpha / rank, of A [rank, in] and B [out, rank]. B is 0 at first, A as PEFT has it. */
export class LowRank {
  readonly a: Variable;
  readonly b: Variable;
  readonly scale: number;

  constructor([outputs, inputs]: readonly number[], rank: number, scale: number) {
    this.a = new Variable([rank, inputs], linearUniform(inputs), { label: "lora_A.weight" });
    this.b = new Variable([outputs, rank], 0, { label: "lora_B.weight" });
    this.scale = scale;
  }

  /** What is added to the layer's outputs for x: two small products. */
  of(x: Tensor): Tensor {
    const narrow = x.matmul(this.a, { transposeB: true });
    return narrow.matmul(this.b, { transposeB: true }).mul(this.scale);
  }

  /** The weight with its change. */
  added(weight: Tensor): Tensor {
    return weight.add(this.b.matmul(this.a).mul(this.scale));
  }

  /** PEFT's names. */
  names(prefix = ""): [string, Variable][] {
    return [this.a, this.b].map((each) => [`${prefix}${each.label}`, each]);
  }
}

/** A layer with changes of low rank. */
export interface Adapted {
  readonly adapters: readonly LowRank[];
  /** The layer with its changes in its weights: as it was made, without them, and new variables. */
  merged(): object;
}

/** A weight with its change as a variable of its own. */
function mergedWeight(weight: Variable, value: () => Tensor): Variable {
  const merged = new Variable(weight.shape, value, { label: weight.label });
  merged.trainable = weight.trainable;
  return merged;
}

/**
 * A Linear with a change of low rank: y = x W^T + b + (x A^T) B^T alpha / rank. W and b have their names, A and B are `lora_A.weight`
 * and `lora_B.weight`, as PEFT's. Made by `lora`.
 */
export class LoraLinear implements Module, Adapted {
  readonly layer: Linear;
  readonly adapters: readonly [LowRank];

  /** @param scale alpha / rank */
  constructor(layer: Linear, rank: number, scale: number) {
    this.layer = linearOf(layer.weight, layer.bias); // one of its own: this one may run in the stead of the other
    this.adapters = [new LowRank(layer.weight.shape, rank, scale)];
  }

  children(): Iterable<readonly [string, unknown]> {
    return [...Object.entries(this.layer), ...this.adapters[0].names()];
  }

  forward(x: Tensor, context?: Context): Tensor {
    aFloat(x, "LoraLinear");
    return this.layer.forward(x, context).add(this.adapters[0].of(x));
  }

  merged(): Linear {
    const { layer, adapters } = this;
    const weight = mergedWeight(layer.weight, () => adapters[0].added(layer.weight));
    return linearOf(weight, layer.bias);
  }
}

/** A Linear of these variables. */
function linearOf(weight: Variable, bias: Variable | undefined): Linear {
  const [outputs, inputs] = weight.shape;
  return Object.assign(new Linear(inputs, outputs, { bias: false }), { weight, bias });
}

const names: Readonly<Record<Projection, string>> = {
  query: "q_proj.",
  key: "k_proj.",
  value: "v_proj.",
  out: "out_proj.",
};

/**
 * Attention with changes of low rank of some of its four matrices: by default those of queries and values, as the paper's. The variables
 * of the attention have their names, the others are `q_proj.lora_A.weight` and so on. Made by `lora`.
 */
export class LoraAttention extends MultiheadAttention implements Adapted {
  readonly changes: ReadonlyMap<Projection, LowRank>;

  /** @param scale alpha / rank */
  constructor(layer: MultiheadAttention, rank: number, scale: number, projections: readonly Projection[]) {
    super(layer.embedDim, layer.numHeads, optionsOf(layer));
    Object.assign(this, weightsOf(layer));
    const { embedDim } = layer;
    const inputs = { query: embedDim, key: layer.kdim, value: layer.vdim, out: embedDim };
    this.changes = new Map(projections.map((each) => [each, new LowRank([embedDim, inputs[each]], rank, scale)]));
  }

  get adapters(): readonly LowRank[] {
    return [...this.changes.values()];
  }

  override children(): Iterable<readonly [string, unknown]> {
    const own = [...this.changes].flatMap(([projection, change]) => change.names(names[projection]));
    return [...super.children(), ...own];
  }

  override forward(x: Tensor, context?: Context): Tensor;
  override forward(x: MultiheadInput, context?: Context): MultiheadOutput;
  override forward(x: Tensor | MultiheadInput, context?: Context): Tensor | MultiheadOutput {
    const own = weightsOf(this);
    Object.assign(this, { inProjection: this.#inProjection(), outWeight: this.#outWeight() });
    try {
      return super.forward(x as Tensor, context);
    } finally {
      Object.assign(this, own);
    }
  }

  merged(): MultiheadAttention {
    const { changes, inProjection, outWeight } = this;
    const isChanged = (["query", "key", "value"] as const).some((each) => changes.has(each));
    return Object.assign(new MultiheadAttention(this.embedDim, this.numHeads, optionsOf(this)), {
      ...weightsOf(this),
      ...(isChanged && {
        inProjection: inProjection.map((each, i) => mergedWeight(each, () => this.#inProjection()[i])),
      }),
      ...(changes.has("out") && { outWeight: mergedWeight(outWeight, () => this.#outWeight()) }),
    });
  }

  /** Of queries, keys and values, in one or three. */
  #inProjection(): Tensor[] {
    const { inProjection, embedDim } = this;
    const isOne = inProjection.length === 1;
    const each = (["query", "key", "value"] as const).map((projection, i) => {
      const weight = isOne ? inProjection[0].narrow(0, i * embedDim, embedDim) : inProjection[i];
      return this.changes.get(projection)?.added(weight) ?? weight;
    });
    return isOne ? [concat(each, 0)] : each;
  }

  #outWeight(): Tensor {
    return this.changes.get("out")?.added(this.outWeight) ?? this.outWeight;
  }
}

function weightsOf({ inProjection, inBias, outWeight, outBias }: MultiheadAttention) {
  return { inProjection, inBias, outWeight, outBias };
}

function optionsOf({ dropout, batchFirst, kdim, vdim, inBias }: MultiheadAttention) {
  return { dropout, batchFirst, kdim, vdim, bias: inBias !== undefined };
}
