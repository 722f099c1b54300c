// The one door to cli-progress. The build puts the library itself into this module's output, so that the package has no dependency.
import cliProgress from "cli-progress";
import type { Terminal } from "./progress-bar.ts";

/** A bar under way. */
export interface Bar {
  update(step: number, payload: { readonly told: string }): void;
  stop(): void;
}

/** A bar of so many steps in a terminal. What it is told stands behind it. */
export function startBar(stream: Terminal, total: number, from: number): Bar {
  const bar = new cliProgress.SingleBar(
    {
      stream: stream as never,
      format: "[{bar}] {percentage} %, {eta_formatted} left{told}",
      barsize: 24,
      linewrap: true, // what is interrupted leaves the terminal as it was
      emptyOnZero: true,
    },
    cliProgress.Presets.legacy,
  );
  bar.start(total, from, { told: "" });
  return bar;
}
