// Line charts around uPlot: axes with units, a legend in words, the theme's colours, as wide as their place.
import uPlot from "uplot";
import { make } from "./dom.ts";
import { aligned } from "./smoothing.ts";
import { colour, onTheme } from "./theme.ts";

export interface Line {
  readonly name: string;
  /** A token of the theme. */
  readonly colour: string;
  /** Points at its values: for values that are few. */
  readonly points?: boolean;
  readonly width?: number;
}

export interface ChartOptions {
  /** What it shows, for those who do not see it: the latest values are added. */
  readonly label: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly lines: readonly Line[];
  /** A value as text, with its unit. */
  readonly format: (value: number) => string;
  /** Each tenth of a value as far below it as the last one. */
  readonly logarithmic?: boolean;
  /** The ends of the y axis; default those of the values. */
  readonly range?: (least: number, most: number) => [number, number];
}

interface Points {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

const HEIGHT = 220;

export class Chart {
  readonly #place: HTMLElement;
  readonly #options: ChartOptions;
  #plot: uPlot;
  #curves: readonly Points[];

  constructor(place: HTMLElement, options: ChartOptions) {
    this.#place = make("div", { role: "img", ariaLabel: options.label });
    this.#options = options;
    this.#curves = options.lines.map(() => ({ x: [], y: [] }));
    const keys = options.lines.map((line) => {
      const mark = make("i");
      mark.style.color = `var(--${line.colour})`;
      return make("li", {}, mark, line.name);
    });
    place.replaceChildren(make("ul", { className: "legend" }, ...keys), this.#place);
    this.#plot = this.#build();
    onTheme(() => {
      this.#plot.destroy();
      this.#plot = this.#build();
    });
    new ResizeObserver(() => {
      const width = this.#place.clientWidth;
      if (width > 0 && width !== this.#plot.width) this.#plot.setSize({ width, height: HEIGHT });
    }).observe(this.#place);
  }

  /** Draws other values, one list of points a line. */
  show(curves: readonly Points[]): void {
    this.#curves = curves;
    this.#plot.setData(aligned(curves) as uPlot.AlignedData);
    const { label, lines, format } = this.#options;
    const latest = lines.flatMap((line, i) => {
      const value = curves[i].y.at(-1);
      return value === undefined ? [] : [`${line.name} ${format(value)}`];
    });
    this.#place.ariaLabel = [label, ...latest].join(", ");
  }

  #build(): uPlot {
    const { lines, xLabel, yLabel, format, logarithmic, range } = this.#options;
    const soft = colour("ink-soft");
    const grid = { stroke: colour("line"), width: 1 };
    // Of a logarithmic axis' lines those at powers of ten are enough.
    const filter = (_: uPlot, splits: number[]) =>
      splits.map((value) => (!logarithmic || isPower(value) ? value : null));
    const axis = {
      stroke: soft,
      font: "12px system-ui, sans-serif",
      labelFont: "12px system-ui, sans-serif",
      labelSize: 18,
      grid,
      ticks: { ...grid, size: 4 },
    };
    const options: uPlot.Options = {
      width: Math.max(this.#place.clientWidth, 200),
      height: HEIGHT,
      padding: [10, 10, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_, least, most) => [least === most ? 0 : least, Math.max(most, least + 10)] },
        y: {
          distr: logarithmic ? 3 : 1,
          range: (_, least: number | null, most: number | null) => {
            // An empty chart has its axes, too: without the one, the numbers of the other are cut off.
            if (least === null || most === null) return (range ?? ((a, b) => [a, b]))(logarithmic ? 0.01 : 0, 1);
            if (range !== undefined) return range(least, most);
            return logarithmic ? uPlot.rangeLog(least, most, 10, false) : uPlot.rangeNum(least, most, 0.1, true);
          },
        },
      },
      axes: [
        {
          ...axis,
          label: xLabel,
          size: 30,
          space: 60,
          values: (_, steps) => steps.map((step) => step.toLocaleString("en")),
        },
        {
          ...axis,
          label: yLabel,
          grid: { ...grid, filter },
          ticks: { ...axis.ticks, filter },
          size: (plot, values) => roomFor(plot, values),
          space: 28,
          values: (_, values) => values.map((value) => (value === null ? "" : format(value))),
        },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          label: line.name,
          stroke: colour(line.colour),
          width: line.width ?? 2,
          spanGaps: true,
          points: { show: line.points ?? false, size: 6, fill: colour(line.colour) },
        })),
      ],
    };
    return new uPlot(options, aligned(this.#curves) as uPlot.AlignedData, this.#place);
  }
}

/** From the axis to its title: the longest number has room there, and few numbers as much as many. */
function roomFor({ ctx }: uPlot, values: readonly string[] | null): number {
  ctx.save();
  ctx.font = `${12 * devicePixelRatio}px system-ui, sans-serif`;
  const widest = Math.max(0, ...(values ?? []).map((text) => ctx.measureText(text).width / devicePixelRatio));
  ctx.restore();
  return Math.max(50, Math.ceil(widest) + 14);
}

function isPower(value: number): boolean {
  const exponent = Math.log10(value);
  return Math.abs(exponent - Math.round(exponent)) < 1e-9;
}
