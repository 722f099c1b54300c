// simdgrad/onnx: models of ONNX's format, read as modules.

export type { OnnxShape, OnnxShapes, OnnxSignature } from "./export/signature.ts";
export { type ToOnnxOptions, toOnnx } from "./export.ts";
export { fromOnnx, type OnnxInput, type OnnxModel, type OnnxOptions, type OnnxPort } from "./from-onnx.ts";
