// Loss and accuracy over steps, live.
import type { Report } from "simdgrad";
import { Chart } from "../shared/chart.ts";
import { byId } from "../shared/dom.ts";
import { Curve, Smoother } from "../shared/smoothing.ts";

const EVERY = 100; // ms from one drawing to the next
const LEAST_LOSS = 1e-5; // what a logarithmic axis still shows

interface Curves {
  readonly loss: Curve;
  readonly smooth: Curve;
  readonly training: Curve;
  readonly test: Curve;
  readonly smoothLoss: Smoother;
  readonly smoothAccuracy: Smoother;
}

function anew(): Curves {
  return {
    loss: new Curve(),
    smooth: new Curve(),
    training: new Curve(),
    test: new Curve(),
    smoothLoss: new Smoother(0.97),
    smoothAccuracy: new Smoother(0.8),
  };
}

export class TrainingCurves {
  readonly #lossChart = new Chart(byId("loss-chart"), {
    label: "Loss over steps",
    xLabel: "step",
    yLabel: "cross-entropy (log)",
    logarithmic: true,
    format: (value) => String(Number(value.toPrecision(2))),
    lines: [
      { name: "each step", colour: "accent-faint", width: 1 },
      { name: "smoothed", colour: "accent" },
    ],
  });
  readonly #accuracyChart = new Chart(byId("accuracy-chart"), {
    label: "Accuracy over steps",
    xLabel: "step",
    yLabel: "digits right",
    format: (value) => `${Number((100 * value).toFixed(1))} %`,
    range: (least) => [Math.max(0, Math.floor(20 * (least - 0.005)) / 20), 1],
    lines: [
      { name: "training (smoothed)", colour: "accent" },
      { name: "test, after each epoch", colour: "second", points: true },
    ],
  });
  #curves = anew();
  #drawn = 0;
  #waiting = false;

  /** Takes in a report; `before` steps were made before this fit. */
  add(report: Report, before: number): void {
    const { loss, smooth, training, test, smoothLoss, smoothAccuracy } = this.#curves;
    const step = before + report.step;
    report.losses.forEach((value, i) => {
      const at = step - report.losses.length + 1 + i;
      const seen = Math.max(value, LEAST_LOSS);
      loss.add(at, seen);
      smooth.add(at, smoothLoss.next(seen));
    });
    if (report.losses.length > 0) training.add(step, smoothAccuracy.next(report.metrics.accuracy));
    if (report.validation !== undefined) test.add(step, report.validation.accuracy);
    this.#soon();
  }

  clear(): void {
    this.#curves = anew();
    this.#draw();
  }

  #soon(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    const wait = Math.max(0, EVERY - (performance.now() - this.#drawn));
    setTimeout(() => {
      requestAnimationFrame(() => {
        this.#waiting = false;
        this.#draw();
      });
    }, wait);
  }

  #draw(): void {
    this.#drawn = performance.now();
    const { loss, smooth, training, test } = this.#curves;
    this.#lossChart.show([loss.points(), smooth.points()]);
    this.#accuracyChart.show([training.points(), test.points()]);
  }
}
