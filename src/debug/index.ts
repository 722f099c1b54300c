// simdgrad/debug: looking inside, and proving what is there. Nothing here is needed for training, so the core does not load it.
export { verifyGraph } from "../compile/verify-graph.ts";
export { printGraph } from "../graph.ts";
export { firstNonFinite } from "../runtime/non-finite.ts";
export { type CheckGradientsOptions, checkGradients } from "./check-gradients.ts";
