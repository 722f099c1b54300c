// Exponentials, logarithms and the normal distribution in float64, by additions, products, quotients and roots alone: engines round those
// alike, and Math.exp and Math.log not, so that one seed gives the same trials everywhere.

const LN2_HIGH = 0.6931471803691238; // ln 2 in 33 bits, and the rest
const LN2_LOW = 1.9082149292705877e-10;

const view = new DataView(new ArrayBuffer(8));

/** 2 to a whole number from -1022 to 1023. */
function power(k: number): number {
  view.setUint32(0, (k + 1023) << 20);
  view.setUint32(4, 0);
  return view.getFloat64(0);
}

/** e^x, to an ulp. Source: FreeBSD msun, e_exp.c: x = k ln 2 + r, and a rational function of r. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (x < -745.1332191019412) return 0;
  const k = Math.round(x / Math.LN2);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const c =
    r -
    t *
      (0.16666666666666602 +
        t *
          (-0.0027777777777015593 +
            t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8))));
  const y = 1 - (low - (r * c) / (2 - c) - high);
  // In two factors: 2^k alone may be outside the range.
  const half = k >> 1;
  return y * power(half) * power(k - half);
}

/** ln x, to an ulp, of a normal number above 0. Source: FreeBSD msun, e_log.c: x = 2^k (1 + f), and a polynomial of f / (2 + f). */
export function log(x: number): number {
  if (x === 0) return Number.NEGATIVE_INFINITY;
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return x > 0 ? x : Number.NaN;
  view.setFloat64(0, x);
  const top = view.getUint32(0);
  let k = (top >>> 20) - 1023;
  view.setUint32(0, (top & 0xfffff) | 0x3ff00000);
  let m = view.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const odd = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373));
  const even = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + odd + even) + k * LN2_LOW) - f);
}

/** Where the series gives way to the continued fraction. */
const FAR = 3;

const TERMS = 60;

/** The normal distribution below x, to a relative 1e-14 in both tails. */
export function normalBelow(x: number): number {
  const z = Math.abs(x);
  const density = exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
  if (z < FAR) {
    // Abramowitz and Stegun 26.2.11: all terms have one sign.
    let term = z;
    let sum = z;
    for (let n = 3; term > sum * 1e-17; n += 2) {
      term *= (z * z) / n;
      sum += term;
    }
    return x < 0 ? 0.5 - density * sum : 0.5 + density * sum;
  }
  // Abramowitz and Stegun 26.2.14, from the inside out.
  let rest = z;
  for (let n = TERMS; n > 0; n--) rest = z + n / rest;
  return x < 0 ? density / rest : 1 - density / rest;
}

/** The share of the normal distribution between two numbers. */
export function normalBetween(from: number, to: number): number {
  // Of two numbers near 1 nothing would be left.
  return from > 0 ? normalBelow(-from) - normalBelow(-to) : normalBelow(to) - normalBelow(from);
}

/** The number between the two below which a share of the normal distribution between them lies. */
export function normalAt(share: number, from: number, to: number): number {
  const wanted = normalBelow(from) + share * (normalBelow(to) - normalBelow(from));
  let [low, high] = [from, to];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalBelow(middle) < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
