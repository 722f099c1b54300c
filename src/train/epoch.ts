// The epoch that training is in: rows of the data count in it, so it ends with them.
import type { Executor, Write } from "../runtime/executor.ts";
import type { Counters } from "./programs.ts";
import { saved } from "./state.ts";

/** The row that the epoch under way has come to, its number, and what is to be written to begin another: nothing if none is under way. */
export async function nextEpoch(
  executor: Executor,
  counters: Counters,
): Promise<{ readonly row: number; readonly epoch: number; readonly anew: readonly Write[] }> {
  const [row, epoch] = await saved(executor, [counters.row, counters.epoch]);
  const anew = [
    { ...row, data: [0] },
    { ...epoch, data: [epoch.data[0] + 1] },
  ];
  return { row: row.data[0], epoch: epoch.data[0], anew: row.data[0] === 0 ? [] : anew };
}

/** Ends the epoch under way, if there is one. */
export async function endEpoch(executor: Executor, counters: Counters): Promise<void> {
  await executor.writeAll((await nextEpoch(executor, counters)).anew);
}
