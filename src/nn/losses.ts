// Losses: functions of prediction and target, reduced by their mean unless asked otherwise. Names and definitions are PyTorch's.
export * from "./losses/binary.ts";
export * from "./losses/classification.ts";
export * from "./losses/distributions.ts";
export * from "./losses/embeddings.ts";
export type { Loss, LossOptions, Reduction } from "./losses/loss.ts";
export * from "./losses/margins.ts";
export * from "./losses/regression.ts";
export * from "./losses/sequences.ts";
