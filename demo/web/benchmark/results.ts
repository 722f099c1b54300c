// What was found as texts: tables for documents and sheets, and a link's few characters.
import { median } from "../../../bench/median.ts";
import type { Field } from "../shared/address.ts";
import { type ContenderName, contenderNames, contenders } from "./contenders.ts";
import { measured, type NetworkName, networkNames } from "./networks.ts";
import type { Finding } from "./rounds.ts";

/** Milliseconds a step by network and contender, as somebody else found them; null where it was not supported. */
export type Result = ReadonlyMap<string, number | null>;

export function keyOf(network: NetworkName, contender: ContenderName): string {
  return `${network}_${contender}`;
}

/** Of the median, from the least round to the most. */
const FAR_APART = 1 / 3;

/** Three digits are more than such measurements are worth. */
export function shown(value: number): string {
  const text = Number(value.toPrecision(3));
  return text.toLocaleString("en", { maximumSignificantDigits: 3 });
}

/** A result in an address: `dense_one_0.41*dense_js_5.2*cnn_tfwasm_no`. */
export const resultField: Field<Result> = {
  fallback: new Map(),
  parse(text) {
    if (text.length > 2000) return undefined;
    const result = new Map<string, number | null>();
    for (const entry of text.split("*")) {
      const [network, contender, value, ...more] = entry.split("_");
      const isKnown =
        networkNames.some((name) => name === network) && contenderNames.some((name) => name === contender);
      const ms = value === "no" ? null : Number(value);
      if (!isKnown || more.length > 0 || !(ms === null || (ms > 0 && ms < 1e7))) return undefined;
      result.set(`${network}_${contender}`, ms);
    }
    return result;
  },
  write: (result) =>
    [...result].map(([key, ms]) => `${key}_${ms === null ? "no" : Number(ms.toPrecision(4))}`).join("*"),
};

/** The machine's words in an address: any text, not a long one. */
export const machineField: Field<string> = {
  fallback: "",
  parse: (text) => (text.length <= 200 ? text : undefined),
  write: (text) => text,
};

export function resultOf(findings: readonly Finding[]): Result {
  return new Map(findings.map(({ network, contender, ms }) => [keyOf(network, contender), ms ?? null]));
}

/** Rows of a table: texts, the first row its head. */
export function rowsOf(findings: readonly Finding[], theirs: Result): string[][] {
  const columns: readonly (readonly [string, (finding: Finding) => string])[] = [
    ["Network", ({ network }) => measured[network].name],
    ["Contender", ({ contender }) => contenders[contender].name],
    ["ms a step", ({ ms }) => (ms === undefined ? "–" : shown(ms))],
    ["Steps a second", ({ ms }) => (ms === undefined ? "–" : shown(1000 / ms))],
    ["Times plain TypeScript", (finding) => timesPlain(finding, findings)],
    ...(theirs.size === 0
      ? []
      : [["ms a step, in the link", (finding: Finding) => theirsOf(finding, theirs)] as const]),
    ["Least to most ms", scatterOf],
    ["What runs", ({ engine, note }) => engine || note],
  ];
  return [columns.map(([name]) => name), ...findings.map((finding) => columns.map(([, text]) => text(finding)))];
}

function timesPlain({ network, ms }: Finding, findings: readonly Finding[]): string {
  const plain = findings.find((one) => one.network === network && one.contender === "js")?.ms;
  return ms === undefined || plain === undefined ? "–" : shown(plain / ms);
}

/** Between which figures the rounds lie. */
function scatterOf(finding: Finding): string {
  const { times } = finding;
  if (times.length === 0) return "–";
  if (times.length === 1) return "one round: not known";
  return `${shown(Math.min(...times))} to ${shown(Math.max(...times))}${isUnsteady(finding) ? ", unsteady" : ""}`;
}

/** Whether the rounds lie so far apart that something else was busy meanwhile, and their median says little. */
export function isUnsteady({ times }: Pick<Finding, "times">): boolean {
  return times.length > 1 && Math.max(...times) - Math.min(...times) > FAR_APART * median(times);
}

function theirsOf({ network, contender }: Finding, theirs: Result): string {
  const ms = theirs.get(keyOf(network, contender));
  return ms === undefined ? "–" : ms === null ? "not supported" : shown(ms);
}

/** The first network's figures in a sentence, and what makes them doubtful in another; "" where there are none. */
export function summaryOf(findings: readonly Finding[]): { readonly figures: string; readonly doubt: string } {
  const own = findings.filter(({ network }) => network === findings[0].network);
  const of = (contender: ContenderName) => own.find((finding) => finding.contender === contender);
  const [one, all, plain] = [of("one"), of("all"), of("js")];
  if (one?.ms === undefined || plain?.ms === undefined) return { figures: "", doubt: "" };
  const [{ ms, times }, how] =
    all?.ms === undefined || one.ms <= all.ms
      ? [{ ...one, ms: one.ms }, "one thread"]
      : [{ ...all, ms: all.ms }, "all threads"];
  const more = plain.ms / ms;
  const than = more > 1 ? `, ${shown(more)} times as many as plain TypeScript` : "";
  const scatter =
    times.length === 1
      ? "That is one round: how far rounds scatter is not known, so take three or more."
      : `Its ${times.length} rounds made between ${shown(1000 / Math.max(...times))} and ${shown(1000 / Math.min(...times))}.`;
  const doubt = [one, plain, ...(all === undefined ? [] : [all])].some(isUnsteady)
    ? " Rounds lay more than a third apart: the machine was busy with something else, so neither these figures nor how they compare are to be trusted. Close what else runs, and measure again."
    : "";
  const figures = `${measured[own[0].network].name} with ${how}: ${shown(1000 / ms)} steps a second${than}. ${scatter}`;
  return { figures, doubt };
}

export function markdownOf(rows: readonly (readonly string[])[], machine: string): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = rows[0].map((_, i) => (i < 2 || i === rows[0].length - 1 ? "---" : "---:"));
  return `${[line(rows[0]), line(rule), ...rows.slice(1).map(line)].join("\n")}\n\n${machine}\n`;
}

export function csvOf(rows: readonly (readonly string[])[]): string {
  const cell = (text: string) => {
    const plain = /^[\d,.]+$/.test(text) ? text.replaceAll(",", "") : text;
    return /[",\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  };
  return `${rows.map((row) => row.map(cell).join(",")).join("\n")}\n`;
}
