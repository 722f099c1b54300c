// Pictures of studies, as SVG texts: for a page, or a file.
import { anInteger, aWholeNumber, type Checks, checkOptions } from "../check.ts";
import { type ImportanceOptions, importance } from "./importance.ts";
import { parallelCoordinates } from "./parallel.ts";
import { loss } from "./record.ts";
import { checkSearched, type Searched } from "./searched.ts";

/** The size of a picture, in pixels. */
export interface PictureOptions {
  /** Default 720. */
  readonly width?: number;
  /** Default: as high as what is in it. */
  readonly height?: number;
}

const sizes: Checks<PictureOptions> = { width: aWholeNumber(100, 20_000), height: aWholeNumber(50, 20_000) };

const INK = "#222";
const FAINT = "#767676"; // on white it is still read: a contrast of 4.5
const BAR = "#2f6db3";

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function picture(title: string, width: number, height: number, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end", fill = INK): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" fill="${fill}">${escaped(text)}</text>`;
}

function round(x: number): number {
  return Math.round(x * 10) / 10;
}

/** From yellow, for the worst, to dark blue, so that darkness tells them apart, too. */
function colour(goodness: number): string {
  const [from, to] = [
    [232, 197, 71],
    [26, 48, 120],
  ];
  return `rgb(${from.map((each, i) => Math.round(each + (to[i] - each) * goodness)).join(",")})`;
}

/**
 * Parallel coordinates as an SVG text: a line a complete trial, the better the darker, the best ones on top.
 * @throws ArgumentError for what is no study, and for sizes out of range
 *
 * @example
 * import { logUniform, openStudy, parallelCoordinatesSvg } from "simdgrad/tune";
 * const study = await openStudy({ space: { rate: logUniform(1e-4, 1) } });
 * await study.trials(5, { objective: ({ values }) => values.rate });
 * parallelCoordinatesSvg(study).split("<polyline").length; // => 6
 */
export function parallelCoordinatesSvg(study: Searched, options: PictureOptions = {}): string {
  checkSearched(study, "parallelCoordinatesSvg");
  checkOptions(options, "parallelCoordinatesSvg", sizes);
  const { width = 720, height = 360 } = options;
  const { axes, lines } = parallelCoordinates(study);
  const [left, right, top, bottom] = [70, width - 70, 40, height - 20];
  const x = (axis: number) => left + (axis / Math.max(1, axes.length - 1)) * (right - left);
  const y = (place: number) => bottom - place * (bottom - top);
  const losses = lines.map(({ value }) => loss(value / 2, study.mode)); // the distance of two numbers may be infinite
  const [best, worst] = [Math.min(...losses), Math.max(...losses)];
  const sorted = lines.toSorted((a, b) => loss(b.value, study.mode) - loss(a.value, study.mode));
  const drawn = sorted.flatMap(({ trial, value, places }) => {
    const stroke = colour(worst > best ? (worst - loss(value / 2, study.mode)) / (worst - best) : 1);
    return pieces(places).map((piece) => {
      const points = piece.map(([axis, place]) => `${round(x(axis))},${round(y(place))}`).join(" ");
      const title = `<title>${escaped(`trial ${trial}: ${value}`)}</title>`;
      return `<polyline points="${points}" fill="none" stroke="${stroke}" stroke-width="1.5">${title}</polyline>`;
    });
  });
  const frames = axes.flatMap(({ path, ticks }, i) => [
    `<line x1="${round(x(i))}" x2="${round(x(i))}" y1="${top}" y2="${bottom}" stroke="${FAINT}"/>`,
    label(x(i), top - 20 + (i % 2) * 12, path, "middle"),
    ...ticks.map((tick) => label(x(i) + 5, y(tick.place) + 4, tick.label, "start", FAINT)),
  ]);
  return picture(`${lines.length} trials by their parameters`, width, height, [...drawn, ...frames]);
}

/** Runs of neighbouring axes that a trial has places on, of two axes at least. */
function pieces(
  places: readonly (number | undefined)[],
): readonly (readonly (readonly [axis: number, place: number])[])[] {
  const all: [number, number][][] = [[]];
  for (const [axis, place] of places.entries())
    if (place === undefined) all.push([]);
    else all[all.length - 1].push([axis, place]);
  return all.filter((piece) => piece.length > 1);
}

/**
 * Importances as an SVG text: a bar a parameter.
 * @throws ArgumentError as `importance` does, and for sizes out of range
 *
 * @example
 * import { importanceSvg, openStudy, uniform } from "simdgrad/tune";
 * const study = await openStudy({ space: { a: uniform(0, 1), b: uniform(0, 1) } });
 * await study.trials(20, { objective: ({ values: { a, b } }) => 3 * a + b });
 * importanceSvg(study).includes("</svg>"); // => true
 */
export function importanceSvg(study: Searched, options: PictureOptions & ImportanceOptions = {}): string {
  checkSearched(study, "importanceSvg");
  checkOptions(options, "importanceSvg", { ...sizes, trees: aWholeNumber(1, 10_000), seed: anInteger });
  const { width = 720, height, ...forest } = options;
  const bars = importance(study, forest);
  const [left, right, row] = [Math.round(width / 3), width - 60, 24];
  const high = height ?? 20 + row * bars.length;
  const step = (high - 20) / bars.length;
  const parts = bars.flatMap(({ path, importance: part }, i) => {
    const middle = 10 + (i + 0.5) * step;
    const size = round(Math.max(0, part) * (right - left));
    return [
      label(left - 8, middle + 4, path, "end"),
      `<rect x="${left}" y="${round(middle - step / 3)}" width="${size}" height="${round((2 * step) / 3)}" fill="${BAR}"/>`,
      label(left + size + 6, middle + 4, `${Math.round(100 * part)} %`, "start"),
    ];
  });
  return picture("How much of the variance each parameter makes", width, high, parts);
}
