// Compares a value with the text that an example prints for it: numbers to the printed digits, arrays element by element.

/** Asserts that what `run` returns in a one-element array reads as `text`, or that it throws, for `throws Name: start of message`. */
export async function check(run: () => Promise<readonly [unknown]>, text: string): Promise<void> {
  const thrown = /^throws (\w+)(?:: (.*))?$/.exec(text);
  if (thrown) return checkThrown(run, thrown[1], thrown[2] ?? "");
  const [value] = await run();
  if (value instanceof Promise) throw new Error(`expected ${text}, got a promise: the example must await it`);
  const difference = compare(value, parse(text));
  if (difference !== undefined) throw new Error(`expected ${text}, got ${show(value)}: ${difference}`);
}

async function checkThrown(run: () => Promise<unknown>, name: string, message: string): Promise<void> {
  let value: unknown;
  try {
    value = await run();
  } catch (error) {
    if (error instanceof Error && error.name === name && error.message.startsWith(message)) return;
    throw new Error(`expected ${name}: ${message}, got ${error}`, { cause: error });
  }
  throw new Error(`expected ${name} to be thrown, got ${show(value)}`);
}

type Expected =
  | { readonly kind: "number"; readonly value: number; readonly tolerance: number }
  | { readonly kind: "exact"; readonly value: unknown }
  | { readonly kind: "list"; readonly items: readonly Expected[] }
  | { readonly kind: "record"; readonly entries: readonly (readonly [string, Expected])[] };

/** True unless brackets are still open at the end of the text. */
export function isComplete(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, "");
  return (bare.match(/[[{]/g) ?? []).length <= (bare.match(/[\]}]/g) ?? []).length;
}

const words = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["null", null],
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function parse(text: string): Expected {
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  let at = 0;
  const fail = () => new SyntaxError(`example: cannot read the expected value ${text}`);

  function separated<T>(close: string, item: () => T): T[] {
    const items: T[] = [];
    at++;
    while (tokens[at] !== close) {
      items.push(item());
      if (tokens[at] === ",") at++;
      else if (tokens[at] !== close) throw fail();
    }
    at++;
    return items;
  }

  function entry(): readonly [string, Expected] {
    const key = tokens[at++];
    if (tokens[at++] !== ":") throw fail();
    return [key.startsWith('"') ? JSON.parse(key) : key, value()];
  }

  function value(): Expected {
    const token = tokens[at];
    if (token === undefined) throw fail();
    if (token === "[") return { kind: "list", items: separated("]", value) };
    if (token === "{") return { kind: "record", entries: separated("}", entry) };
    at++;
    if (token.startsWith('"')) return { kind: "exact", value: JSON.parse(token) };
    if (words.has(token)) return { kind: "exact", value: words.get(token) };
    return number(token, fail);
  }

  const result = value();
  if (at < tokens.length) throw fail();
  return result;
}

/** Integers are exact; a number with a point or an exponent stands for all that round to it. */
function number(token: string, fail: () => Error): Expected {
  const parts = /^-?\d+(\.\d*)?(?:e([+-]?\d+))?$/.exec(token);
  if (!parts) throw fail();
  const value = Number(token);
  if (parts[1] === undefined && parts[2] === undefined) return { kind: "exact", value };
  const digits = (parts[1]?.length ?? 1) - 1;
  return { kind: "number", value, tolerance: 0.500001 * 10 ** (Number(parts[2] ?? 0) - digits) };
}

/** The first difference in words, or undefined. */
function compare(value: unknown, expected: Expected, path = "value"): string | undefined {
  switch (expected.kind) {
    case "exact":
      return Object.is(value, expected.value) ? undefined : `${path} is ${show(value)}, not ${show(expected.value)}`;
    case "number":
      if (typeof value === "number" && Math.abs(value - expected.value) <= expected.tolerance) return undefined;
      return `${path} is ${show(value)}, not ${expected.value}`;
    case "list": {
      const items = listOf(value);
      if (!items) return `${path} is no array`;
      if (items.length !== expected.items.length) return `${path} has ${items.length} items`;
      return first(expected.items.map((item, i) => compare(items[i], item, `${path}[${i}]`)));
    }
    case "record": {
      if (typeof value !== "object" || value === null) return `${path} is no object`;
      const record = value as Record<string, unknown>;
      const names = expected.entries.map(([name]) => name);
      const extra = Object.keys(record).find((name) => !names.includes(name));
      if (extra !== undefined) return `${path}.${extra} is not expected`;
      return first(expected.entries.map(([name, item]) => compare(record[name], item, `${path}.${name}`)));
    }
  }
}

function first(differences: readonly (string | undefined)[]): string | undefined {
  return differences.find((difference) => difference !== undefined);
}

function listOf(value: unknown): readonly unknown[] | undefined {
  if (Array.isArray(value)) return value;
  return ArrayBuffer.isView(value) && !(value instanceof DataView) ? [...(value as Float32Array)] : undefined;
}

function show(value: unknown): string {
  const list = listOf(value);
  if (list) return `[${list.map(show).join(", ")}]`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return `{ ${Object.entries(value)
      .map(([name, item]) => `${name}: ${show(item)}`)
      .join(", ")} }`;
  return String(value);
}
