// Samples of CTC and of its gradient, of which the derivatives are the second and third of the loss.
import { grad } from "../../src/autodiff.ts";
import { ctcLoss } from "../../src/nn/losses/sequences.ts";
import type { Samples } from "./sample.ts";

/** By the names of their ops. */
export const ctcSamples: Record<"ctc" | "ctcGradient", Samples> = {
  ctc: [
    {
      golden: 'losses/ctcLoss($0, $1, $2, $3, {"reduction": "none"})',
      build: (logs, targets, steps, counts) => ctcLoss(logs, targets, steps, counts, { reduction: "none" }),
    },
  ],
  ctcGradient: [
    {
      golden: "ctc/ctcGradient",
      build: (logs, targets, steps, counts, scale) => {
        const losses = ctcLoss(logs, targets, steps, counts, { reduction: "none" });
        return grad(losses, [logs], { cotangent: scale })[0];
      },
    },
  ],
};
