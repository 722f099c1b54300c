// Every optimizer by name, with its options. The golden test runs what is exported here.
export { type AdadeltaOptions, adadelta } from "./adadelta.ts";
export { type AdagradOptions, adagrad } from "./adagrad.ts";
export { type AdamOptions, adam, adamW, type MomentOptions } from "./adam.ts";
export { adamax } from "./adamax.ts";
export { type AsgdOptions, asgd } from "./asgd.ts";
export { lamb } from "./lamb.ts";
export { type LarsOptions, lars } from "./lars.ts";
export { type LionOptions, lion } from "./lion.ts";
export { type MuonOptions, muon } from "./muon.ts";
export { type NadamOptions, nadam } from "./nadam.ts";
export { radam } from "./radam.ts";
export { type RmspropOptions, rmsprop } from "./rmsprop.ts";
export { type RpropOptions, rprop } from "./rprop.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
