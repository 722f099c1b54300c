// What executors are handed, wherever they are: slots, elements, plans. Whether there are such slots they know themselves.
import { aBoolean, aListOf, anObjectWith, checkOptions, isRecord, must, numbers } from "../check.ts";
import { copyOf } from "./copy-of.ts";
import type { RunOptions } from "./executor.ts";

export function anExecutor(value: unknown, what: string): void {
  anObjectWith(
    "an executor, such as new WasmExecutor() or await spawn()",
    "load",
    "run",
    "readAll",
    "writeAll",
  )(value, what);
}

export function aProgramId(value: unknown, what: string): void {
  must(typeof value === "number", value, what, "the id that load() gave");
}

function aSlot(value: unknown, what: string): void {
  const slot = isRecord(value) ? value : {};
  const keys = Object.keys(slot).sort().join();
  const isVariable = keys === "variable" && typeof slot.variable === "string";
  const isNamed = keys === "name,program" && typeof slot.program === "number" && typeof slot.name === "string";
  must(isVariable || isNamed, value, what, "{ program, name } or { variable }");
}

export function checkSlots(value: unknown, what: string): void {
  aListOf(aSlot)(value, what);
}

export function checkWrites(value: unknown, what: string): void {
  aListOf((each, at) => {
    must(isRecord(each), each, at, "{ slot, data }");
    const { slot, data } = each as Readonly<Record<string, unknown>>;
    aSlot(slot, `${at}.slot`);
    numbers(data, `${at}.data`);
  })(value, what);
}

/** @throws ArgumentError for unknown options of a run; which counts are possible depends on its plan, so the run itself tells */
export function checkRunOptions(options: RunOptions): void {
  const aCount = (value: unknown, what: string) => must(typeof value === "number", value, what, "a number");
  checkOptions(options, "run", {
    repeat: aCount,
    from: aCount,
    urgent: aBoolean,
    after: anObjectWith("a run of this executor, what run() gave", "takeLog"),
    write: checkWrites,
    read: checkSlots,
  });
}

/** Options as they are now. */
export function ownOptions(options: RunOptions): RunOptions {
  const { write, read } = options;
  return {
    ...options,
    ...(write && { write: write.map(({ slot, data }) => ({ slot: { ...slot }, data: copyOf(data) })) }),
    ...(read && { read: read.map((slot) => ({ ...slot })) }),
  };
}
