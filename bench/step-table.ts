// Timings as tables.
import { digits, median, table } from "./report.ts";
import { ratio, type Timing } from "./rounds.ts";

type Results = Readonly<Record<string, readonly Timing[]>>;

/** One row a contender. The first of each network is what the others are compared with, at one thread and at as many as theirs. */
export function stepTable(results: Results): string {
  return table(
    Object.entries(results).flatMap(([network, timings]) => {
      const [first] = timings;
      return timings.map((timing) => {
        const { name, threads, rounds, difference, note } = timing;
        const peer = timings.find((other) => other.name === first.name && other.threads === threads);
        return {
          network,
          contender: name,
          threads,
          "ms a step": digits(rounds && median(rounds)) ?? "",
          "least ms": digits(rounds && Math.min(...rounds)) ?? "",
          "times ours, 1 thread": digits(ratio(timing, first)) ?? "",
          "times ours, same threads": digits(ratio(timing, peer)) ?? "",
          "loss off by": difference?.toExponential(0) ?? "",
          note,
        };
      });
    }),
  );
}

/** What ran, once each. */
export function versions(results: Results): string {
  const engines = Object.values(results).flatMap((timings) => timings.flatMap(({ engine }) => engine ?? []));
  return [...new Set(engines)].join(", ");
}
