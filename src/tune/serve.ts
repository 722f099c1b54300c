// The worker's side of trials: an objective for whoever started this worker.
import { aFunction } from "../check.ts";
import { portOf } from "../worker/served.ts";
import { toWire } from "../worker/wire.ts";
import type { FromWorker, ToWorker } from "./host.ts";
import { checkReport, type Objective, type Outcome, type Trial } from "./trial.ts";

/**
 * Serves an objective from the module of a worker, for `study.trials(n, { module })`. Outside workers it does nothing.
 * @throws ArgumentError for what is no function
 *
 * @example
 * import { openStudy, uniform } from "simdgrad/tune";
 * // A file beside this one would do: import { serveObjective } from "simdgrad/tune"; serveObjective(...);
 * const code = `import { serveObjective } from ${JSON.stringify(import.meta.resolve("simdgrad/tune"))};
 * serveObjective(({ values }) => (values.x - 0.5) ** 2);`;
 * const module = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
 * const study = await openStudy({ space: { x: uniform(0, 1) } });
 * const history = await study.trials(12, { module, workers: 2 });
 * history.every(({ value }) => value !== undefined && value <= 0.25); // => true
 */
export function serveObjective<V = unknown>(objective: Objective<V>): void {
  aFunction(objective, "serveObjective: objective");
  const port = portOf<ToWorker, FromWorker>("trials");
  let judged: (isPruned: boolean) => void = () => {};
  port?.hear((message) => {
    if ("judged" in message) judged(message.judged);
    else void run(message.trial, message.values as V);
  });

  async function run(number: number, values: V): Promise<void> {
    let isPruned = false;
    let last: number | undefined;
    /** Reports whose judgement has not come yet, the oldest first. */
    const waiting: (() => void)[] = [];
    judged = (now) => {
      isPruned ||= now;
      waiting.shift()?.();
    };
    const trial: Trial<V> = {
      number,
      values,
      async report(step, value) {
        checkReport(step, value, last);
        last = step;
        const told = new Promise<void>((resolve) => waiting.push(resolve));
        port?.say({ step, report: value });
        await told;
      },
      shouldPrune: () => isPruned,
    };
    try {
      const outcome = await objective(trial);
      port?.say({ outcome }, transferOf(outcome));
    } catch (error) {
      port?.say({ error: toWire(error) });
    }
  }
}

function transferOf(outcome: Outcome): readonly ArrayBufferLike[] {
  const artifact = typeof outcome === "object" ? outcome?.artifact : undefined;
  const isWhole = artifact?.buffer instanceof ArrayBuffer && artifact.byteLength === artifact.buffer.byteLength;
  return isWhole ? [artifact.buffer] : [];
}
