// The intervals between a page's frames: what "responsive" means, in milliseconds.

export interface FrameSummary {
  readonly median: number;
  readonly p99: number;
  readonly worst: number;
}

/** Median, 99th percentile and longest of intervals in milliseconds; zeros where there are none. */
export function summarise(intervals: readonly number[]): FrameSummary {
  const sorted = [...intervals].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { median: at(0.5), p99: at(0.99), worst: sorted.at(-1) ?? 0 };
}
