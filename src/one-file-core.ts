// simdgrad-core.js: as much of simdgrad.js as pages need that train in a worker. The worker, or for training on the page's own thread the kernels, is a
// second file, with the one build that runs there.
export * from "./callbacks/index.ts";
export * from "./index.ts";
export * from "./nn/index.ts";
export * from "./optim/index.ts";
export * from "./worker/index.ts";
