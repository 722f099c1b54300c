// Pictures of reports, drawn by Observable Plot in a document of our own: SVG texts whose colours are the page's. Loaded with the first report.
import type { Calibration } from "./calibration.ts";
import { shownNumber } from "./html.ts";
import { lightDocument } from "./light-dom.ts";
import { cell, dot, line, plot, text } from "./plot.ts";

/** A line through points of whole numbers. */
export interface Series {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Colours of series, by the page's style. */
const COLOURS = ["var(--one)", "var(--two)", "var(--three)"];

/** Beside colour, dashes tell series apart. */
const DASHES = [undefined, "6 3", "2 3"];

/** Values that span more than this are drawn on a logarithmic axis. */
const SPAN = 50;

/** Room for numbers and labels of 12 pixels. */
const margins = { marginLeft: 64, marginTop: 28, marginBottom: 42 };

type Options = Parameters<typeof plot>[0];

function draw(label: string, options: NonNullable<Options>): string {
  const drawn = plot({
    document: lightDocument(),
    className: "plot",
    ...options,
  } as NonNullable<Options>);
  drawn.setAttribute("aria-label", label);
  drawn.setAttribute("role", "img");
  return drawn.outerHTML.replaceAll(/<g aria-label="[^"]*"/g, "<g"); // the picture has one name, and its groups none
}

/** Whole numbers for an axis, ten at the most. */
function wholeTicks(low: number, high: number): number[] {
  const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
  const step = steps.find((each) => (high - low) / each <= 10) ?? 10 ** Math.ceil(Math.log10((high - low) / 10));
  const first = Math.ceil(low / step) * step;
  return Array.from({ length: Math.max(1, Math.floor((high - first) / step) + 1) }, (_, i) => first + i * step);
}

/** 1, 2 and 5 times powers of ten, or of many powers these alone, of very many some. */
function powers(low: number, high: number): number[] {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const factors = last - first > 3 ? [1] : [1, 2, 5];
  const every = Math.ceil((last - first) / 10);
  const all = Array.from({ length: Math.ceil((last - first) / every) }, (_, i) =>
    factors.map((each) => each * 10 ** (first + i * every)),
  );
  return all.flat().filter((each) => each >= low && each <= high);
}

/** Values by epochs. What is not finite is a gap. */
export function lines(label: string, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  const values = all.map(([, y]) => y).filter(Number.isFinite);
  const epochs = all.map(([x]) => x);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const isLog = low > 0 && high / low > SPAN;
  return draw(label, {
    width: 560,
    height: 310,
    ...margins,
    x: { label: "epoch", ticks: wholeTicks(Math.min(...epochs), Math.max(...epochs)), tickFormat: "d" },
    y: {
      label: isLog ? `${label} (logarithmic)` : label,
      grid: true,
      nice: !isLog,
      // A logarithmic scale of Plot's leaves out numbers beside its lines.
      ...(isLog
        ? {
            transform: Math.log10,
            ticks: powers(low, high).map(Math.log10),
            tickFormat: (power: number) => shownNumber(10 ** power),
          }
        : { ticks: 6, tickFormat: shownNumber }),
    },
    marks: series.flatMap(({ points }, i) => [
      line(points, { x: "0", y: "1", stroke: COLOURS[i], strokeWidth: 2, strokeDasharray: DASHES[i] }),
      ...(points.length < 3 ? [dot(points, { x: "0", y: "1", fill: COLOURS[i] })] : []),
    ]),
  });
}

/** Rows by their class and by what was predicted, the more of the class the darker. */
export function confusion(counts: readonly (readonly number[])[], classes: readonly string[]): string {
  const cells = counts.flatMap((row, target) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => ({
      target: classes[target],
      predicted: classes[predicted],
      count,
      share: all === 0 ? 0 : count / all,
    }));
  });
  const longest = Math.max(...classes.map((name) => name.length));
  const size = Math.min(760, Math.max(240, 44 * classes.length));
  const margin = Math.min(220, 24 + 7 * longest);
  const at = { x: "predicted", y: "target" };
  return draw("confusion matrix", {
    width: size + margin + 20,
    height: size + (longest > 4 ? margin : 50),
    marginLeft: margin,
    marginTop: longest > 4 ? margin : 50,
    marginBottom: 10,
    padding: 0.04,
    x: { axis: "top", label: "predicted", domain: [...classes], tickRotate: longest > 4 ? -60 : 0 },
    y: { label: "actual", domain: [...classes] },
    opacity: { domain: [0, 1], range: [0.06, 1] },
    marks: [
      cell(cells, { ...at, fill: "var(--one)", fillOpacity: "share" }),
      text(classes.length > 24 ? [] : cells.filter(({ count }) => count > 0), {
        ...at,
        text: (each: (typeof cells)[0]) => String(each.count),
        fill: (each) => (each.share > 0.5 ? "var(--paper)" : "var(--ink)"),
      }),
    ],
  });
}

const square = { width: 420, height: 400, ...margins };

/** Probabilities by how often they came true. */
export function reliability({ curve }: Calibration): string {
  const range = { domain: [0, 1], grid: true, ticks: 6 };
  const at = { x: "predicted", y: "actual" };
  return draw("reliability curve", {
    ...square,
    x: { ...range, label: "probability" },
    y: { ...range, label: "share that came true" },
    r: { range: [2, 9] },
    marks: [
      line(
        [
          [0, 0],
          [1, 1],
        ],
        { stroke: "var(--faint)", strokeDasharray: "4 3" },
      ),
      line(curve, { ...at, stroke: "var(--one)", strokeWidth: 2 }),
      dot(curve, { ...at, r: "rows", fill: "var(--one)" }),
    ],
  });
}

/** Values by what was predicted of them. */
export function scatter(points: readonly (readonly [target: number, predicted: number])[]): string {
  const values = points.flat();
  const ends = [Math.min(...values), Math.max(...values)];
  return draw("predicted by actual values", {
    ...square,
    x: { label: "actual", grid: true, nice: true, ticks: 6 },
    y: { label: "predicted", grid: true, nice: true, ticks: 6 },
    marks: [
      line(
        ends.map((each) => [each, each]),
        { stroke: "var(--faint)", strokeDasharray: "4 3" },
      ),
      dot(points, { x: "0", y: "1", r: 2.5, fill: "var(--one)", fillOpacity: 0.5 }),
    ],
  });
}
