// Every optimizer by name, one file each. The golden test runs what is exported here.
export { adadelta } from "./adadelta.ts";
export { adagrad } from "./adagrad.ts";
export { adam, adamW } from "./adam.ts";
export { adamax } from "./adamax.ts";
export { lamb } from "./lamb.ts";
export { lars } from "./lars.ts";
export { lion } from "./lion.ts";
export { muon } from "./muon.ts";
export { nadam } from "./nadam.ts";
export { radam } from "./radam.ts";
export { rmsprop } from "./rmsprop.ts";
export { sgd } from "./sgd.ts";
