// simdgrad/onnx: models of ONNX's format, read as modules.
export { fromOnnx, type OnnxInput, type OnnxModel, type OnnxOptions, type OnnxPort } from "./from-onnx.ts";
