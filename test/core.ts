// What a page takes that trains a classifier, and nothing else: its size is in the budget.
export { Trainer, WasmExecutor } from "../src/index.ts";
export { crossEntropy, Linear, relu } from "../src/nn/index.ts";
export { adam } from "../src/optim/index.ts";
