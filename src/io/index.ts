// simdgrad/io: models and arrays as files that other libraries read.
export { type CallbackState, type Checkpoint, parseCheckpoint, serializeCheckpoint } from "./checkpoint.ts";
export type { Json } from "./exact-json.ts";
export { parseSafetensors, type Safetensors, serializeSafetensors } from "./safetensors.ts";
