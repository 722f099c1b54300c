// What an audit found: counts by subject, and for each kind of failure its smallest case.
import { sizeOf } from "../../src/shape.ts";
import { show, special } from "./cases.ts";
import type { Failure, Finding } from "./check.ts";

export interface Row {
  readonly subject: string;
  cases: number;
  comparisons: number;
  /** The largest error that is within its bound, as a share of it. */
  worst: number;
  failed: number;
}

/** Failures of one kind: of one subject, in the same output, in the same way. */
interface Kind {
  count: number;
  readonly executors: Set<string>;
  smallest: Failure;
}

export class Report {
  readonly rows = new Map<string, Row>();
  readonly excused = new Map<string, number>();
  readonly #kinds = new Map<string, Kind>();

  add(subject: string, finding: Finding): void {
    const row = this.rows.get(subject) ?? { subject, cases: 0, comparisons: 0, worst: 0, failed: 0 };
    this.rows.set(subject, row);
    row.cases++;
    row.comparisons += finding.comparisons;
    row.worst = Math.max(row.worst, finding.worst);
    if (finding.failures.length > 0) row.failed++;
    for (const [reason, count] of finding.excused) this.excused.set(reason, (this.excused.get(reason) ?? 0) + count);
    for (const failure of finding.failures) this.#count(failure);
  }

  get failed(): boolean {
    return this.#kinds.size > 0;
  }

  #count(failure: Failure): void {
    const { subject } = failure.from;
    const key = `${subject.name}: ${failure.output} ${failure.fault}`;
    const kind = this.#kinds.get(key) ?? { count: 0, executors: new Set<string>(), smallest: failure };
    this.#kinds.set(key, kind);
    kind.count++;
    kind.executors.add(failure.executor);
    if (weight(failure) < weight(kind.smallest)) kind.smallest = failure;
  }

  /** Failures by kind, then the table. */
  text(): string {
    const kinds = [...this.#kinds].map(([key, kind]) => describe(key, kind));
    return [...kinds, this.#table(), ...this.#differences()].join("\n\n");
  }

  json(): unknown {
    const kinds = [...this.#kinds].map(([kind, { count, executors, smallest }]) => {
      const { from, ...failure } = smallest;
      const { seed, index, inputs, options } = from;
      return { kind, count, executors: [...executors], ...failure, seed, case: index, options, inputs };
    });
    return { subjects: [...this.rows.values()], failures: kinds, differences: Object.fromEntries(this.excused) };
  }

  #table(): string {
    const rows = [...this.rows.values()];
    const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
    const total = {
      subject: "all",
      cases: sum(({ cases }) => cases),
      comparisons: sum(({ comparisons }) => comparisons),
      worst: Math.max(0, ...rows.map(({ worst }) => worst)),
      failed: sum(({ failed }) => failed),
    };
    const cells = [...rows, total].map(({ subject, cases, comparisons, worst, failed }) => [
      subject,
      String(cases),
      String(comparisons),
      worst.toFixed(2),
      failed === 0 ? "" : `${failed} failed`,
    ]);
    return aligned([["subject", "cases", "comparisons", "worst", ""], ...cells]);
  }

  #differences(): string[] {
    if (this.excused.size === 0) return [];
    const lines = [...this.excused].map(([reason, count]) => `${String(count).padStart(8)}  ${reason}`);
    return [`documented differences\n${lines.join("\n")}`];
  }
}

/** Small cases first: few numbers, few digits. */
function weight({ from }: Failure): number {
  const numbers = from.inputs.reduce((sum, { shape }) => sum + sizeOf(shape) + shape.length / 8, 0);
  return (
    numbers + JSON.stringify(from.options).length / 1000 + (from.optimize ? 0 : 0.01) + (from.constants ? 0.01 : 0)
  );
}

function describe(key: string, { count, executors, smallest }: Kind): string {
  const { from, executor, output, element, got, expected, share } = smallest;
  const { subject, seed, index, options, optimize, constants, refused } = from;
  const numeric = typeof got === "number" && typeof expected === "number";
  const lines = [
    `${key}: ${count} on ${[...executors].join(", ")}`,
    `  npm run audit -- --seed ${seed} --only "${subject.name}" --case ${index}`,
    `  options ${JSON.stringify(options, special)}${optimize ? "" : ", not optimised"}${constants ? ", of constants" : ""}`,
    ...inputsOf(smallest).map((line) => `  ${line}`),
    `  ${executor}, ${output}${refused === undefined && numeric ? `[${element}]` : ""}: got ${text(got)}, expected ${text(expected)}${
      Number.isFinite(share) && share > 0 ? `, ${share.toPrecision(3)} times the bound` : ""
    }`,
  ];
  return lines.join("\n");
}

function text(value: number | string): string {
  return typeof value === "number" ? show(value) : value;
}

/** Inputs and cotangents; of elementwise subjects, those of the element alone. */
function inputsOf({ from, output, element }: Failure): string[] {
  const { subject, inputs, weights, directions, shape } = from;
  const lists = [
    ...inputs.map((value, i) => [`input ${i}`, value.shape, value.data] as const),
    ...(weights === undefined || output === "value" ? [] : [["cotangent", shape ?? [], weights] as const]),
    ...(directions === undefined || !output.startsWith("second")
      ? []
      : directions.map((data, i) => [`direction ${i}`, inputs[i].shape, data] as const)),
  ];
  const alone = subject.elementwise === true && lists.every(([, , data]) => data.length === lists[0][2].length);
  return lists.map(([name, own, data]) => {
    const shown = alone ? data.slice(element, element + 1) : data.slice(0, 40);
    const rest = alone || data.length <= 40 ? "" : `, ... ${data.length - 40} more`;
    return `${name} [${own.join(", ")}]: ${shown.map(show).join(", ")}${rest}`;
  });
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
