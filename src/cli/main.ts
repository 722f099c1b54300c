// The command line: which command is meant, what it says when something is wrong, and its exit code.
import { readFile } from "node:fs/promises";
import { nearest } from "../data/nearest.ts";
import { SimdgradError } from "../errors.ts";
import { CODES, type Command } from "./command.ts";
import { systemFault, type Terminal, Voice } from "./io.ts";
import { COMMON, helpOf, parse, type Usage, UsageError } from "./usage.ts";
import { columns } from "./words.ts";

/** Commands by their names; each is loaded when it is called. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  train: async () => (await import("./train.ts")).train,
  predict: async () => (await import("./predict.ts")).predict,
  evaluate: async () => (await import("./evaluate.ts")).evaluate,
  tune: async () => (await import("./tune.ts")).tune,
  inspect: async () => (await import("./inspect.ts")).inspect,
  export: async () => (await import("./export.ts")).exportWeights,
  import: async () => (await import("./import.ts")).importWeights,
  worker: async () => (await import("./worker.ts")).worker,
  runs: async () => (await import("./runs.ts")).runs,
};

/**
 * Runs a command line without the name of the program.
 * @returns its exit code: 0, 1 for data or a model that is at fault, 2 for a line that is none, 130 where it was interrupted
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || ["help", "--help", "-h"].includes(name)) return help(rest[0], terminal, name !== undefined);
  if (name === "--version" || name === "-v") {
    terminal.out(`${await version()}\n`);
    return CODES.good;
  }
  if (name.startsWith("-")) {
    terminal.err(`simdgrad: COMMAND is missing before ${name}: one of ${Object.keys(COMMANDS).join(", ")}\n`);
    return CODES.usage;
  }
  if (!Object.hasOwn(COMMANDS, name)) {
    const near = nearest(name, Object.keys(COMMANDS));
    const advice = near === undefined ? `there are ${Object.keys(COMMANDS).join(", ")}` : `did you mean ${near}?`;
    terminal.err(`simdgrad: there is no command ${name}; ${advice}\n`);
    return CODES.usage;
  }
  const command = await COMMANDS[name]();
  if (rest.includes("--version") || rest.includes("-v")) return main(["--version"], terminal);
  try {
    const given = parse(command.usage, rest);
    if (given.switches.has("help")) {
      terminal.out(helpOf(command.usage));
      return CODES.good;
    }
    return await command.run(given, terminal, new Voice(terminal, given.switches));
  } catch (error) {
    return told(error, command.usage, terminal, rest.includes("--json"));
  }
}

/** Says what is wrong. With --json the object on stdout says it, too. */
function told(error: unknown, { name }: Usage, terminal: Terminal, isJson: boolean): number {
  const isUsage = error instanceof UsageError;
  const message = isUsage ? error.message : messageOf(error, terminal);
  if (message === undefined) {
    terminal.err(`simdgrad ${name}: interrupted, nothing was written\n`);
    return CODES.interrupted;
  }
  const code = isUsage ? CODES.usage : CODES.fault;
  terminal.err(`simdgrad ${name}: ${message}\n`);
  if (isUsage) terminal.err(`simdgrad ${name} --help tells what it takes\n`);
  if (isJson) terminal.out(`${JSON.stringify({ command: name, error: message, code })}\n`);
  return code;
}

/** What is said otherwise here than in the library: names of its functions, and what only a program can do. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^((readCsv|readJsonLines|fitTable|predict|evaluate|load|openStudy|trainingRows|removeRun): )+(the table: )?/, ""],
  [/: withWeights: /, ": "],
  [/encoding: "windows-1252" is another one/, "--encoding windows-1252 is another one"],
  [
    /tabular model: a safetensors file whose metadata has no format simdgrad-tabular; .*/,
    "a safetensors file, and no model of a table; simdgrad inspect tells what it holds",
  ],
];

/** In the user's words, without the names of functions; undefined for an interruption. */
function messageOf(error: unknown, { signal }: Terminal): string | undefined {
  if (signal.aborted && error === signal.reason) return undefined;
  const fault = systemFault(error);
  if (fault !== undefined) return fault;
  if (error instanceof SimdgradError)
    return WORDS.reduce((message, [theirs, ours]) => message.replace(theirs, ours), error.message);
  return `a mistake in simdgrad: ${error instanceof Error ? error.stack : String(error)}`;
}

async function help(name: string | undefined, terminal: Terminal, isAsked: boolean): Promise<number> {
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) {
    terminal.out(helpOf((await COMMANDS[name]()).usage));
    return CODES.good;
  }
  const usages = await Promise.all(Object.values(COMMANDS).map(async (command) => (await command()).usage));
  const text = `simdgrad COMMAND [options]

From a table to a model that was trained, measured and saved, and back to predictions: without code.

Commands:
${columns(
  usages.map((usage) => [`  ${[usage.name, ...usage.takes].join(" ")}`, usage.summary]),
  { left: 2 },
)}

Options of all:
${columns(
  Object.entries({ ...COMMON, version: { short: "v", help: "the version of the package" } }).map(
    ([option, { short, help: words }]) => [`  ${short ? `-${short}, ` : "    "}--${option}`, words],
  ),
  { left: 2 },
)}

"simdgrad COMMAND --help" tells the options of one. Exit codes: 0, 1 for data or a model that is at fault, 2 for a command line
that is none, 130 after Ctrl-C, 143 for a worker after SIGTERM.
`;
  terminal[isAsked ? "out" : "err"](text);
  return isAsked ? CODES.good : CODES.usage;
}

/** The package's, which is above this file, in the sources and as it is published. */
async function version(): Promise<string> {
  for (const above of ["../../", "../../../"]) {
    const text = await readFile(new URL(`${above}package.json`, import.meta.url), "utf8").catch(() => undefined);
    if (text !== undefined) return JSON.parse(text).version;
  }
  throw new Error("there is no package.json above the command line");
}
