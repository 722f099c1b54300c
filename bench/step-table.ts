// Timings as figures and tables.
import { isXor } from "./contenders.ts";
import { networks } from "./networks.ts";
import { digits, median, table } from "./report.ts";
import { ratio, type Timing } from "./rounds.ts";

export interface Figures extends Timing {
  readonly network: string;
  /** Milliseconds a step: median and least. */
  readonly ms?: number;
  readonly least?: number;
  /** Its time over ours with one thread, and with as many threads as it has: medians over the rounds. */
  readonly timesOne?: number;
  readonly timesSame?: number;
}

/** Of one network; the first timing is ours with one thread. */
export function figures(network: string, timings: readonly Timing[]): Figures[] {
  const [first] = timings;
  return timings.map((timing) => {
    const same = timings.find(({ name, threads }) => name === first.name && threads === timing.threads);
    return {
      network,
      ...timing,
      ms: timing.rounds && median(timing.rounds),
      least: timing.rounds && Math.min(...timing.rounds),
      timesOne: ratio(timing, first),
      timesSame: ratio(timing, same),
    };
  });
}

export function stepTable(all: readonly Figures[]): string {
  return table(
    all.map(({ network, name, threads, ms, least, timesOne, timesSame, difference, note }) => ({
      network,
      contender: name,
      threads,
      "ms a step": digits(ms),
      "least ms": digits(least),
      "times ours, 1 thread": digits(timesOne),
      "times ours, same threads": digits(timesSame),
      "loss off by": difference?.toExponential(0),
      note,
    })),
  );
}

/** Geometric means of "times ours, same threads" by optimizer, over all networks but the toy; only contenders timed on every one. */
export function meanTable(all: readonly Figures[]): string {
  const rows = new Map<string, Record<string, string | number | undefined>>();
  const kept = all.filter(({ network }) => !isXor(networks[network]));
  for (const { name, threads } of kept) rows.set(`${name} ${threads}`, { contender: name, threads });
  for (const optimizer of ["adam", "sgd"]) {
    const wanted = new Set(
      kept.map(({ network }) => network).filter((network) => networks[network].optimizer.name === optimizer),
    );
    if (wanted.size < 2) continue;
    for (const row of rows.values()) {
      const logs = kept
        .filter(
          ({ network, name, threads }) => wanted.has(network) && name === row.contender && threads === row.threads,
        )
        .flatMap(({ timesSame }) => (timesSame === undefined ? [] : [Math.log(timesSame)]));
      const mean = Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
      row[`${optimizer}, mean of ${wanted.size}`] = logs.length === wanted.size ? digits(mean) : undefined;
    }
  }
  const [first] = rows.values();
  return first && Object.keys(first).length > 2 ? table([...rows.values()]) : "";
}

/** What ran, once each. */
export function versions(all: readonly Figures[]): string {
  return [...new Set(all.flatMap(({ engine }) => engine ?? []))].join(", ");
}
