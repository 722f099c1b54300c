// Logs of trainings, a line an epoch: to a file, or to whatever takes texts.
import { aBoolean, checkOptions, isFunction, must } from "../check.ts";
import { DataError, UnsupportedError } from "../errors.ts";
import { orStorageError } from "../storage/storage-error.ts";
import type { Callback, FitContext } from "../train/callback.ts";
import type { Epoch } from "../train/history.ts";

/** Where lines go: the path of a file, in Node, or a function that is given each text; its promise is waited for. */
export type LogTarget = string | ((text: string) => unknown);

/** How a log begins. */
export interface LogOptions {
  /** Goes on in a file that is there; without, it begins anew. Default false. */
  readonly append?: boolean;
}

/** A log that lines are put at the end of. */
interface Log {
  /** Makes it empty, or gives what is there. */
  begin(append: boolean): Promise<string>;
  write(text: string): Promise<unknown>;
}

function aTarget(value: unknown, what: string): void {
  const holds = isFunction(value) || (typeof value === "string" && value !== "");
  must(holds, value, what, "the path of a file, or a function that takes texts");
}

function logOf(target: LogTarget, name: string): Log {
  if (typeof target === "function") return { begin: async () => "", write: async (text) => target(text) };
  const fs = typeof process === "object" ? process.getBuiltinModule?.("node:fs").promises : undefined;
  if (fs === undefined)
    throw new UnsupportedError(`${name}: there are no files here: give it a function that takes texts`);
  const file = <T>(what: string, task: () => Promise<T>) => orStorageError(`${name}: ${target} ${what}`, task);
  const none = (error: { readonly code?: string }) => {
    if (error.code === "ENOENT") return "";
    throw error;
  };
  return {
    async begin(append) {
      if (append) return file("was not read", () => fs.readFile(target, "utf8").catch(none));
      await file("was not written", () => fs.writeFile(target, ""));
      return "";
    },
    write: (text) => file("was not written", () => fs.appendFile(target, text)),
  };
}

/** Writes each epoch as a line, below a head that depends on the fit. */
function logger(
  target: LogTarget,
  options: LogOptions,
  name: string,
  headOf: (context: FitContext) => string,
  lineOf: (epoch: Epoch, context: FitContext) => string,
): Callback {
  aTarget(target, `${name}: target`);
  checkOptions(options, name, { append: aBoolean });
  const log = logOf(target, name);
  let head: string | undefined;
  return {
    async onFitBegin(context) {
      const own = headOf(context);
      if (head === undefined) {
        const there = await log.begin(options.append ?? false);
        const known = there.slice(0, there.indexOf("\n") + 1);
        if (there !== "" && own !== "" && known !== own)
          throw new DataError(`${name}: ${target} has the columns ${known.trim()}, and this fit ${own.trim()}`);
        if (there !== "" && !there.endsWith("\n")) await log.write("\n"); // a line that was torn stays by itself
        if (there === "" && own !== "") await log.write(own);
      } else if (own !== head)
        throw new DataError(`${name}: the log has the columns ${head.trim()}, and this fit ${own.trim()}`);
      head = own;
    },
    onEpochEnd: async (epoch, context) => void (await log.write(lineOf(epoch, context))),
  };
}

/** What an epoch measures, by the name that callbacks have for it. */
function measured({ loss, metrics, validation }: Epoch, name: string): number | undefined {
  if (name === "loss") return loss;
  return Object.hasOwn(metrics, name) ? metrics[name] : validation?.[name.slice("validation.".length)];
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Writes a CSV file, a row an epoch: its number, what is measured, the rate and the seconds that its steps took. A second fit with the same
 * callback goes on in the same file.
 * @throws UnsupportedError for a path outside Node; when a fit begins, DataError for columns that are not those of the file, and StorageError
 * where it cannot be written
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { csvLogger } from "simdgrad/insight";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const lines: string[] = [];
 * await trainer.fit({ epochs: 2, callbacks: [csvLogger((text) => lines.push(text))] });
 * lines[0]; // => "epoch,loss,learningRate,seconds\n"
 * lines.length; // => 3
 */
export function csvLogger(target: LogTarget, options: LogOptions = {}): Callback {
  const columns = ({ measures }: FitContext) => ["epoch", ...measures, "learningRate", "seconds"];
  return logger(
    target,
    options,
    "csvLogger",
    (context) => `${columns(context).map(quoted).join(",")}\n`,
    (epoch, { measures }) => {
      const { learningRate, seconds } = epoch;
      const values = [epoch.epoch, ...measures.map((name) => measured(epoch, name)), learningRate, seconds];
      return `${values.map((value) => value ?? "").join(",")}\n`;
    },
  );
}

/**
 * Writes a JSON object a line, each an epoch as `trainer.history` has it. NaN and infinities, which JSON does not have, are strings.
 * @throws UnsupportedError for a path outside Node; StorageError, when a fit begins, where it cannot be written
 *
 * @example
 * import { Trainer } from "simdgrad";
 * import { jsonLines } from "simdgrad/insight";
 * import { Linear, mseLoss } from "simdgrad/nn";
 * import { sgd } from "simdgrad/optim";
 * const trainer = new Trainer(new Linear(1, 1), { loss: mseLoss, optimizer: sgd(0.1) });
 * await trainer.load({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const lines: string[] = [];
 * await trainer.fit({ epochs: 2, callbacks: [jsonLines((text) => lines.push(text))] });
 * lines.map((line) => JSON.parse(line).epoch); // => [1, 2]
 */
export function jsonLines(target: LogTarget, options: LogOptions = {}): Callback {
  const plain = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
  return logger(
    target,
    options,
    "jsonLines",
    () => "",
    (epoch) => `${JSON.stringify(epoch, plain)}\n`,
  );
}
