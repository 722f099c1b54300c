// simdgrad/debug: looking inside, and proving what is there. Nothing here is needed for training, so the core does not load it.
export { type MemoryUse, memory } from "../compile/memory-map.ts";
export { printProgram } from "../compile/print-program.ts";
export { verifyGraph } from "../compile/verify-graph.ts";
export { verifyProgram } from "../compile/verify-program.ts";
export { printGraph } from "../graph.ts";
export { formatProfile, type ProfileOptions, type ProfileRow, profile } from "../runtime/profile.ts";
export { type CheckGradientsOptions, checkGradients } from "./check-gradients.ts";
export { firstNonFinite } from "./first-non-finite.ts";
