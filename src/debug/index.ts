// simdgrad/debug: looking inside, and proving what is there. Nothing here is needed for training, so the core does not load it.

export { verifyGraph } from "../compile/verify-graph.ts";
export { printGraph } from "../graph.ts";
export { type MemoryUse, memory } from "../program/memory-map.ts";
export { printProgram } from "../program/print-program.ts";
export { verifyProgram } from "../program/verify-program.ts";
export { formatProfile, type ProfileOptions, type ProfileRow, profile } from "../runtime/profile.ts";
export { type CheckGradientsOptions, checkGradients } from "./check-gradients.ts";
export { firstNonFinite } from "./first-non-finite.ts";
