// Powers of ten as they are written by hand.

const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Such as 10⁻⁶. */
export function tenTo(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => raised[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}
