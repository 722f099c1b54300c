// Lines over time as SVG files.
import { writeFile } from "node:fs/promises";

/** Numbers at equal distances, and how their line looks. */
export interface Line {
  readonly name: string;
  readonly values: readonly number[];
  /** Of CSS. */
  readonly colour: string;
}

/** Lines over the same steps. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  /** What stands below the steps; some of it. */
  readonly labels: readonly string[];
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT] = [960, 360];
const EDGE = { left: 50, right: 50, top: 50, bottom: 30 };
/** Labels below, and lines across. */
const TICKS = 6;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The chart as text of an SVG file. */
export function svgOf({ title, unit, labels, lines }: Chart): string {
  const values = lines.flatMap((line) => line.values);
  const [low, high] = [Math.floor(Math.min(...values)), Math.ceil(Math.max(...values))];
  const x = (step: number) => EDGE.left + (step * (WIDTH - EDGE.left - EDGE.right)) / Math.max(1, labels.length - 1);
  const y = (value: number) =>
    HEIGHT - EDGE.bottom - ((value - low) * (HEIGHT - EDGE.top - EDGE.bottom)) / Math.max(1, high - low);
  const ticks = Array.from({ length: TICKS }, (_, i) => i / (TICKS - 1));
  const across = ticks.map((share) => {
    const value = low + share * (high - low);
    const at = y(value).toFixed(1);
    return `<path d="M${EDGE.left} ${at}H${WIDTH - EDGE.right}" stroke="#ddd"/>
<text x="${EDGE.left - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">${value.toFixed(0)}</text>`;
  });
  const below = ticks.map((share) => {
    const step = Math.round(share * (labels.length - 1));
    return `<text x="${x(step).toFixed(1)}" y="${HEIGHT - 8}" text-anchor="middle">${escaped(labels[step])}</text>`;
  });
  const drawn = lines.map(({ values, colour }) => {
    const points = values.map((value, step) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`);
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
  });
  const names = lines.map(
    ({ name, colour }, i) => `<text x="${EDGE.left + i * 200}" y="40" fill="${colour}">${escaped(name)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${EDGE.left}" y="20" font-size="14">${escaped(title)} (${escaped(unit)})</text>`,
    ...across,
    ...below,
    ...drawn,
    ...names,
    "</svg>\n",
  ].join("\n");
}

/** Writes the chart. */
export async function writeChart(path: string, chart: Chart): Promise<void> {
  await writeFile(path, svgOf(chart));
}
