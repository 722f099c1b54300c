// Parts of pages: texts, tables, numbers as they are read.
import { show } from "../show.ts";

/** Elements of a list that are shown. */
const MOST = 8;

export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** A value in few characters: four digits of a number, the first elements of a list, anything else as messages have it. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return shownNumber(value);
  if (typeof value === "string") return value;
  if (value instanceof Date) return shownDate(value);
  const isList = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  if (!isList) return show(value);
  const list = Array.from(value as ArrayLike<unknown>).slice(0, MOST);
  const all = list.map((each) => (typeof each === "object" ? show(each) : shown(each)));
  return [...all, ...((value as ArrayLike<unknown>).length > MOST ? ["..."] : [])].join(", ");
}

/** The day alone where it is its beginning. */
function shownDate(date: Date): string {
  return Number.isNaN(date.getTime())
    ? "no date"
    : date.toISOString().replace(/(T00:00:00)?\.000Z$/, (_, day) => (day ? "" : "Z"));
}

export function shownNumber(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 1000 ? 6 : 4)));
}

/** A table: numbers stand at the right. */
export function htmlTable(caption: string, head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cell = (value: unknown, i: number) => {
    const text = escaped(shown(value));
    if (i === 0) return `<th scope="row">${text}</th>`;
    return typeof value === "number" ? `<td class="number">${text}</td>` : `<td>${text}</td>`;
  };
  const isNumber = (i: number) => i > 0 && rows.some((row) => typeof row[i] === "number");
  const heads = head.map((name, i) => `<th scope="col"${isNumber(i) ? ' class="number"' : ""}>${escaped(name)}</th>`);
  const body = rows.map((row) => `<tr>${row.map(cell).join("")}</tr>`).join("\n");
  return `<div class="wide"><table><caption>${escaped(caption)}</caption>
<thead><tr>${heads.join("")}</tr></thead>
<tbody>${body}</tbody></table></div>`;
}

/** A picture with what it says below. */
export function figure(picture: string, caption: string, series: readonly string[] = []): string {
  const legend = series.map((name, i) => `<span class="series${i}">${escaped(name)}</span>`).join(" ");
  const key = series.length > 1 ? `<p class="legend">${legend}</p>` : "";
  return `<figure>${key}${picture}<figcaption>${escaped(caption)}</figcaption></figure>`;
}
