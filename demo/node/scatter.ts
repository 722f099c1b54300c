// Points over two axes as SVG files, several panels side by side.
import { writeFile } from "node:fs/promises";

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Of CSS. */
  readonly colour: string;
  /** Default 3. */
  readonly radius?: number;
  /** Drawn around it, in black: something is special about it. */
  readonly ring?: boolean;
}

/** What an axis measures, from where to where. */
export interface Axis {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Decimals of its numbers. Default 0. */
  readonly decimals?: number;
}

/** Joins places. */
export interface Line {
  readonly points: readonly (readonly [x: number, y: number])[];
  readonly colour: string;
  readonly dashed?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly points: readonly Point[];
  /** Drawn below the points. */
  readonly lines?: readonly Line[];
  /** What the colours mean. */
  readonly legend?: Readonly<Record<string, string>>;
}

/** Where what is said is what is. */
export function diagonal(from: number, to: number): Line {
  return {
    points: [
      [from, from],
      [to, to],
    ],
    colour: "#999",
    dashed: true,
  };
}

const SIDE = 360;
const EDGE = { left: 60, right: 20, top: 60, bottom: 45 };
const [WIDTH, HEIGHT] = [EDGE.left + SIDE + EDGE.right, EDGE.top + SIDE + EDGE.bottom];
const TICKS = 6;

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function text(x: number, y: number, words: string, more = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(words)}</text>`;
}

/** The panels as text of an SVG file. */
export function svgOfPanels(panels: readonly Panel[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${panels.length * WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${panels.length * WIDTH}" height="${HEIGHT}" fill="white"/>`,
    ...panels.map((panel, i) => `<g transform="translate(${i * WIDTH})">\n${drawn(panel)}\n</g>`),
    "</svg>\n",
  ].join("\n");
}

function drawn({ title, x, y, points, lines = [], legend = {} }: Panel): string {
  const across = (value: number) => EDGE.left + (SIDE * (value - x.from)) / (x.to - x.from);
  const up = (value: number) => EDGE.top + SIDE - (SIDE * (value - y.from)) / (y.to - y.from);
  const ticks = Array.from({ length: TICKS }, (_, i) => i / (TICKS - 1));
  const at = ({ from, to }: Axis, share: number) => from + share * (to - from);
  return [
    text(EDGE.left, 20, title, 'font-size="14"'),
    ...Object.entries(legend).map(([words, colour], i) => text(EDGE.left + i * 130, 42, words, `fill="${colour}"`)),
    `<rect x="${EDGE.left}" y="${EDGE.top}" width="${SIDE}" height="${SIDE}" fill="none" stroke="#ccc"/>`,
    ...ticks.flatMap((share) => [
      text(across(at(x, share)), EDGE.top + SIDE + 16, at(x, share).toFixed(x.decimals), 'text-anchor="middle"'),
      text(EDGE.left - 6, up(at(y, share)) + 4, at(y, share).toFixed(y.decimals), 'text-anchor="end"'),
    ]),
    text(EDGE.left + SIDE / 2, HEIGHT - 10, x.name, 'text-anchor="middle"'),
    text(0, 0, y.name, `text-anchor="middle" transform="translate(16 ${EDGE.top + SIDE / 2}) rotate(-90)"`),
    ...lines.map(({ points, colour, dashed = false }) => {
      const places = points.map(([a, b]) => `${across(a).toFixed(1)},${up(b).toFixed(1)}`).join(" ");
      return `<polyline points="${places}" fill="none" stroke="${colour}"${dashed ? ' stroke-dasharray="4 4"' : ""}/>`;
    }),
    ...points.map(({ x, y, colour, radius = 3, ring = false }) => {
      const circle = `<circle cx="${across(x).toFixed(1)}" cy="${up(y).toFixed(1)}"`;
      const point = `${circle} r="${radius}" fill="${colour}" fill-opacity="0.7"/>`;
      return ring ? `${point}${circle} r="${radius + 4}" fill="none" stroke="black"/>` : point;
    }),
  ].join("\n");
}

/** Writes the panels. */
export async function writePanels(path: string, panels: readonly Panel[]): Promise<void> {
  await writeFile(path, svgOfPanels(panels));
}
