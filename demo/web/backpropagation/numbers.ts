// Numbers as visitors type them: several with spaces, semicolons or commas and spaces between them, each with a decimal point or comma.

const gaps = /[\s;]+|,(?=\s|$)/;

/** Whether commas are decimal points: each stands alone within a number, and no number has a point. */
export function hasDecimalComma(text: string): boolean {
  const parts = text.split(gaps);
  return (
    !text.includes(".") && text.match(/\d,\d|(^|[\s;−-]),\d/) !== null && parts.every((part) => !/,.*,/.test(part))
  );
}

/** The numbers of a text; undefined if there is anything else. Both signs for minus are understood. */
export function numbersOf(text: string): number[] | undefined {
  const isDecimal = hasDecimalComma(text);
  const parts = (isDecimal ? text.replaceAll(/,(?=\d)/g, ".") : text)
    .replaceAll("−", "-")
    .split(/[\s,;]+/)
    .filter((part) => part !== "");
  const numbers = parts.map(Number);
  return numbers.every(Number.isFinite) ? numbers : undefined;
}
