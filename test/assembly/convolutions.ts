// Convolutions of any kind as hand-written instructions, for tests of the kernels: sizes, operands, words.
import { CONVOLVE, CONVOLVE_FILTER } from "../../assembly/isa/opcode.ts";
import { instruction } from "./machine.ts";

/** Along each of three axes. */
export type Three = readonly [depth: number, height: number, width: number];

export interface Convolution {
  readonly images: number;
  readonly groups: number;
  readonly rows: number;
  readonly channels: number;
  readonly taps: Three;
  readonly size: Three;
  readonly positions: Three;
  readonly step: Three;
  readonly apart: Three;
  readonly first: Three;
  readonly spacing: Three;
}

const volume = (three: Three) => three[0] * three[1] * three[2];

/** Elements of images, of filters, and of results or their gradients. */
export function lengthsOf({ images, groups, rows, channels, taps, size, positions }: Convolution) {
  return {
    from: images * groups * channels * volume(size),
    filters: groups * rows * channels * volume(taps),
    to: images * groups * rows * volume(positions),
  };
}

/** Addresses of results, filters and images, and a map from its MAP_N slot on. */
export function convolveWords(
  it: Convolution,
  to: number,
  filters: number,
  from: number,
  map: number[] = [],
): number[] {
  return instruction(CONVOLVE, ...[to, filters, from], ...words(it), ...it.spacing, map.length, ...map);
}

/** Addresses of parts, gradients and images, and how many parts. */
export function filterWords(it: Convolution, to: number, gradients: number, from: number, parts: number): number[] {
  return instruction(CONVOLVE_FILTER, ...[to, gradients, from], ...words(it), parts);
}

function words({ images, groups, rows, channels, ...axes }: Convolution): number[] {
  const { taps, size, positions, step, apart, first } = axes;
  return [images, groups, rows, channels, ...taps, ...size, ...positions, ...step, ...apart, ...first];
}

/** Some convolution, of numbers from 0 to 1: of one, two or three axes, with borders, gaps and groups; one in four is larger, one in ten reaches far. */
export function anyConvolution(next: () => number): Convolution {
  const whole = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const axes = whole(1, 3);
  const isLarge = axes < 3 && next() < 0.25;
  const three = (absent: number, make: () => number) =>
    [axes > 2 ? make() : absent, axes > 1 ? make() : absent, make()] as Three;
  const isWild = next() < 0.1; // far apart, and far outside
  const spacing = three(1, () => (next() < 0.7 ? 1 : whole(2, isWild ? 90 : 4)));
  const most = [0, isLarge ? 700 : 60, isLarge ? 22 : 9, 6][axes];
  return {
    images: whole(0, 12) === 0 ? 0 : whole(1, 3),
    groups: whole(0, 3) === 0 ? whole(2, 4) : 1,
    rows: whole(0, 20) === 0 ? 0 : whole(1, isLarge ? 110 : 15),
    channels: whole(0, 20) === 0 ? 0 : whole(1, isLarge ? 40 : 5),
    taps: three(1, () => whole(1, 5)),
    size: three(1, () => whole(0, most)),
    positions: three(1, () => whole(1, most)),
    step: spacing.map((each) => (each === 1 && next() < 0.4 ? whole(2, isWild ? 90 : 4) : 1)) as unknown as Three,
    apart: three(1, () => (next() < 0.5 ? 1 : isWild ? whole(-(2 ** 20), 2 ** 20) : whole(-3, 3))),
    first: three(0, () => (isWild && next() < 0.5 ? whole(-(2 ** 28), 2 ** 28) : whole(-4, 4))),
    spacing,
  };
}
