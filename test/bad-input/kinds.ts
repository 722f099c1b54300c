// What an argument may be, by a right value and by the bad values that are right for it after all, each with the reason.
import { type BadValue, badValues } from "./values.ts";

/** One argument, or one option. */
export interface Argument {
  readonly value: unknown;
  /** Bad values that may pass here. */
  readonly silent: Readonly<Partial<Record<BadValue, string>>>;
  /** Of an object with known keys: an argument each. */
  readonly options?: Readonly<Record<string, Argument>>;
  /** Other keys are of no interest. */
  readonly open?: boolean;
  /** Of an option that means nothing by itself: the options that it goes with. */
  readonly beside?: Readonly<Record<string, unknown>>;
}

type Silent = Argument["silent"];

function kind(reason: string, ...silent: readonly BadValue[]): (value: unknown) => Argument {
  const reasons = Object.fromEntries(silent.map((name) => [name, reason]));
  return (value) => ({ value, silent: reasons });
}

export const finite = kind("any finite number will do", "minus one", "half");
export const positive = kind("a number above 0", "half");
export const number = kind("any number will do, also an infinite one", "minus one", "half", "infinity");
export const anyNumber = kind("any number is one, NaN too", "minus one", "half", "infinity", "NaN");
export const whole = kind("no bad value is a whole number above 0");
export const place = kind("counted from the back", "minus one");
export const seed = kind("any whole number is a seed", "minus one");
export const flag = kind("true or false", "true");
export const text = kind("any string will do", "word", "digits");
export const word = kind("a word of a list");
export const tensor = kind("a tensor that does not fit is found where it is used");
export const fitting = kind("tensors of any shape are taken", "a tensor of another shape");
export const operand = kind(
  "an operand is a tensor or a number",
  ...(["minus one", "half", "infinity", "NaN", "a tensor of another shape"] as const),
);
export const list = kind("a list of right values");
export const whatever = (reason: string) => kind(reason, ...(Object.keys(badValues) as BadValue[]));
export const shape = kind("a list of whole numbers is a shape", "a list");
export const data = kind(
  "numbers, alone or in a list",
  ...(["minus one", "half", "infinity", "NaN", "a list", "a list of sizes that are none"] as const),
);
export const schedule = kind(
  "a number, or a function of the step that nobody has called yet",
  ...(["half", "a function"] as const),
);
export const callback = kind("a function is called later", "a function");
export const selection = kind("a function of a parameter: what it gives is true or false", "a function");
export const layer = kind("a function is a layer", "a function");
export const instance = kind("an object with certain methods");

/** An object with these keys at least: data, not options. */
export function record(all: Readonly<Record<string, Argument>>): Argument {
  return { ...options(all, Object.keys(all)), open: true };
}

/** May be left out. */
export function optional(argument: Argument, ...more: readonly (readonly [BadValue, string])[]): Argument {
  return also(argument, ["undefined", "left out: the default"], ...more);
}

/** Where callers may expect an argument, and there is none. */
export const nothing = optional(kind("nothing is to be given")(undefined));

/** Takes some values more than its kind. */
export function also(argument: Argument, ...more: readonly (readonly [BadValue, string])[]): Argument {
  const silent: Silent = { ...argument.silent, ...Object.fromEntries(more) };
  return { ...argument, silent };
}

/** An option that is given with others. */
export function beside(argument: Argument, others: NonNullable<Argument["beside"]>): Argument {
  return { ...argument, beside: others };
}

/** An object with these options, all of which may be left out. */
export function options(all: Readonly<Record<string, Argument>>, required: readonly string[] = []): Argument {
  const entries = Object.entries(all).map(
    ([name, each]) => [name, required.includes(name) ? each : optional(each)] as const,
  );
  const value = Object.fromEntries(
    entries.filter(([name]) => required.includes(name)).map(([name, each]) => [name, each.value]),
  );
  const none: Silent =
    required.length === 0
      ? { undefined: "left out", "an object without a prototype": "an object without options" }
      : {};
  return { value, silent: none, options: Object.fromEntries(entries) };
}
