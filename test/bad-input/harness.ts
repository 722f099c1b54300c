// Puts each bad value in the place of each argument and of each option, and tells what came of it: a typed error, silence, or a fault.
import { SimdgradError } from "../../src/index.ts";
import type { Argument } from "./kinds.ts";
import { type BadValue, badValues } from "./values.ts";

/** A public function or method with right arguments. */
export interface Call {
  /** Calls it; what comes of it may be used, too, as a promise or a function is worth nothing by itself. */
  readonly run: (...args: readonly never[]) => unknown;
  readonly args: readonly Argument[];
}

export function call(run: Call["run"], ...args: readonly Argument[]): Call {
  return { run, args };
}

/** One bad value in one place. */
export interface Case {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Why the value may pass, if it may. */
  readonly reason: string | undefined;
}

const LIMIT = 2000; // ms until a call counts as hanging

/** An option that no function has, and that is like none. */
const UNKNOWN = "qqq";

/** All cases of a call. */
export function casesOf(name: string, { args }: Call): Case[] {
  const right = args.map(({ value }) => value);
  const replaced = (i: number, value: unknown) => right.with(i, value);
  return args.flatMap((argument, i) => [
    ...badCases(argument).map(([bad, value, reason]) => ({
      name: `${name}, argument ${i}: ${bad}`,
      args: replaced(i, value),
      reason,
    })),
    ...Object.entries(argument.options ?? {}).flatMap(([option, each]) =>
      badCases(each).map(([bad, value, reason]) => ({
        name: `${name}, ${option}: ${bad}`,
        args: replaced(i, { ...(argument.value as object), ...each.beside, [option]: value }),
        reason,
      })),
    ),
    ...(argument.options === undefined || argument.open
      ? []
      : [
          {
            name: `${name}, an unknown option`,
            args: replaced(i, { ...(argument.value as object), [UNKNOWN]: 1 }),
            reason: undefined,
          },
        ]),
  ]);
}

function badCases({ silent }: Argument): (readonly [BadValue, unknown, string | undefined])[] {
  return (Object.keys(badValues) as BadValue[]).map((bad) => [bad, badValues[bad](), silent[bad]]);
}

/** Calls of right arguments, each option by itself, that must pass: otherwise their bad neighbours prove nothing. */
export function rightCasesOf(name: string, { args }: Call): Omit<Case, "reason">[] {
  const right = args.map(({ value }) => value);
  const optional = args.flatMap(({ value, options = {} }, i) =>
    Object.entries(options).map(([option, each]) => ({
      name: `${name} with ${option}`,
      args: right.with(i, { ...(value as object), ...each.beside, [option]: each.value }),
    })),
  );
  return [{ name: `${name} as it should be`, args: right }, ...optional];
}

/** Undefined for a typed error that says something, "silent", or what is wrong. */
export async function outcome(run: Call["run"], args: readonly unknown[]): Promise<string | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("hangs"), LIMIT);
  });
  try {
    return await Promise.race([late, attempt(run, args)]);
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(run: Call["run"], args: readonly unknown[]): Promise<string | undefined> {
  try {
    await (run as (...args: readonly unknown[]) => unknown)(...args);
    return "silent";
  } catch (error) {
    if (!(error instanceof SimdgradError))
      return `raw ${error instanceof Error ? error.stack?.split("\n").slice(0, 4).join(" ") : String(error)}`;
    return error.message.length > 10 ? undefined : `says only ${error.message}`;
  }
}

/** Names of the options that a call says it takes. */
export async function optionsTold({ run, args }: Call, i: number): Promise<readonly string[]> {
  const right = args.map(({ value }) => value);
  try {
    await (run as (...args: readonly unknown[]) => unknown)(
      ...right.with(i, { ...(right[i] as object), [UNKNOWN]: 1 }),
    );
  } catch (error) {
    const told = error instanceof SimdgradError && /unknown option qqq; it takes (.*)$/.exec(error.message);
    if (told) return told[1] === "none" ? [] : told[1].split(", ");
  }
  throw new Error("takes unknown options");
}
