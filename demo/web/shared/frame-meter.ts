// The frame-time meter: how far apart the frames of the last seconds were, as numbers and as a strip of bars.
import { drawing, make, say } from "./dom.ts";
import { summarise } from "./frames.ts";
import { colour, onTheme } from "./theme.ts";

const SPAN = 5000; // ms
const EVERY = 250; // ms from one drawing to the next
const TOP = 100; // ms: the height of the strip
const BUDGET = 34; // ms: two frames of a screen with sixty a second
const HEIGHT = 140;

/** Starts the meter in its place. A hidden page has no frames, and none are counted. */
export function startFrameMeter(place: HTMLElement): void {
  const numbers = new Map<string, HTMLElement>();
  const figures = make("dl", { className: "figures" });
  for (const name of ["Median", "99 of 100 within", "Longest"]) {
    const value = make("dd");
    numbers.set(name, value);
    figures.append(make("div", {}, make("dt", {}, name), value));
  }
  const strip = make("canvas", { className: "strip", role: "img", ariaLabel: "Frame intervals of the last 5 seconds" });
  const text = `Last ${SPAN / 1000} s, newest on the right. Dashed: ${BUDGET} ms, two frames at 60 a second.`;
  place.replaceChildren(figures, strip, make("p", { className: "hint" }, text));

  let times: number[] = [];
  let drawn = 0;
  let colours = { bar: "", slow: "", line: "" };
  const readColours = () => {
    colours = { bar: colour("accent"), slow: colour("second"), line: colour("line-strong") };
  };
  onTheme(readColours);
  readColours();

  const draw = (now: number) => {
    const intervals = times.slice(1).map((time, i) => time - times[i]);
    const { median, p99, worst } = summarise(intervals);
    for (const [name, value] of Object.entries({ Median: median, "99 of 100 within": p99, Longest: worst }))
      say(numbers.get(name) as HTMLElement, `${value.toFixed(value < 100 ? 1 : 0)} ms`);
    const ratio = devicePixelRatio;
    const width = strip.clientWidth;
    if (strip.width !== Math.round(width * ratio)) strip.width = Math.round(width * ratio);
    if (strip.height !== Math.round(HEIGHT * ratio)) strip.height = Math.round(HEIGHT * ratio);
    const context = drawing(strip);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    const y = (milliseconds: number) => HEIGHT - (Math.min(milliseconds, TOP) / TOP) * (HEIGHT - 2);
    intervals.forEach((interval, i) => {
      const right = width * (1 - (now - times[i + 1]) / SPAN);
      const wide = Math.max(1, (width * interval) / SPAN - 0.5);
      context.fillStyle = interval > BUDGET ? colours.slow : colours.bar;
      context.fillRect(right - wide, y(interval), wide, HEIGHT);
    });
    context.strokeStyle = colours.line;
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(0, y(BUDGET));
    context.lineTo(width, y(BUDGET));
    context.stroke();
  };

  const frame = () => {
    const now = performance.now();
    times.push(now);
    if (now - drawn > EVERY) {
      drawn = now;
      times = times.filter((time) => now - time < SPAN);
      draw(now);
    }
    requestAnimationFrame(frame);
  };
  document.addEventListener("visibilitychange", () => {
    times = [];
  });
  requestAnimationFrame(frame);
}
