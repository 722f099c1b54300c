// Numbers as the page shows them: four significant digits, a true minus sign.
import { tenTo } from "../shared/powers.ts";

/** Such as 0.3400, −0.2600 or 1.234 × 10⁻⁶. */
export function four(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (value === 0) return "0";
  const rounded = Number(size.toPrecision(4));
  const sign = value < 0 ? "−" : "";
  if (rounded >= 0.001 && rounded < 10_000) return sign + size.toPrecision(4);
  const [digits, exponent] = size.toExponential(3).split("e");
  return `${sign}${digits} × ${tenTo(Number(exponent))}`;
}

/** As short as it may be where there is little room: 0.34, −0.26, 1.2×10⁻⁶. */
export function brief(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return four(value);
  const size = Math.abs(value);
  const rounded = Number(size.toPrecision(digits));
  const sign = value < 0 && rounded !== 0 ? "−" : "";
  if (rounded === 0 || (rounded >= 0.001 && rounded < 10_000)) return sign + rounded;
  const [first, exponent] = size.toExponential(digits < 4 ? 0 : 1).split("e");
  return `${sign}${Number(first)}×${tenTo(Number(exponent))}`;
}

/** In parentheses where it is negative, to stand behind a sign. */
export function factor(value: number): string {
  const text = four(value);
  return value < 0 || text.includes("×") ? `(${text})` : text;
}
