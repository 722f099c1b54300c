// What may be written behind a command: options with their words, read by node:util, and what is said of those that there are not.
import { parseArgs } from "node:util";
import { nearest } from "../data/nearest.ts";

/** The command line is not as it should be: exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An option of a command. */
export interface Option {
  /** What follows it, as FILE or N; without, it is a switch. */
  readonly value?: string;
  readonly short?: string;
  readonly help: string;
}

/** A command as its help tells it. */
export interface Usage {
  readonly name: string;
  /** One line. */
  readonly summary: string;
  /** Names of what stands behind it, such as DATA. */
  readonly takes: readonly string[];
  /** Further lines of the help. */
  readonly about: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly examples: readonly string[];
}

/** What was written. */
export interface Given {
  readonly files: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
}

/** Of every command. */
export const COMMON: Readonly<Record<string, Option>> = {
  json: { help: "last line on stdout: one JSON object; words for people go to stderr" },
  quiet: { short: "q", help: "no words for people" },
  help: { short: "h", help: "this text" },
};

/** @throws UsageError for options that there are not, those without their value, and another number of files */
export function parse(usage: Usage, args: readonly string[]): Given {
  const options = { ...usage.options, ...COMMON };
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, { value, short }]) => [
        name,
        { type: value === undefined ? ("boolean" as const) : ("string" as const), ...(short && { short }) },
      ]),
    ),
  });
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const files: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") files.push(token.value);
    if (token.kind !== "option") continue;
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw new UsageError(unknownOption(token.rawName, Object.keys(options)));
    if (option.value === undefined) {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value, got ${token.value}`);
      switches.add(token.name);
      continue;
    }
    const isOption = token.inlineValue === false && /^-./.test(token.value) && !/^-[\d.]/.test(token.value);
    if (token.value === undefined || isOption)
      throw new UsageError(`${token.rawName} needs a value: ${token.rawName} ${option.value}`);
    if (values.has(token.name)) throw new UsageError(`${token.rawName} is given twice`);
    values.set(token.name, token.value);
  }
  if (!switches.has("help")) checkFiles(usage, files);
  return { files, values, switches };
}

function checkFiles({ name, takes }: Usage, files: readonly string[]): void {
  if (files.length === takes.length) return;
  const what = files.length < takes.length ? `${takes[files.length]} is missing` : `${files[takes.length]} is too much`;
  throw new UsageError(`${what}: ${["simdgrad", name, ...takes].join(" ")}`);
}

/** Options that are called otherwise elsewhere. */
const MEANT: Readonly<Record<string, string>> = {
  lr: "rate",
  "learning-rate": "rate",
  learning_rate: "rate",
  learningrate: "rate",
  wd: "weight-decay",
  l2: "weight-decay",
  "batch-size": "batch",
  batch_size: "batch",
  layers: "hidden",
  units: "hidden",
  label: "target",
  y: "target",
  columns: "features",
  "random-state": "seed",
  "early-stopping": "patience",
  output: "out",
  model: "out",
  save: "out",
  sep: "delimiter",
  separator: "delimiter",
  na: "missing",
  "na-values": "missing",
  charset: "encoding",
  jobs: "threads",
  workers: "threads",
  "n-trials": "trials",
  silent: "quiet",
  proba: "probabilities",
};

function unknownOption(given: string, known: readonly string[]): string {
  const name = given.replace(/^-+/, "");
  const meant = Object.hasOwn(MEANT, name.toLowerCase()) ? MEANT[name.toLowerCase()] : undefined;
  const near = meant !== undefined && known.includes(meant) ? meant : nearest(name, known);
  return `there is no option ${given}${near === undefined ? "" : `; did you mean --${near}?`}`;
}

/** The help of a command. */
export function helpOf(usage: Usage): string {
  const { name, summary, takes, about, options, examples } = usage;
  const lines = Object.entries({ ...options, ...COMMON }).map(([option, { value, short, help }]) => {
    const written = `  ${short ? `-${short}, ` : "    "}--${option}${value ? ` ${value}` : ""}`;
    return written.length > 28 ? `${written}\n${" ".repeat(30)}${help}` : `${written.padEnd(30)}${help}`;
  });
  return `${["simdgrad", name, ...takes].join(" ")} [options]

${summary}
${about === "" ? "" : `\n${about}\n`}
Options:
${lines.join("\n")}

Examples:
${examples.map((example) => `  npx simdgrad ${example}`).join("\n")}
`;
}
