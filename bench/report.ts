// What all benchmarks report with: medians, the machine, Markdown tables, and where those stand in README.md.
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { fileURLToPath } from "node:url";

export { median } from "./median.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
  readonly v8: string;
  readonly date: string;
}

export function machine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    date: new Date().toISOString().slice(0, 10),
  };
}

export function describe({ cpu, cores, platform, node, v8, date }: Machine): string {
  return `${date}: ${cpu}, ${cores} cores, ${platform}, Node ${node} (V8 ${v8})`;
}

/** A Markdown table; numbers are aligned to the right. */
export function table(rows: readonly Readonly<Record<string, string | number | undefined>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const right = columns.map((column) => rows.some((row) => typeof row[column] === "number"));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(columns),
    line(right.map((isRight) => (isRight ? "---:" : "---"))),
    ...rows.map((row) => line(columns.map((column) => `${row[column] ?? ""}`))),
  ].join("\n");
}

/** Three significant digits, which is more than such measurements are worth. */
export function digits(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(3));
}

/** Replaces what stands between `<!-- figures: NAME -->` and `<!-- end -->` in bench/README.md. */
export function writeReadme(name: string, text: string): void {
  const file = fileURLToPath(new URL("README.md", import.meta.url));
  const old = readFileSync(file, "utf8");
  const [begin, end] = [`<!-- figures: ${name} -->`, "<!-- end -->"];
  const from = old.indexOf(begin);
  const to = old.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`README.md has no part ${begin} ... ${end}`);
  writeFileSync(file, `${old.slice(0, from + begin.length)}\n\n${text}\n\n${old.slice(to)}`);
}
