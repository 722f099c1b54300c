// simdgrad/finetune: what trains a network that was trained before: other heads, frozen bodies, features, rates by depth, adapters.
export { type FeatureOptions, Features } from "./features.ts";
export { Frozen } from "./frozen.ts";
export { type HeadOptions, replaceHead, replaceLayer } from "./head.ts";
export { type LayerwiseOptions, layerwiseDecay } from "./layerwise.ts";
export { type LoraOptions, lora, loraState, mergeLora } from "./lora.ts";
export type { LoraAttention, LoraLinear, Projection } from "./lora-layers.ts";
