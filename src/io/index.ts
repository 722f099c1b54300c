// simdgrad/io: models and arrays as files that other libraries read.
export { parseSafetensors, type Safetensors, serializeSafetensors } from "./safetensors.ts";
