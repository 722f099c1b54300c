// Early stopping in a page: the same epoch and the same bits as in Node, whether the page follows its worker or stands still for seconds.
import { spawn } from "simdgrad/worker";
import { test } from "vitest";
import { stopsEarly } from "../train/stopping.ts";

test.each(["nobody", "frames", "lockstep", "slow", "frozen"] as const)(
  "it stops where it must, read by %s",
  async (reader) => {
    const executor = await spawn({ build: "portable", threads: 2 });
    try {
      await stopsEarly(executor, reader);
    } finally {
      await executor.dispose();
    }
  },
);
