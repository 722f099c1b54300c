// Numbers of 16 bits.

/** IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
export function float16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? (1024 + fraction) * 2 ** (exponent - 25) : fraction * 2 ** -24);
}

/** The nearest of 16 bits, ties to even; what is too large becomes infinite. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(size)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  // The step between neighbours: 2^-24 below 2^-14, and twice as much in every binade above.
  let exponent = 1;
  while (exponent < 30 && size >= 2 ** (exponent - 14)) exponent++;
  const steps = size / 2 ** (exponent - 25);
  const whole = Math.floor(steps);
  const rest = steps - whole;
  const rounded = whole + (rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? 1 : 0);
  return sign | (((exponent - 1) << 10) + rounded);
}
