// How messages show what a caller gave: in few characters, whatever it is.

/** Characters that are shown. */
const MOST = 40;

/** Numbers and texts as they are written, arrays with their first elements, objects by their keys or their class. */
export function show(value: unknown): string {
  const text = written(value);
  return text.length > MOST ? `${text.slice(0, MOST)}...` : text;
}

function written(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `function ${value.name}`;
  if (Array.isArray(value)) return `[${Array.from(value.slice(0, MOST), show).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  const { constructor: kind, shape } = value as { readonly constructor?: { name: string }; readonly shape?: unknown };
  if (kind === undefined || kind === Object) return `{ ${Object.keys(value).join(", ")} }`;
  return shape === undefined ? kind.name : `${kind.name} ${show(shape)}`;
}
