// How messages show what a caller gave: in few characters, whatever it is.

/** Characters that are shown. */
const MOST = 40;

/** Arrays within arrays that are shown. */
const DEPTH = 8;

/** Numbers and texts as they are written, arrays with their first elements, objects by their keys or their class. */
export function show(value: unknown): string {
  return shown(value, 0);
}

function shown(value: unknown, depth: number): string {
  const text = written(value, depth);
  return text.length > MOST ? `${text.slice(0, MOST)}...` : text;
}

function written(value: unknown, depth: number): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `${/^class\b/.test(`${value}`) ? "class" : "function"} ${value.name}`.trim();
  if (Array.isArray(value)) {
    if (depth === DEPTH) return "[...]";
    return `[${Array.from(value.slice(0, MOST), (each) => shown(each, depth + 1)).join(", ")}]`;
  }
  if (typeof value !== "object" || value === null) return String(value);
  // Its class, whatever a field of its own called constructor holds.
  const kind: unknown = Object.getPrototypeOf(value)?.constructor;
  if (typeof kind !== "function" || kind === Object) return `{ ${Object.keys(value).join(", ")} }`;
  if (kind === Promise) return "a Promise: await it";
  const { shape } = value as { readonly shape?: unknown };
  return shape === undefined ? kind.name : `${kind.name} ${shown(shape, depth + 1)}`;
}
