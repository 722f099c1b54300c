// Numbers as the page shows them: four significant digits, a true minus sign.
import { tenTo } from "../shared/powers.ts";

const DIGITS = 4;

/** Such as 0.3400, −0.2600 or 1.234 × 10⁻⁶. */
export function four(value: number): string {
  return significant(value, DIGITS);
}

function significant(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "not a number" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (value === 0) return "0";
  const rounded = Number(size.toPrecision(digits));
  const sign = value < 0 ? "−" : "";
  if (rounded >= 0.001 && rounded < 10_000) return sign + size.toPrecision(digits);
  const [first, exponent] = size.toExponential(digits - 1).split("e");
  return `${sign}${first} × ${tenTo(Number(exponent))}`;
}

/** A size with the digits that an error of so much leaves: 1.234 × 10⁻⁶, ≈ 1 × 10⁻⁶, ≈ 0. */
export function certain(size: number, error: number): string {
  if (size === 0) return four(size);
  if (size <= error) return "≈ 0";
  const digits = Math.max(1, Math.floor(Math.log10(size / error)));
  return digits < DIGITS ? `≈ ${significant(size, digits)}` : four(size);
}

/** A number with as many digits as make its difference from another right to four: 0.999994 beside 1, 0.3400 beside 0.6. */
export function beside(value: number, other: number): string {
  const apart = Math.abs(value - other);
  const decimalsOf = (size: number) => DIGITS - 1 - Math.floor(Math.log10(size));
  if (value === 0 || apart === 0 || !Number.isFinite(apart) || decimalsOf(apart) <= decimalsOf(Math.abs(value)))
    return four(value);
  return `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(decimalsOf(apart))}`;
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
export function factor(value: number, text = four(value)): string {
  return value < 0 || text.includes("×") ? `(${text})` : text;
}
