// simdgrad/inference: models as files that simdgrad/predictor runs.
export type { InferenceInput, InferenceShape, InferenceSignature } from "./signature.ts";
export { type InferenceOptions, toInference } from "./to-inference.ts";
