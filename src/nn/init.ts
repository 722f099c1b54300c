// Initialisers: functions that give first values by shape and random key. PyTorch's torch.nn.init and Keras's, by their names there.
export * from "./init/distributions.ts";
export * from "./init/matrices.ts";
export * from "./init/scaled.ts";
