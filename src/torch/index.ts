// simdgrad/torch: files of PyTorch's, of which nothing is executed, as values, weights and optimizers.
export { type FromTorchOptimizerOptions, fromTorchOptimizer, type TorchOptimizerName } from "./optimizer.ts";
export { readTorch } from "./read.ts";
export { type TorchPart, torchStateDict } from "./state-dict.ts";
export { type PytorchFiles, type ToPytorchOptions, toPytorch } from "./to-pytorch.ts";
export type { TorchList, TorchMap, TorchName, TorchObject, TorchTensor, TorchValue } from "./values.ts";
